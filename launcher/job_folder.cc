#include "launcher/job_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/process.h"
#include "base/text.h"
#include "launcher/log_files.h"
#include "launcher/state_file.h"

namespace wisp::launcher {
namespace {

[[noreturn]] void refuse_to_begin(const std::filesystem::path& path) {
  throw Error(fmt::format("can't make {}: {}; --state-dir names another place for jobs", path.string(),
                          std::strerror(errno)));
}

[[noreturn]] void fail(const std::filesystem::path& path) {
  throw Error(fmt::format("{}: {}", path.string(), std::strerror(errno)));
}

void make_folder(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0) refuse_to_begin(path);
}

}  // namespace

std::filesystem::path default_state_dir() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/') {
    return std::filesystem::path(state) / "wisp";
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') throw Error("neither XDG_STATE_HOME nor HOME is set; use --state-dir");
  return std::filesystem::path(home) / ".local" / "state" / "wisp";
}

void point_latest(const std::filesystem::path& jobs, const std::string& target) {
  const std::filesystem::path link = jobs / "latest";
  const std::filesystem::path temporary = jobs / (".latest-" + random_hex(8));
  if (::symlink(target.c_str(), temporary.c_str()) != 0) fail(temporary);
  if (::rename(temporary.c_str(), link.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    errno = error;
    fail(link);
  }
}

std::filesystem::path make_submitted_folder(const std::filesystem::path& state_dir, const std::string& job) {
  if (!is_name(job)) throw Error(fmt::format("'{}' is no name for a job", escape_text(job, 80)));
  const std::filesystem::path jobs = std::filesystem::absolute(state_dir) / "jobs";
  SystemDisk().make_folders(jobs);
  const std::filesystem::path path = jobs / (job + "-" + random_hex(8));
  make_folder(path);
  return path;
}

struct JobFolder::Impl {
  Impl(std::filesystem::path folder, std::function<void(const std::string&)> tell, LogSpec log_spec)
      : on_write_error(std::move(tell)), id(id_of(folder)), path(std::move(folder)) {
    lock_it();
    make_folder(path / "logs");
    logs.emplace(path / "logs", std::move(log_spec));
    point_latest(path.parent_path(), path.filename().string());
  }

  static std::string id_of(const std::filesystem::path& folder) {
    const std::string name = folder.filename().string();
    return name.substr(name.rfind('-') + 1);
  }

  // The lock belongs to the open file, not to the process: it goes over to the child of a fork, and another
  // descriptor of the same file that is closed does not release it.
  void lock_it() {
    const std::filesystem::path file = path / "driver.lock";
    lock.reset(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    struct flock range {};
    range.l_type = F_WRLCK;
    if (!lock || ::fcntl(lock.get(), F_OFD_SETLK, &range) != 0) refuse_to_begin(file);
    say_who();
  }

  void say_who() {
    char hostname[256] = "";
    ::gethostname(hostname, sizeof(hostname) - 1);
    const std::string text = fmt::format("{} {}\n", hostname, ::getpid());
    if (::ftruncate(lock.get(), 0) != 0 ||
        ::pwrite(lock.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
      refuse_to_begin(path / "driver.lock");
    }
  }

  int opened(const std::filesystem::path& file) {
    const auto found = files.find(file);
    if (found != files.end()) return found->second.get();
    Descriptor fd(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) fail(file);
    return files.emplace(file, std::move(fd)).first->second.get();
  }

  // Writes, and tells of the first failure.
  template <class Write>
  void record(const Write& write) {
    std::string error;
    {
      const std::lock_guard guard(mutex);
      try {
        write();
        return;
      } catch (const Error& caught) {  // the caller is a log: the job's end is decided elsewhere
        if (std::exchange(failed, true)) return;
        error = fmt::format("cannot write {}", caught.what());
      }
    }
    if (on_write_error) on_write_error(error);
  }

  const std::function<void(const std::string&)> on_write_error;
  const std::string id;
  const std::filesystem::path path;
  Descriptor lock;

  std::mutex mutex;  // guards what follows
  SystemDisk disk;
  std::map<std::filesystem::path, Descriptor> files;  // events.jsonl and metrics.jsonl
  std::optional<LogFiles> logs;
  bool failed = false;
};

JobFolder::JobFolder(const std::filesystem::path& state_dir, const std::string& job,
                     std::function<void(const std::string&)> on_write_error, LogSpec logs)
    : JobFolder(make_submitted_folder(state_dir, job), std::move(on_write_error), std::move(logs)) {}

JobFolder::JobFolder(const std::filesystem::path& submitted,
                     std::function<void(const std::string&)> on_write_error, LogSpec logs)
    : impl_(std::make_unique<Impl>(submitted, std::move(on_write_error), std::move(logs))) {}

JobFolder::~JobFolder() = default;

const std::filesystem::path& JobFolder::path() const { return impl_->path; }

const std::string& JobFolder::id() const { return impl_->id; }

void JobFolder::adopt() { impl_->say_who(); }

void JobFolder::write(std::string_view file, std::string_view content) {
  const std::lock_guard guard(impl_->mutex);
  impl_->disk.write_text(impl_->path / file, content);
}

void JobFolder::write_state(const JobState& state) { write("state.json", state_to_json(state)); }

void JobFolder::append(std::string_view file, std::string_view line) {
  const std::filesystem::path path = impl_->path / file;
  impl_->record([&] { append_line(impl_->opened(path), path, line); });
}

void JobFolder::log(const LogLine& line) {
  impl_->record([&] { impl_->logs->append(line); });
}

std::filesystem::path JobFolder::log_path(const std::string& actor, std::uint32_t attempt) const {
  return impl_->logs->path(actor, attempt);
}

}  // namespace wisp::launcher
