#include "tests/launcher/fleet_events.h"

#include <poll.h>

#include "base/process.h"

namespace wisp::test {

bool ends_within(std::int64_t pid, std::chrono::milliseconds patience) {
  const Descriptor process = watch_process(static_cast<pid_t>(pid));
  if (!process) return true;  // it is gone already
  pollfd fd{process.get(), POLLIN, 0};
  return ::poll(&fd, 1, static_cast<int>(patience.count())) == 1;
}

}  // namespace wisp::test
