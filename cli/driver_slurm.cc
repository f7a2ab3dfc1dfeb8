// What the driver makes of ends that come from Slurm.
#include <csignal>

#include "base/error.h"
#include "cli/driver.h"
#include "launcher/slurm.h"

namespace wisp::cli {

namespace {

constexpr std::chrono::seconds kOwnSignal{2};
constexpr std::chrono::seconds kAnswerMax{3};

// Whether Slurm has taken the nodes back by its own will.
bool is_revoked(const launcher::Allocation& allocation) {
  try {
    const auto job = launcher::ask_batch_state(allocation.job_id, kAnswerMax);
    return job && (job->ended() || job->state == "COMPLETING") && job->state != "NODE_FAIL";
  } catch (const Error&) {  // then what was seen counts
    return false;
  }
}

}  // namespace

// `scancel` and a time limit send TERM to every process of a job at once, and this one may be the last to
// get it, or gets none where salloc has started it: until that is known an end may be no failure.
bool Driver::hold_back(Event event) {
  if (experiment_.launcher.kind != "slurm" || ending_ || !holds_) return false;
  if (held_.empty()) held_until_ = std::chrono::steady_clock::now() + kOwnSignal;
  held_.push_back(std::move(event));
  return true;
}

void Driver::release_held(std::chrono::steady_clock::time_point now) {
  if (held_.empty() || (signal_count_ == 0 && now < held_until_)) return;
  holds_ = false;
  if (signal_count_ == 0 && is_revoked(*experiment_.launcher.slurm.allocation)) handle_signal(SIGTERM);
  if (signal_count_ > 0 && !ending_) end_by_force();  // nothing is left that could stop gracefully
  for (const Event& event : std::exchange(held_, {})) {
    std::visit([this](const auto& each) { handle(each); }, event);
  }
}

}  // namespace wisp::cli
