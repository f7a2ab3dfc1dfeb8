#pragma once
// `wisp down`: the end of a running job.
#include "cli/options.h"

namespace wisp::cli {

// Asks the job's driver to end everything, waits until it is gone, and checks what it left behind. Nothing
// running is fine. With --force the driver is asked twice, and killed if that does not help: the agents then
// end what is left. Throws Error: kUnreachable where several jobs are running and -j does not say which, or
// the driver is on another host; kTeardown where it does not end; kDeadline after --timeout.
int down_command(const GlobalOptions& options, const DownOptions& down);

}  // namespace wisp::cli
