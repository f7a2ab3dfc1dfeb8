#pragma once
// `wisp config`.
#include "cli/options.h"

namespace wisp::cli {

// Prints the resolved job file: every value with where it came from, or as JSON; of a sweep
// also, in comments, which jobs it makes. Throws config::ConfigErrors.
int config_command(const GlobalOptions& options, const ConfigOptions& config);

}  // namespace wisp::cli
