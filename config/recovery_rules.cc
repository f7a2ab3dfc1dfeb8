#include "config/recovery_rules.h"

#include <string>
#include <string_view>

namespace wisp::config {
namespace {

std::string why_single(std::string_view key) {
  const char* what = key == "record"   ? "an order that is recorded is that"
                     : key == "replay" ? "an order that is replayed is that"
                                       : "times that are simulated are those";
  return std::string(key) + ": " + what + " of one run without restarts";
}

// A job whose order or times are recorded, replayed or simulated is one run.
void single_run(const Draft& draft, Mistakes& mistakes) {
  const Experiment& experiment = draft.experiment;
  const std::string_view key = experiment.single_run_key();
  if (key.empty()) return;
  const auto report = [&](const std::string& path, bool is_on) {
    if (!is_on || !experiment.given(path) || !draft.sound(path)) return;
    mistakes.add(experiment.where(path), why_single(key), "leave out " + path + ", or set it to never");
  };
  const actors::JobSpec& job = experiment.job;
  report("actors.master.restart", job.master.restart.max > 0);
  report("actors.worker.restart", job.worker.restart.max > 0);
  report("checkpoint", job.checkpoint.enabled() || job.checkpoint.resume != "never");
}

void second_host(const Draft& draft, Mistakes& mistakes) {
  const Experiment& experiment = draft.experiment;
  const std::string key = "checkpoint.copies";
  const actors::CheckpointSpec& checkpoint = experiment.job.checkpoint;
  if (!checkpoint.enabled() || checkpoint.copies < 2 || experiment.launcher.kind != "local") return;
  if (!draft.sound(key)) return;
  mistakes.add(experiment.where(key), "all of this job is on this machine: there is no second host",
               "name another one in hosts, or leave out " + key);
}

}  // namespace

void check_recovery(const Draft& draft, Mistakes& mistakes) {
  single_run(draft, mistakes);
  second_host(draft, mistakes);
}

}  // namespace wisp::config
