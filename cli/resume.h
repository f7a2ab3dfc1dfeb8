#pragma once
// `wisp run --resume`: which jobs can go on from a checkpoint.
#include "cli/options.h"
#include "config/sweep.h"

namespace wisp::cli {

// Where --resume is given, throws Error (kUsage) for a sweep, and ConfigErrors for a job that has no
// checkpoints, at what makes it one. `jobs`: all of the file.
void check_resume(const config::Sweep& jobs, const RunOptions& run);

}  // namespace wisp::cli
