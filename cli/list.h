#pragma once
// `wisp list`: what job files can name.
#include "cli/options.h"

namespace wisp::cli {

// A table of methods, problems, sparsifiers, classes of actors, or keys of the job file; or a JSON array of
// objects.
int list_command(const GlobalOptions& options, const ListOptions& list);

}  // namespace wisp::cli
