#include "cli/job_text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/exit.h"

namespace wisp::cli {

std::string title(const launcher::JobEntry& job) { return job.state.job + "-" + job.state.id; }

bool is_final(std::string_view status) {
  constexpr std::array<std::string_view, 5> kFinal = {"converged", "finished", "diverged", "failed",
                                                      "cancelled"};
  return std::find(kFinal.begin(), kFinal.end(), status) != kFinal.end();
}

int exit_status_of(std::string_view status) {
  if (status == "converged" || status == "finished") return kExitDone;
  return status == "cancelled" ? kExitInterrupted : kExitFailed;
}

std::string status_text(const launcher::JobEntry& job) {
  const std::string& status = job.state.status;
  if (job.driver) {
    const std::string where = job.driver->here ? "" : " on " + job.driver->hostname;
    return fmt::format("{} (driver {}{})", status.empty() ? "starting" : status, job.driver->pid, where);
  }
  if (is_final(status)) return status;
  if (status == "submitted") return "submitted to Slurm (squeue says where it stands)";
  return "the driver is gone without a word; it was " + (status.empty() ? "starting" : status);
}

std::string no_such_actor(const launcher::JobEntry& job, const std::string& name,
                          const std::vector<std::string>& known) {
  const auto near = nearest(name, known);
  return fmt::format("{} has no actor '{}'{} ({})", title(job), escape_text(name, 80),
                     near ? "; did you mean '" + *near + "'?" : "", escape_text(join(known, " | "), 400));
}

std::string uptime_text(std::chrono::seconds uptime) {
  const auto seconds = std::max<std::chrono::seconds::rep>(uptime.count(), 0);
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d{:02}h", seconds / 86400, seconds / 3600 % 24);
}

}  // namespace wisp::cli
