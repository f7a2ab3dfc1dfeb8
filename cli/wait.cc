#include "cli/wait.h"

#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/disk.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/job_text.h"
#include "cli/output.h"
#include "cli/submission.h"
#include "launcher/jobs.h"

namespace wisp::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookEvery{100};
constexpr std::chrono::seconds kSilence{3};

void wait_for_end(const GlobalOptions& options, const launcher::JobEntry& job, const WaitOptions& wait) {
  const auto begin = steady_clock::now();
  bool said = false;
  Submission submission(job.folder);
  while (launcher::driver_of(job.folder) || submission.may_begin()) {
    const auto waited = steady_clock::now() - begin;
    if (wait.timeout && waited >= *wait.timeout) {
      throw Error(fmt::format("{} has not ended within {}", title(job), format_duration(*wait.timeout)),
                  Fault::kDeadline);
    }
    if (!said && waited >= kSilence) {
      talk(options, fmt::format("waiting for the end of {}: {}; wisp logs -f -j {}", title(job),
                                status_text(job), title(job)));
      said = true;
    }
    std::this_thread::sleep_for(kLookEvery);
  }
}

}  // namespace

int wait_command(const GlobalOptions& options, const WaitOptions& wait) {
  end_on_interrupt();
  launcher::JobEntry job = launcher::find_job(state_dir(options), options.job);
  wait_for_end(options, job, wait);
  launcher::renew(job);
  talk(options, fmt::format("{}: {}", title(job), status_text(job)));
  const SystemDisk disk;
  if (!disk.exists(job.folder / "result.json")) return exit_status_of(job.state.status);
  const std::string result = disk.read_text(job.folder / "result.json");
  if (options.json) print(result);
  return nlohmann::json::parse(result).value("exit_status", exit_status_of(job.state.status));
}

}  // namespace wisp::cli
