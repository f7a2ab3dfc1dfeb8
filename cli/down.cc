#include "cli/down.h"

extern "C" {  // glibc 2.36 leaves that to us
#include <sys/syscall.h>
#include <unistd.h>
}

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "cli/collect.h"
#include "cli/exit.h"
#include "cli/job_text.h"
#include "cli/output.h"
#include "cli/runtime_folder.h"
#include "cli/submission.h"
#include "launcher/jobs.h"
#include "launcher/log_collector.h"
#include "launcher/strays.h"

namespace wisp::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookEvery{50};
constexpr std::chrono::seconds kSilence{3};
constexpr std::chrono::milliseconds kBetweenSignals{300};  // two at once would count as one
constexpr std::chrono::seconds kGracefulMax{120};
constexpr std::chrono::seconds kForcedMax{10};
constexpr std::chrono::seconds kKilledMax{5};
constexpr std::chrono::seconds kAgentPatience{20};  // those without a driver end within 15 s

// Of a driver that is gone, on this machine.
std::vector<launcher::StrayAgent> agents_of(const launcher::JobEntry& job) {
  std::vector<launcher::StrayAgent> agents = launcher::stray_agents();
  std::erase_if(agents, [&](const auto& each) { return each.job != title(job); });
  return agents;
}

// They end by themselves when they see that their driver is gone, with all that they run. Whether they have;
// those who have not are named.
bool wait_for_agents(const GlobalOptions& options, const launcher::JobEntry& job) {
  const auto begin = steady_clock::now();
  auto quiet_until = begin + kSilence;
  for (;;) {
    const std::vector<launcher::StrayAgent> agents = agents_of(job);
    if (agents.empty()) return true;
    const auto now = steady_clock::now();
    if (now - begin >= kAgentPatience) {
      for (const launcher::StrayAgent& each : agents) {
        warn(fmt::format("wisp: process {} on this machine, an agent of the job, has not ended{}: kill -9 {}",
                         each.pid, each.stopped ? ", for it is stopped" : "", each.pid));
      }
      return false;
    }
    if (now >= quiet_until) {
      talk(options,
           fmt::format("waiting for the agents of {} on this machine: they end what they run", title(job)));
      quiet_until = now + kSilence;
    }
    std::this_thread::sleep_for(kLookEvery);
  }
}

// The job that is meant; none where there is nothing to end.
std::optional<launcher::JobEntry> job_to_end(const GlobalOptions& options) {
  const std::filesystem::path folder = state_dir(options);
  if (options.job.empty()) {
    const std::vector<launcher::JobEntry> jobs = launcher::list_jobs(folder);
    const bool any =
        std::any_of(jobs.begin(), jobs.end(), [](const auto& job) { return job.driver.has_value(); });
    if (!any) {
      talk(options, "no job is running");
      if (jobs.empty()) return std::nullopt;
      const launcher::JobEntry& last = jobs.back();
      const bool on_hosts = !launcher::hosts_to_collect(last).empty() && !last.state.addresses.empty();
      if (!on_hosts && agents_of(last).empty()) return std::nullopt;
      return last;  // of which something may be left
    }
  }
  launcher::JobEntry job = launcher::find_job(folder, options.job, launcher::Ambiguous::kRefuse);
  return job;
}

// A driver that can be signalled without hitting another process that has got its number since.
class DriverHandle {
 public:
  explicit DriverHandle(const launcher::JobEntry& job)
      : job_(job), fd_(watch_process(static_cast<pid_t>(job.driver->pid))) {
    const auto driver = launcher::driver_of(job_.folder);
    if (!driver || driver->pid != job.driver->pid) fd_.reset();
  }

  void signal(int number) {
    if (!fd_ || ::syscall(SYS_pidfd_send_signal, fd_.get(), number, nullptr, 0) == 0 || errno == ESRCH)
      return;
    throw Error(fmt::format("cannot signal the driver of {} (process {}): {}", title(job_), job_.driver->pid,
                            std::strerror(errno)),
                Fault::kUnreachable);
  }

  // Whether it has gone within `limit`; says what is waited for.
  bool wait_gone(const GlobalOptions& options, std::chrono::milliseconds limit) const {
    const auto begin = steady_clock::now();
    auto quiet_until = begin + kSilence;
    while (launcher::driver_of(job_.folder)) {
      const auto now = steady_clock::now();
      if (now - begin >= limit) return false;
      if (now >= quiet_until) {
        const auto waited = std::chrono::duration_cast<std::chrono::seconds>(now - begin);
        talk(options, fmt::format("waiting for {}: process {} is ending it ({} s of {} s)", title(job_),
                                  job_.driver->pid, waited.count(),
                                  std::chrono::duration_cast<std::chrono::seconds>(limit).count()));
        quiet_until = now + kSilence;
      }
      std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(kLookEvery, limit));
    }
    return true;
  }

 private:
  const launcher::JobEntry& job_;
  Descriptor fd_;
};

