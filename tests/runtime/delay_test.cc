#include "runtime/delay.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/seed.h"

namespace wisp::runtime {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

std::vector<nanoseconds> draw(const Delay& delay, int count) {
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kData);
  std::vector<nanoseconds> drawn;
  for (int i = 0; i < count; ++i) drawn.push_back(delay.draw(rng));
  std::ranges::sort(drawn);
  return drawn;
}

double mean(const std::vector<nanoseconds>& drawn) {
  double sum = 0;
  for (const nanoseconds each : drawn) sum += static_cast<double>(each.count());
  return sum / static_cast<double>(drawn.size());
}

TEST(Delay, is_no_time_unless_asked_for) {
  EXPECT_TRUE(Delay().none());
  EXPECT_TRUE(Delay::constant(nanoseconds(0)).none());
  EXPECT_EQ(draw(Delay(), 10).back(), nanoseconds(0));
  EXPECT_FALSE(Delay::uniform(nanoseconds(0), nanoseconds(1)).none());
}

TEST(Delay, constant_is_always_the_same) {
  const auto drawn = draw(Delay::constant(milliseconds(3)), 10);
  EXPECT_EQ(drawn.front(), milliseconds(3));
  EXPECT_EQ(drawn.back(), milliseconds(3));
}

TEST(Delay, uniform_fills_its_range) {
  const auto drawn = draw(Delay::uniform(milliseconds(1), milliseconds(5)), 10'000);
  EXPECT_GE(drawn.front(), milliseconds(1));
  EXPECT_LE(drawn.front(), microseconds(1100));
  EXPECT_GE(drawn.back(), microseconds(4900));
  EXPECT_LE(drawn.back(), milliseconds(5));
  EXPECT_NEAR(mean(drawn), 3e6, 5e4);
}

TEST(Delay, exponential_has_its_mean) {
  const auto drawn = draw(Delay::exponential(milliseconds(2)), 10'000);
  EXPECT_GE(drawn.front(), nanoseconds(0));
  EXPECT_NEAR(mean(drawn), 2e6, 1e5);
}

TEST(Delay, lognormal_has_its_median_and_a_long_tail) {
  const auto drawn = draw(Delay::lognormal(milliseconds(2), 1), 10'001);
  EXPECT_NEAR(static_cast<double>(drawn[5000].count()), 2e6, 1e5);
  EXPECT_NEAR(mean(drawn), 2e6 * 1.6487, 2e5);
  EXPECT_GT(drawn.back(), milliseconds(20));
}

TEST(DelayDeath, of_less_than_no_time_is_our_mistake) {
  EXPECT_DEATH((void)Delay::constant(nanoseconds(-1)), "less than no time");
  EXPECT_DEATH((void)Delay::uniform(milliseconds(2), milliseconds(1)), "less than no time");
}

}  // namespace
}  // namespace wisp::runtime
