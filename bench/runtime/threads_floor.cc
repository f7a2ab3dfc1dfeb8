// The floor under a round trip between two threads that sleep while they wait: one kernel wake each way.
#include <linux/futex.h>
#include <sys/syscall.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "bench/runtime/measure.h"

namespace wisp::bench {
namespace {

constexpr std::uint64_t kWarmUp = 1000;

/// A turn that two threads hand to each other under a mutex.
class ConditionTurn {
 public:
  void hand_over(int to) {
    {
      std::lock_guard lock(mutex_);
      turn_ = to;
    }
    changed_.notify_one();
  }
  void await(int me) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return turn_ == me; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int turn_ = 0;
};

/// The same on one word, without a mutex.
class FutexTurn {
 public:
  void hand_over(int to) {
    turn_.store(to, std::memory_order_release);
    ::syscall(SYS_futex, word(), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }
  void await(int me) {
    for (int seen; (seen = turn_.load(std::memory_order_acquire)) != me;) {
      ::syscall(SYS_futex, word(), FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
    }
  }

 private:
  int* word() { return reinterpret_cast<int*>(&turn_); }

  std::atomic<int> turn_ = 0;
  static_assert(sizeof(turn_) == sizeof(int));
};

template <class Turn>
Figure ping(std::uint64_t count) {
  Turn turn;
  std::thread other([&] {
    keep_to_last_core();
    for (std::uint64_t i = 0; i < kWarmUp + count; ++i) {
      turn.await(1);
      turn.hand_over(0);
    }
  });
  const auto round_trips = [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      turn.hand_over(1);
      turn.await(0);
    }
  };
  keep_to_first_core();
  round_trips(kWarmUp);
  const Stopwatch watch;
  round_trips(count);
  const double seconds = watch.seconds();
  other.join();
  return time_each(count, seconds);
}

const Cases kCases = {{"ping-condition", ping<ConditionTurn>}, {"ping-futex", ping<FutexTurn>}};

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) { return wisp::bench::run_case(argc, argv, wisp::bench::kCases); }
