#include "cli/exit.h"

#include <unistd.h>

#include <csignal>

#include "base/check.h"

namespace wisp::cli {

int exit_status(Fault fault) {
  switch (fault) {
    case Fault::kFailed:
      return kExitFailed;
    case Fault::kUsage:
      return kExitUsage;
    case Fault::kConfig:
      return kExitConfig;
    case Fault::kHost:
      return kExitHost;
    case Fault::kTeardown:
      return kExitTeardown;
    case Fault::kUnreachable:
      return kExitUnreachable;
    case Fault::kDeadline:
      return kExitDeadline;
  }
  check_failed("a fault of base/error.h", __FILE__, __LINE__, "every fault has an exit status");
}

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

void block_ending_signals() {
  const sigset_t set = ending_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

void end_on_interrupt() {
  std::signal(SIGINT, [](int) { ::_exit(kExitInterrupted); });
}

}  // namespace wisp::cli
