#pragma once
// SimulatedClock: time that passes when its owner says so.
#include <atomic>
#include <cstdint>

#include "base/check.h"
#include "base/clock.h"

namespace wisp {

// Begins at 0; the wall shows 2026-01-01T00:00:00Z then and never jumps. Any thread may look.
class SimulatedClock : public Clock {
 public:
  static constexpr std::chrono::sys_days kEpoch =
      std::chrono::year_month_day(std::chrono::year(2026), std::chrono::January, std::chrono::day(1));

  std::chrono::nanoseconds steady() const override {
    return std::chrono::nanoseconds(now_.load(std::memory_order_acquire));
  }
  std::chrono::system_clock::time_point wall() const override { return kEpoch + steady(); }

  // By the owner, on one thread; never back.
  void advance_to(std::chrono::nanoseconds time) {
    WISP_CHECK(time >= steady(), "time does not go back");
    now_.store(time.count(), std::memory_order_release);
  }
  void advance(std::chrono::nanoseconds duration) { advance_to(steady() + duration); }

 private:
  std::atomic<std::int64_t> now_{0};
};

}  // namespace wisp
