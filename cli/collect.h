#pragma once
// What hosts have kept of a job's logs, fetched by the commands that look at them.
#include "cli/options.h"
#include "launcher/jobs.h"

namespace wisp::cli {

// Where the driver of a job ended, or lost hosts, before all lines had arrived: asks those hosts, adds what
// they have to the logs, and says what came of it. Whether nothing is left to fetch and nothing of the job
// runs on a host; a host that can't be asked is a warning. An agent that is still there is given `patience`
// to end.
bool collect_missing_logs(const GlobalOptions& options, const launcher::JobEntry& job,
                          std::chrono::milliseconds patience);

}  // namespace wisp::cli
