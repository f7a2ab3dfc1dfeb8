#pragma once
// `wisp run` of a file with a sweep: its jobs one after another.
#include <functional>
#include <string>

#include "cli/options.h"
#include "cli/outcome.h"
#include "config/sweep.h"

namespace wisp::cli {

// How one job ended.
struct JobEnd {
  Outcome outcome;
  int status = 0;      // that `wisp run` of it alone would have had
  std::string folder;  // its own
};

// Starts a job and waits for its end, as `wisp run` does. Takes the signals that end it.
using RunJob = std::function<JobEnd(const config::Experiment& experiment)>;

// The points that have not ended in an earlier run of the same file, by `run_job`; a line for each on stderr,
// the table on stdout (with --json one object) and in the sweep's folder. A point that fails does not keep
// the others from running, and runs again the next time; one that is cancelled ends the sweep, and so does a
// signal between two. Returns the first status that is not 0. Throws Error for what keeps it from starting.
int run_sweep(const config::Sweep& sweep, const GlobalOptions& global, const RunOptions& run,
              const RunJob& run_job);

// Throws ConfigErrors at the sweep's place for what only a single job can: to be left running in the back,
// or handed to Slurm.
void check_sweep(const config::Sweep& sweep, const RunOptions& run);

}  // namespace wisp::cli