void end_gracefully(const GlobalOptions& options, const launcher::JobEntry& job, const DownOptions& down) {
  DriverHandle driver(job);
  driver.signal(SIGTERM);
  const std::chrono::milliseconds limit = down.timeout.value_or(kGracefulMax);
  if (driver.wait_gone(options, limit)) return;
  throw Error(fmt::format("{} has not ended within {}; wisp down --force -j {}", title(job),
                          format_duration(limit), title(job)),
              down.timeout ? Fault::kDeadline : Fault::kTeardown);
}

// Returns whether the driver could end by itself.
bool end_by_force(const GlobalOptions& options, const launcher::JobEntry& job, const DownOptions& down) {
  DriverHandle driver(job);
  driver.signal(SIGTERM);
  if (driver.wait_gone(options, kBetweenSignals)) return true;
  driver.signal(SIGTERM);
  if (driver.wait_gone(options, down.timeout.value_or(kForcedMax))) return true;
  driver.signal(SIGKILL);
  if (driver.wait_gone(options, kKilledMax)) return false;
  throw Error(fmt::format("process {}, the driver of {}, does not end", job.driver->pid, title(job)),
              Fault::kTeardown);
}

// The actors of which the driver did not see the end: also those of hosts that it had lost.
std::vector<std::string> left_behind(const launcher::JobState& state) {
  std::vector<std::string> names;
  for (const launcher::ActorState& each : state.actors) {
    if (each.state == "lost") names.push_back(each.name + "@" + each.host);
  }
  return names;
}

// Whether it had hosts that can be asked what became of it.
bool is_on_other_hosts(const launcher::JobEntry& job) { return !job.state.addresses.empty(); }

// Of a driver that could not do it itself.
void remove_socket(const launcher::JobEntry& job) {
  if (job.state.control.empty()) return;
  try {
    remove_runtime_folder(std::filesystem::path(job.state.control).parent_path());
  } catch (const Error&) {  // agents that are still there remove it, and so does wisp prune
  }
}

// Nobody drives the job any more: sees to it that nothing of it is left on its hosts.
int finish_on_hosts(const GlobalOptions& options, const launcher::JobEntry& job) {
  talk(options, fmt::format("{} is not running: {}", title(job), status_text(job)));
  const bool none_here = wait_for_agents(options, job);
  remove_socket(job);
  if (none_here && !is_on_other_hosts(job)) return kExitDone;
  if (none_here && collect_missing_logs(options, job, kAgentPatience)) {
    talk(options, fmt::format("nothing of {} is left on its hosts", title(job)));
    return kExitDone;
  }
  warn(fmt::format("wisp: the end of {} could not be verified on every host; again: wisp down -j {}",
                   title(job), title(job)));
  return kExitTeardown;
}

int report(const GlobalOptions& options, launcher::JobEntry job, bool by_itself) {
  launcher::renew(job);
  const std::vector<std::string> left = left_behind(job.state);
  if (options.json) {
    const nlohmann::ordered_json json = {
        {"job_id", title(job)}, {"status", job.state.status}, {"killed", !by_itself}, {"unverified", left}};
    print(json.dump() + "\n");
  }
  if (by_itself && left.empty()) {
    talk(options, fmt::format("{} is down: {}", title(job), status_text(job)));
    return kExitDone;
  }
  if (is_on_other_hosts(job)) return finish_on_hosts(options, job);
  warn(fmt::format(
      "wisp: the driver of {} is gone, but did not see the end of {}; their agents end them within 15 s",
      title(job), left.empty() ? "its hosts" : escape_text(join(left, ", "), 400)));
  return kExitTeardown;
}

}  // namespace

int down_command(const GlobalOptions& options, const DownOptions& down) {
  if (const auto status = down_in_slurm(options, down)) return *status;
  const std::optional<launcher::JobEntry> job = job_to_end(options);
  if (!job) return kExitDone;
  if (!job->driver) return finish_on_hosts(options, *job);
  if (!job->driver->here) {
    const std::vector<std::string> force(down.force ? 1 : 0, "--force");
    throw Error(driven_elsewhere(*job, options, "down", force), Fault::kUnreachable);
  }
  bool by_itself = true;
  if (down.force) {
    by_itself = end_by_force(options, *job, down);
  } else {
    end_gracefully(options, *job, down);
  }
  return report(options, *job, by_itself);
}

}  // namespace wisp::cli
