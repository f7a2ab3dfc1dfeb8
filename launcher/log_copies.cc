#include "launcher/log_copies.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/error.h"
#include "base/text.h"
#include "launcher/folders.h"
#include "launcher/jobs.h"

namespace wisp::launcher {
namespace {

constexpr const char* kLock = "lock";

std::filesystem::path folder_of(const std::filesystem::path& workdir, const std::string& job,
                                const std::string& host) {
  if (!is_job_id(job)) throw Error(fmt::format("'{}' is no job's id", escape_text(job, 80)));
  if (!is_host_name(host)) throw Error(fmt::format("'{}' is no host's name", escape_text(host, 80)));
  return workdir / "logs" / job / host;
}

Descriptor take_lock(const std::filesystem::path& folder) {
  SystemDisk().make_folders(folder);
  const std::filesystem::path file = folder / kLock;
  Descriptor fd(::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  struct flock range {};
  range.l_type = F_WRLCK;
  const std::string pid = std::to_string(::getpid());
  if (!fd || ::fcntl(fd.get(), F_OFD_SETLK, &range) != 0 || ::ftruncate(fd.get(), 0) != 0 ||
      ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0) {
    throw Error(fmt::format("{}: {}", file.string(), std::strerror(errno)));
  }
  return fd;
}

// Who holds the lock; 0: nobody.
std::int64_t writer_of(const std::filesystem::path& folder) {
  const Descriptor fd(::open((folder / kLock).c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  struct flock range {};
  range.l_type = F_WRLCK;
  if (!fd || ::fcntl(fd.get(), F_OFD_GETLK, &range) != 0 || range.l_type == F_UNLCK) return 0;
  char text[32] = "";
  if (::pread(fd.get(), text, sizeof(text) - 1, 0) <= 0) return -1;
  return std::strtoll(text, nullptr, 10);
}

LogSpec spec_of(const message::KeepLogs& keep) {
  LogSpec spec;
  spec.format = keep.format;
  spec.rotate_size = keep.rotate_size;
  spec.rotate_files = keep.rotate_files;
  return spec;
}

}  // namespace

LogCopies::LogCopies(const std::filesystem::path& workdir, const message::KeepLogs& keep)
    : host_(keep.host),
      folder_(folder_of(workdir, keep.job, keep.host)),
      lock_(take_lock(folder_)),
      files_(folder_, spec_of(keep)) {}

LogCopies::~LogCopies() {
  if (list_log_actors(folder_).empty()) remove_up_to(folder_, folder_.parent_path().parent_path());
}

LogReplay::LogReplay(const std::filesystem::path& workdir, const message::SendLogs& ask) {
  const std::filesystem::path folder = folder_of(workdir, ask.job, ask.host);
  writer_ = writer_of(folder);  // asked first: what it wrote is then read
  for (const std::string& actor : list_log_actors(folder)) {
    std::uint32_t seen = 0;
    for (const LogName& name : list_logs(folder / actor)) {
      if (name.attempt == std::exchange(seen, name.attempt)) continue;
      LogSeries& log = logs_.emplace_back(folder / actor, actor, name.attempt);
      for (const LogPosition& have : ask.have) {
        if (have.actor == actor && have.attempt == name.attempt) log.skip_to(have.number, have.size);
      }
    }
  }
}

std::optional<LogLine> LogReplay::next() {
  for (; current_ < logs_.size(); ++current_) {
    while (auto line = logs_[current_].next()) {
      if (line->level == "raw") continue;  // no line of ours
      ++lines_;
      return line;
    }
  }
  return std::nullopt;
}

HostLogs::HostLogs(std::filesystem::path workdir) : workdir_(std::move(workdir)) {
  forget_old_logs(workdir_, kKeptMax);
}

void HostLogs::keep(const message::KeepLogs& what) {
  kept_ = true;
  try {
    copies_.emplace(workdir_, what);
  } catch (const Error& error) {  // the job folder's logs are those that count
    failure_ = error.what();
  }
}

std::optional<message::Line> HostLogs::add(const message::Line& line) {
  if (copies_) {
    try {
      copies_->append({std::chrono::system_clock::time_point(line.time), line.actor, line.attempt,
                       copies_->host(), line.round, line.level, line.text});
    } catch (const Error& error) {  // as above
      copies_.reset();
      failure_ = error.what();
    }
  }
  if (failure_.empty()) return std::nullopt;
  message::Line warning = line;
  warning.level = to_string(Level::kWarn);
  warning.text = "this host keeps no copy of its logs: " + std::exchange(failure_, {});
  return warning;
}

void HostLogs::replay(const message::SendLogs& what) { replays_.emplace_back(workdir_, what); }

void HostLogs::forget(const message::ForgetLogs& what) {
  copies_.reset();
  kept_ = false;
  forget_logs(workdir_, what);
}

std::optional<std::variant<message::Line, message::LogsSent>> HostLogs::next_replayed() {
  if (replays_.empty()) return std::nullopt;
  if (const auto line = replays_.front().next()) {
    const auto time = std::chrono::duration_cast<std::chrono::microseconds>(line->time.time_since_epoch());
    return message::Line{line->actor, line->attempt, line->actor, line->level, line->round, line->text, time};
  }
  const message::LogsSent sent{replays_.front().lines(), replays_.front().writer()};
  replays_.pop_front();
  return sent;
}

void forget_logs(const std::filesystem::path& workdir, const message::ForgetLogs& what) {
  const std::filesystem::path folder = folder_of(workdir, what.job, what.host);
  if (writer_of(folder) == 0) remove_up_to(folder, workdir / "logs");
}

void forget_old_logs(const std::filesystem::path& workdir, std::chrono::hours age) {
  for (const std::filesystem::path& job : folders_in(workdir / "logs")) {
    for (const std::filesystem::path& copy : folders_in(job)) {
      const bool old = std::filesystem::file_time_type::clock::now() - last_written(copy) > age;
      if (old && writer_of(copy) == 0) remove_up_to(copy, workdir / "logs");
    }
  }
}

}  // namespace wisp::launcher
