#pragma once
// `wisp wait`: until a job has ended.
#include "cli/options.h"

namespace wisp::cli {

// Returns the exit status that the job's `wisp run` had, from result.json; where there is none, by its last
// state: 1, its driver was killed. With --json it prints result.json. Throws Error: kDeadline after
// --timeout, kUnreachable for a job that is not there.
int wait_command(const GlobalOptions& options, const WaitOptions& wait);

}  // namespace wisp::cli
