#include "tests/launcher/fleet_events.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/process.h"

namespace wisp::test {

bool ends_within(std::int64_t pid, std::chrono::milliseconds patience) {
  const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return true;  // it is gone already
  pollfd fd{process.get(), POLLIN, 0};
  return ::poll(&fd, 1, static_cast<int>(patience.count())) == 1;
}

}  // namespace wisp::test
