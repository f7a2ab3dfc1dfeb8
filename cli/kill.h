#pragma once
// `wisp kill`: ends actors of a running job, and says what became of them and of the job.
#include "cli/options.h"

namespace wisp::cli {

// Asks the job's driver to end the processes of these actors: TERM, and after timeouts.shutdown_grace KILL;
// waits for it. Throws Error: kUsage for actors that the job does not have, kUnreachable if no driver can be
// asked from here, kTeardown if they do not end.
int kill_command(const GlobalOptions& options, const KillOptions& kill);

}  // namespace wisp::cli
