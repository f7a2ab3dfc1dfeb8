#include "cli/prune.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/collect.h"
#include "cli/exit.h"
#include "cli/job_text.h"
#include "cli/output.h"
#include "cli/runtime_folder.h"
#include "launcher/jobs.h"
#include "launcher/strays.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;
using Time = std::chrono::system_clock::time_point;

constexpr std::size_t kCellMax = 200;
constexpr std::chrono::milliseconds kAgentPatience{0};  // agents that are still there end by themselves
constexpr std::chrono::minutes kStarting{1};  // a job that is just being made may have no lock and no socket

std::optional<Time> changed(const std::filesystem::path& path) {
  std::error_code error;
  const auto time = std::filesystem::last_write_time(path, error);
  if (error) return std::nullopt;
  return std::chrono::time_point_cast<Time::duration>(std::chrono::file_clock::to_sys(time));
}

bool is_new(const std::filesystem::path& path, Time now) {
  const auto time = changed(path);
  return time && now - *time < kStarting;
}

// When the driver had its last word.
Time end_of(const launcher::JobEntry& job, Time now) {
  const auto written = changed(job.folder / "state.json");
  return written ? *written : changed(job.folder).value_or(now);
}

bool is_starting(const launcher::JobEntry& job, Time now) {
  return job.state.status.empty() && is_new(job.folder, now);
}

void find_sockets(const std::vector<launcher::JobEntry>& jobs, const std::filesystem::path& base, Time now,
                  std::vector<Leftover>& found) {
  for (const FoundFolder& folder : find_runtime_folders(base)) {
    const auto job = std::find_if(jobs.begin(), jobs.end(),
                                  [&](const auto& each) { return each.state.id == folder.job_id; });
    const bool known = job != jobs.end();
    const bool running = known && (job->driver || is_starting(*job, now));
    if (folder.in_use || running || (!known && is_new(folder.path, now))) continue;
    found.push_back({"sockets", known ? title(*job) : folder.job_id,
                     known ? "nobody listens, and the job has ended" : "nobody listens", folder.path});
  }
}

void find_job_folders(const std::vector<launcher::JobEntry>& jobs, bool all, Time now,
                      std::vector<Leftover>& found) {
  for (const launcher::JobEntry& job : jobs) {
    if (job.driver || is_starting(job, now) || !launcher::is_job_folder(job.folder)) continue;
    const auto age = now - end_of(job, now);
    if (!all && age < kJobFolderAge) continue;
    const std::string ago = uptime_text(std::chrono::duration_cast<std::chrono::seconds>(age));
    found.push_back({"job folder", title(job), fmt::format("{}, {} ago", status_text(job), ago), job.folder});
  }
}

// Why it was not removed; empty if it is gone. What the hosts of a job have kept of its logs goes with its
// folder, which knows those hosts: it stays while one of them can't be asked.
std::string remove(const GlobalOptions& options, const Leftover& leftover) {
  try {
    if (leftover.kind == "job folder") {
      const auto job = launcher::find_job(state_dir(options), leftover.job);
      if (!collect_missing_logs(options, job, kAgentPatience)) {
        return fmt::format(
            "{} stays while a host of it can't be asked, or still runs something of it; without them: rm -r "
            "{}",
            leftover.job, shell_quote(leftover.path.string()));
      }
      launcher::remove_job(leftover.path);
    } else {
      remove_runtime_folder(leftover.path);
    }
    return "";
  } catch (const Error& error) {  // the others go on
    return error.what();
  }
}

std::string leftovers_table(const std::vector<Leftover>& leftovers) {
  std::vector<std::vector<std::string>> rows = {{"REMOVED", "JOB", "WHY", "PATH"}};
  for (const Leftover& each : leftovers) {
    rows.push_back({each.kind, escape_text(each.job, kCellMax), escape_text(each.why, kCellMax),
                    escape_text(each.path.string(), kCellMax)});
  }
  return table(rows);
}

std::string report_json(const std::vector<Leftover>& removed, const std::vector<std::string>& failures,
                        const std::vector<launcher::StrayAgent>& agents, bool dry_run) {
  Json folders = Json::array();
  for (const Leftover& each : removed)
    folders.push_back(
        {{"kind", each.kind}, {"job", each.job}, {"why", each.why}, {"path", each.path.string()}});
  Json strays = Json::array();
  for (const launcher::StrayAgent& each : agents)
    strays.push_back({{"pid", each.pid}, {"job", each.job}, {"stopped", each.stopped}});
  const Json json = {{"dry_run", dry_run}, {"removed", folders}, {"failures", failures}, {"agents", strays}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void say_rules(const GlobalOptions& options, const PruneOptions& prune, const std::filesystem::path& base) {
  const std::string age =
      prune.all ? "every job that has ended"
                : fmt::format("jobs that ended {} days ago or earlier (--all: every job that has ended)",
                              kJobFolderAge / std::chrono::hours(24));
  talk(options, fmt::format("job folders in {}: of {}", (state_dir(options) / "jobs").string(), age));
  talk(options, fmt::format("folders for sockets in {}: those in which nobody listens",
                            runtime_folders_in(base).string()));
}

void say_strays(const std::vector<launcher::StrayAgent>& agents) {
  for (const launcher::StrayAgent& each : agents) {
    const std::string job = each.job.empty() ? "which runs nothing any more" : "of " + each.job;
    const std::string end =
        each.stopped
            ? fmt::format("has lost its driver; it is stopped, and can't end by itself: kill -9 {}", each.pid)
            : "has lost its driver; it ends by itself within seconds, and so do its processes";
    warn(fmt::format("wisp: agent {}, {}, {}", each.pid, escape_text(job, kCellMax), end));
  }
}

}  // namespace

std::vector<Leftover> find_leftovers(const std::filesystem::path& state_dir,
                                     const std::filesystem::path& runtime_base, bool all, Time now) {
  const std::vector<launcher::JobEntry> jobs = launcher::list_jobs(state_dir);
  std::vector<Leftover> found;
  find_sockets(jobs, runtime_base, now, found);
  find_job_folders(jobs, all, now, found);
  return found;
}

int prune_command(const GlobalOptions& options, const PruneOptions& prune) {
  const char* set = std::getenv("WISP_RUNTIME_DIR");
  const std::filesystem::path base = set == nullptr ? "" : set;
  say_rules(options, prune, base);
  std::vector<Leftover> gone;
  std::vector<std::string> failures;
  for (const Leftover& each : find_leftovers(state_dir(options), base, prune.all, SystemClock().wall())) {
    const std::string failure = prune.dry_run ? "" : remove(options, each);
    if (failure.empty()) {
      gone.push_back(each);
    } else {
      failures.push_back(failure);
    }
  }
  const std::vector<launcher::StrayAgent> agents = launcher::stray_agents();
  if (options.json) {
    print(report_json(gone, failures, agents, prune.dry_run));
  } else if (!gone.empty()) {
    print(leftovers_table(gone));
  }
  if (gone.empty() && failures.empty()) talk(options, "there is nothing to remove");
  if (prune.dry_run && !gone.empty()) talk(options, "nothing was removed: --dry-run");
  for (const std::string& each : failures) warn("wisp: not removed: " + each);
  say_strays(agents);
  return failures.empty() ? kExitDone : kExitFailed;
}

}  // namespace wisp::cli
