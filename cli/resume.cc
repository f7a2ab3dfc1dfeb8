#include "cli/resume.h"

#include <string>

#include "base/error.h"

namespace wisp::cli {

void check_resume(const config::Sweep& jobs, const RunOptions& run) {
  if (!run.resume) return;
  if (!jobs.axes.empty()) {
    throw Error(
        "run: --resume is for a file of one job; a sweep that is run again goes on with the jobs that have "
        "not ended",
        Fault::kUsage);
  }
  const config::Experiment& experiment = jobs.points.front().experiment;
  if (experiment.plain()) {
    throw experiment.error("actors",
                           "--resume is for jobs with a problem and a method: plain actors save themselves "
                           "(docs/actors.md)",
                           "run it without --resume");
  }
  const std::string key(experiment.single_run_key());
  if (!key.empty()) {
    throw experiment.error(key, "--resume is for jobs with checkpoints, and with " + key + " there are none",
                           "run it without --resume");
  }
}

}  // namespace wisp::cli
