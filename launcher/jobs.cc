#include "launcher/jobs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/disk.h"
#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "launcher/state_file.h"

namespace wisp::launcher {
namespace {

constexpr std::size_t kIdPrefixMin = 4;
constexpr std::size_t kIdSize = 8;
constexpr const char* kLock = "driver.lock";

bool is_held(int fd) {
  struct flock range {};
  range.l_type = F_WRLCK;
  return ::fcntl(fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

// What can be said of a folder whose state is not there: <job>-<id>, made when it was made.
JobState state_of_name(const std::filesystem::path& folder) {
  JobState state;
  const std::string name = folder.filename().string();
  const std::size_t dash = name.rfind('-');
  state.job = name.substr(0, dash);
  state.id = dash == std::string::npos ? "" : name.substr(dash + 1);
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(folder, error);
  if (!error) {
    state.started = std::chrono::time_point_cast<std::chrono::system_clock::duration>(
        std::chrono::file_clock::to_sys(changed));
  }
  return state;
}

JobEntry entry_of(const std::filesystem::path& folder) {
  JobEntry entry{folder, state_of_name(folder), {}};
  try {
    renew(entry);
  } catch (const Error&) {  // one damaged folder must not hide the others
  }
  return entry;
}

bool fits(const JobEntry& job, const std::string& which) {
  const JobState& state = job.state;
  if (state.job == which || state.id == which || job.folder.filename() == which) return true;
  if (which.size() >= kIdPrefixMin && state.id.starts_with(which)) return true;
  std::error_code error;
  const std::filesystem::path file = std::filesystem::weakly_canonical(which, error);
  return !error && !state.file.empty() && file == std::filesystem::weakly_canonical(state.file, error);
}

std::string list_of(const std::vector<JobEntry>& jobs) {
  std::string text;
  for (const JobEntry& each : jobs) {
    text += fmt::format("\n  {}-{}  {}  since {}", each.state.job, each.state.id,
                        each.driver ? "running" : each.state.status, format_utc(each.state.started));
  }
  return text;
}

std::string none_fits(const std::string& which, const std::filesystem::path& state_dir,
                      const std::vector<JobEntry>& all) {
  if (all.empty()) return fmt::format("there is no job in {}", state_dir.string());
  const std::size_t shown = std::min<std::size_t>(all.size(), 10);
  return fmt::format("no job fits '{}'; the latest are{}", escape_text(which, 200),
                     list_of({all.end() - static_cast<std::ptrdiff_t>(shown), all.end()}));
}

// Where the job that it leads to is gone.
void renew_latest(const std::filesystem::path& jobs) {
  const std::filesystem::path link = jobs / "latest";
  if (!std::filesystem::is_symlink(link) || std::filesystem::exists(link)) return;
  const std::vector<JobEntry> left = list_jobs(jobs.parent_path());
  if (left.empty()) {
    std::filesystem::remove(link);
  } else {
    point_latest(jobs, left.back().folder.filename().string());
  }
}

}  // namespace

std::optional<Driver> driver_of(const std::filesystem::path& folder) {
  const Descriptor fd(::open((folder / kLock).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!fd || !is_held(fd.get())) return std::nullopt;
  char text[300] = "";
  const ssize_t size = ::pread(fd.get(), text, sizeof(text) - 1, 0);
  const std::vector<std::string> words =
      split(std::string_view(text, static_cast<std::size_t>(std::max<ssize_t>(size, 0))), ' ');
  Driver driver;
  driver.hostname = words[0];
  if (words.size() > 1) driver.pid = std::strtoll(words[1].c_str(), nullptr, 10);
  char hostname[256] = "";
  ::gethostname(hostname, sizeof(hostname) - 1);
  driver.here = driver.hostname == hostname;
  return driver;
}

std::optional<JobState> read_state(const std::filesystem::path& folder) {
  const SystemDisk disk;
  const std::filesystem::path file = folder / "state.json";
  if (!disk.exists(file)) return std::nullopt;
  try {
    return state_from_json(disk.read_text(file));
  } catch (const Error& error) {  // say which file
    throw Error(fmt::format("{}: {}", file.string(), error.what()));
  }
}

void renew(JobEntry& job) {
  job.driver = driver_of(job.folder);  // first: what it says last is then read
  if (auto state = read_state(job.folder)) job.state = std::move(*state);
  if (job.driver) return;
  for (ActorState& each : job.state.actors) {
    if (each.is_alive()) each.state = "lost";
  }
}

bool is_job_id(std::string_view text) {
  return text.size() == kIdSize && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_job_folder(const std::filesystem::path& folder) {
  const std::string name = folder.filename().string();
  const std::size_t dash = name.rfind('-');
  if (dash == std::string::npos || !is_name(name.substr(0, dash))) return false;
  return is_job_id(name.substr(dash + 1)) &&
         std::filesystem::is_regular_file(std::filesystem::symlink_status(folder / kLock));
}

void remove_job(const std::filesystem::path& folder) {
  if (!is_job_folder(folder)) throw Error(folder.string() + ": not a job folder");
  if (driver_of(folder)) throw Error(folder.string() + ": its job is running");
  std::error_code error;
  std::vector<std::filesystem::path> content;
  for (const auto& each : std::filesystem::directory_iterator(folder, error)) content.push_back(each.path());
  for (const std::filesystem::path& each : content) {
    if (!error && each.filename() != kLock) std::filesystem::remove_all(each, error);
  }
  if (!error) std::filesystem::remove_all(folder, error);  // the lock last: until then it is a job folder
  if (error) throw Error(fmt::format("{}: {}", folder.string(), error.message()));
  renew_latest(folder.parent_path());
}

std::vector<JobEntry> list_jobs(const std::filesystem::path& state_dir) {
  std::vector<JobEntry> jobs;
  std::error_code error;
  for (const auto& each : std::filesystem::directory_iterator(state_dir / "jobs", error)) {
    const bool hidden = each.path().filename().string().starts_with('.');
    if (!hidden && each.is_directory() && !each.is_symlink()) jobs.push_back(entry_of(each.path()));
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw Error(fmt::format("{}: {}", (state_dir / "jobs").string(), error.message()));
  }
  std::sort(jobs.begin(), jobs.end(), [](const JobEntry& a, const JobEntry& b) {
    return std::pair(a.state.started, a.folder) < std::pair(b.state.started, b.folder);
  });
  return jobs;
}

JobEntry find_job(const std::filesystem::path& state_dir, const std::string& which, Ambiguous ambiguous) {
  const std::vector<JobEntry> all = list_jobs(state_dir);
  std::vector<JobEntry> fitting;
  std::vector<JobEntry> running;
  for (const JobEntry& each : all) {
    if (!which.empty() && !fits(each, which)) continue;
    fitting.push_back(each);
    if (each.driver) running.push_back(each);
  }
  if (fitting.empty()) throw Error(none_fits(which, state_dir, all), Fault::kUnreachable);
  if (running.size() > 1 && (!which.empty() || ambiguous == Ambiguous::kRefuse)) {
    throw Error("several jobs are running; say which by -j" + list_of(running), Fault::kUnreachable);
  }
  return running.empty() ? fitting.back() : running.back();
}

}  // namespace wisp::launcher
