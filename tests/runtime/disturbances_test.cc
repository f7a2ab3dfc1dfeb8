#include "runtime/disturbances.h"

#include <gtest/gtest.h>

#include "base/pack.h"
#include "base/simulated_clock.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;

Disturbance lasting(milliseconds lasts) {
  Disturbance disturbance;
  disturbance.lasts = lasts;
  return disturbance;
}

TEST(Disturbances, end_by_themselves) {
  SimulatedClock clock;
  Disturbances disturbances(clock);
  EXPECT_FALSE(disturbances.any());
  Disturbance drop = lasting(milliseconds(10));
  drop.drop = 0.5;
  disturbances.add(drop);
  EXPECT_TRUE(disturbances.any());
  EXPECT_EQ(disturbances.on(1).drop, 0.5);
  clock.advance(milliseconds(10));
  EXPECT_EQ(disturbances.on(1).drop, 0);
  EXPECT_FALSE(disturbances.any());
}

TEST(Disturbances, the_worst_of_several_counts) {
  SimulatedClock clock;
  Disturbances disturbances(clock);
  Disturbance delay = lasting(milliseconds(10));
  delay.delay = milliseconds(5);
  disturbances.add(delay);
  delay.lasts = milliseconds(5);
  delay.delay = milliseconds(8);
  delay.drop = 0.1;
  disturbances.add(delay);
  EXPECT_EQ(disturbances.on(1).delay, milliseconds(8));
  EXPECT_EQ(disturbances.on(1).drop, 0.1);
  clock.advance(milliseconds(5));
  EXPECT_EQ(disturbances.on(1).delay, milliseconds(5));
  EXPECT_EQ(disturbances.on(1).drop, 0);
}

TEST(Disturbances, a_cut_spares_who_is_on_the_same_side) {
  SimulatedClock clock;
  Disturbances disturbances(clock);
  Disturbance cut = lasting(milliseconds(10));
  cut.cut = true;
  cut.spared = {3};
  disturbances.add(unpack<Disturbance>(pack(cut)));
  EXPECT_TRUE(disturbances.on(0).cut);
  EXPECT_TRUE(disturbances.on(2).cut);
  EXPECT_FALSE(disturbances.on(3).cut);
}

}  // namespace
}  // namespace wisp::runtime
