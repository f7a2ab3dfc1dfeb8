#pragma once
// The rules between keys of restarts and checkpoints and those of the rest of a job.
#include "config/build.h"

namespace wisp::config {

// Of a job with a problem and a method. As check_rules() in what it reports, and where.
void check_recovery(const Draft& draft, Mistakes& mistakes);

}  // namespace wisp::config
