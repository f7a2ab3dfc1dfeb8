// What every clock promises (base/clock.h), on each of them.
#include "base/clock.h"

#include <atomic>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "base/simulated_clock.h"

namespace wisp {
namespace {

// A clock together with what makes its time pass.
struct ClockKind {
  const char* name;
  std::unique_ptr<Clock> (*make)();
  void (*pass)(Clock&);
};

const ClockKind kSystem{"system", [] { return std::unique_ptr<Clock>(new SystemClock); }, [](Clock&) {}};
const ClockKind kSimulated{
    "simulated", [] { return std::unique_ptr<Clock>(new SimulatedClock); },
    [](Clock& clock) { static_cast<SimulatedClock&>(clock).advance(std::chrono::microseconds(1)); }};

class ClockContract : public testing::TestWithParam<ClockKind> {
 protected:
  const std::unique_ptr<Clock> clock_ = GetParam().make();
};

INSTANTIATE_TEST_SUITE_P(Each, ClockContract, testing::Values(kSystem, kSimulated),
                         [](const auto& each) { return std::string(each.param.name); });

TEST_P(ClockContract, goes_on_and_never_back) {
  const std::chrono::nanoseconds start = clock_->steady();
  std::chrono::nanoseconds last = start;
  while (last - start < std::chrono::milliseconds(1)) {
    GetParam().pass(*clock_);
    const std::chrono::nanoseconds now = clock_->steady();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST_P(ClockContract, the_wall_shows_a_time_that_can_be_written_and_read) {
  const std::string text = format_utc(clock_->wall());
  EXPECT_EQ(format_utc(parse_utc(text).value()), text);
}

TEST_P(ClockContract, any_thread_may_look) {
  std::atomic<bool> stop = false;
  std::atomic<int> looks = 0;
  std::thread other([&] {
    std::chrono::nanoseconds last = clock_->steady();
    while (!stop) {
      const std::chrono::nanoseconds now = clock_->steady();
      EXPECT_GE(now, last);
      last = now;
      ++looks;
    }
  });
  while (looks < 1000) GetParam().pass(*clock_);
  stop = true;
  other.join();
}

}  // namespace
}  // namespace wisp
