#pragma once
// The agent: the one program of a job on each host that starts processes, passes on their lines, and ends
// them.

namespace wisp::launcher {

// The body of `wisp agent`. Speaks launcher/messages.h: commands on stdin, reports on stdout, free text for
// diagnosis on stderr. Lives as long as its stdin: at its end, at an unreadable message, or when nothing was
// heard for longer than the driver's word, it sends TERM to the groups of its processes, after 2 s KILL, and
// returns. To be called from main(), in a program without other threads. Returns the exit status.
int run_agent();

}  // namespace wisp::launcher
