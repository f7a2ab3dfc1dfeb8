#include "cli/submission.h"

#include <poll.h>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/job_text.h"
#include "cli/output.h"
#include "launcher/jobs.h"
#include "launcher/slurm.h"
#include "launcher/state_file.h"

namespace wisp::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kAskEvery{5};
constexpr std::chrono::seconds kAnswerMax{30};
constexpr std::chrono::seconds kDownMax{120};
constexpr std::chrono::seconds kSilence{3};
constexpr int kLookEvery = 1000;  // milliseconds: at what Slurm says of a job that ends

std::optional<launcher::JobEntry> meant_by(const GlobalOptions& options) {
  try {
    return launcher::find_job(state_dir(options), options.job, launcher::Ambiguous::kRefuse);
  } catch (const Error&) {  // who asks for any other job hears why
    return std::nullopt;
  }
}

// Whether it has ended within `limit`; says what is waited for.
bool see_end(const GlobalOptions& options, const std::string& id, std::chrono::milliseconds limit) {
  const auto begin = steady_clock::now();
  auto quiet_until = begin + kSilence;
  for (;;) {
    const auto job = launcher::ask_batch_state(id, kAnswerMax);
    if (!job || job->ended()) return true;
    const auto now = steady_clock::now();
    if (now - begin >= limit) return false;
    if (now >= quiet_until) {
      talk(options, fmt::format("waiting for Slurm job {}: {}", id, job->state));
      quiet_until = now + kSilence;
    }
    ::poll(nullptr, 0, kLookEvery);
  }
}

}  // namespace

std::optional<std::string> Submission::id() const {
  const SystemDisk disk;
  if (!disk.exists(folder_ / kIdFile)) return std::nullopt;
  return split(disk.read_text(folder_ / kIdFile), '\n')[0];
}

bool Submission::may_begin() {
  const auto state = launcher::read_state(folder_);
  if (ended_ || !state || state->status != "submitted") return false;
  const auto now = steady_clock::now();
  if (now < ask_at_) return true;
  ask_at_ = now + kAskEvery;
  const auto number = id();
  if (!number) return true;
  const auto job = launcher::ask_batch_state(*number, kAnswerMax);
  ended_ = !job || job->ended();
  return !ended_;
}

void mark(const std::filesystem::path& folder, const std::string& status) {
  auto state = launcher::read_state(folder);
  if (!state) return;
  state->status = status;
  SystemDisk().write_text(folder / "state.json", launcher::state_to_json(*state));
}

std::optional<int> down_in_slurm(const GlobalOptions& options, const DownOptions& down) {
  auto job = meant_by(options);
  if (!job || (job->driver && job->driver->here)) return std::nullopt;
  Submission submission(job->folder);
  const auto id = submission.id();
  if (!id || (!job->driver && !submission.may_begin())) return std::nullopt;
  launcher::cancel(*id, job->driver && !down.force);
  const std::chrono::milliseconds limit = down.timeout.value_or(kDownMax);
  if (!see_end(options, *id, limit)) {
    throw Error(fmt::format("{} has not ended within {}; wisp down --force -j {}, or scancel {}", title(*job),
                            format_duration(limit), title(*job), *id),
                down.timeout ? Fault::kDeadline : Fault::kTeardown);
  }
  if (!launcher::is_job_folder(job->folder)) mark(job->folder, "cancelled");
  launcher::renew(*job);
  talk(options, fmt::format("{} is down: {}", title(*job), status_text(*job)));
  return kExitDone;
}

}  // namespace wisp::cli
