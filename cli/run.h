#pragma once
// `wisp run`.
#include "cli/options.h"

namespace wisp::cli {

// Returns the job's exit status. Throws Error for what keeps it from starting.
int run_command(const GlobalOptions& global, const RunOptions& options);

}  // namespace wisp::cli
