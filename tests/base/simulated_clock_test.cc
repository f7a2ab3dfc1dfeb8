#include "base/simulated_clock.h"

#include <gtest/gtest.h>

namespace wisp {
namespace {

using std::chrono::seconds;

TEST(SimulatedClock, stands_until_it_is_advanced) {
  SimulatedClock clock;
  EXPECT_EQ(clock.steady(), seconds(0));
  EXPECT_EQ(format_utc(clock.wall()), "2026-01-01T00:00:00.000Z");
  clock.advance(seconds(61));
  EXPECT_EQ(clock.steady(), seconds(61));
  EXPECT_EQ(format_utc(clock.wall()), "2026-01-01T00:01:01.000Z");
  clock.advance_to(seconds(62));
  clock.advance_to(seconds(62));
  EXPECT_EQ(clock.steady(), seconds(62));
}

TEST(SimulatedClockDeathTest, does_not_go_back) {
  SimulatedClock clock;
  clock.advance(seconds(1));
  EXPECT_DEATH(clock.advance_to(seconds(0)), "time does not go back");
}

}  // namespace
}  // namespace wisp
