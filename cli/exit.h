#pragma once
// The exit statuses of the program, by who has to act.
#include <csignal>

#include "base/error.h"

namespace wisp::cli {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;  // the run failed or diverged
inline constexpr int kExitUsage = 2;
inline constexpr int kExitConfig = 3;  // the job file, and whatever it may not ask for
inline constexpr int kExitHost = 4;
inline constexpr int kExitTeardown = 5;
inline constexpr int kExitUnreachable = 6;
inline constexpr int kExitDeadline = 124;
inline constexpr int kExitInterrupted = 130;  // 128 + SIGINT

int exit_status(Fault fault);

// SIGINT, SIGTERM and SIGHUP: those by which people end a program.
sigset_t ending_signals();
// From now on no thread but one that asks for them gets these, and none gets SIGPIPE. Before there are
// threads.
void block_ending_signals();

// From now on Ctrl-C ends this process at once with kExitInterrupted. For commands that only look.
void end_on_interrupt();

}  // namespace wisp::cli
