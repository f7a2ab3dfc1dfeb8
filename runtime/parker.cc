#include "runtime/parker.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace wisp::runtime {

namespace {

// Waits while `word` is 0.
void futex_wait(std::atomic<std::uint32_t>& word, const timespec* relative) {
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAIT_PRIVATE, 0, relative, nullptr, 0);
}

}  // namespace

bool Parker::park(std::chrono::nanoseconds deadline) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::hours kLong{24 * 365};
  if (deadline > kLong) {
    while (token_.exchange(0, std::memory_order_acq_rel) == 0) futex_wait(token_, nullptr);
    return true;
  }
  const Clock::time_point end = Clock::now() + deadline;
  while (token_.exchange(0, std::memory_order_acq_rel) == 0) {
    const std::chrono::nanoseconds left = end - Clock::now();
    if (left.count() <= 0) return false;
    timespec relative{};
    relative.tv_sec = static_cast<time_t>(left.count() / 1'000'000'000);
    relative.tv_nsec = static_cast<long>(left.count() % 1'000'000'000);
    futex_wait(token_, &relative);
  }
  return true;
}

void Parker::unpark() {
  if (token_.exchange(1, std::memory_order_acq_rel) == 1) return;
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&token_), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace wisp::runtime
