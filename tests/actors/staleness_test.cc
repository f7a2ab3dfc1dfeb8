#include "actors/staleness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/pack.h"

namespace wisp::actors {
namespace {

using testing::ElementsAre;

TEST(Staleness, of_nothing_is_nothing) {
  const Staleness none;
  EXPECT_EQ(none.count(), 0u);
  EXPECT_EQ(none.mean(), 0);
  EXPECT_EQ(none.max(), 0u);
  EXPECT_EQ(none.quantile(0.5), 0u);
  EXPECT_TRUE(none.classes().empty());
}

TEST(Staleness, counts_small_values_exactly) {
  Staleness staleness;
  for (const std::uint64_t value : {0, 3, 3, 15}) staleness.add(value);
  EXPECT_EQ(staleness.mean(), 5.25);
  EXPECT_EQ(staleness.max(), 15u);
  EXPECT_EQ(staleness.quantile(0.25), 0u);
  EXPECT_EQ(staleness.quantile(0.5), 3u);
  EXPECT_EQ(staleness.quantile(0.99), 15u);
  EXPECT_THAT(staleness.classes(),
              ElementsAre(Staleness::Class{0, 0, 1}, Staleness::Class{3, 3, 2}, Staleness::Class{15, 15, 1}));
}

TEST(Staleness, classes_of_large_values_are_a_quarter_of_an_octave) {
  Staleness staleness;
  for (const std::uint64_t value : {16, 19, 20, 31, 32, 40, 1023, 1024}) staleness.add(value);
  EXPECT_THAT(staleness.classes(), ElementsAre(Staleness::Class{16, 19, 2}, Staleness::Class{20, 23, 1},
                                               Staleness::Class{28, 31, 1}, Staleness::Class{32, 39, 1},
                                               Staleness::Class{40, 47, 1}, Staleness::Class{896, 1023, 1},
                                               Staleness::Class{1024, 1279, 1}));
  EXPECT_EQ(staleness.quantile(1), 1024u);
}

TEST(Staleness, every_value_lies_in_its_class) {
  for (std::uint64_t value = 1; value != 0; value *= 2) {
    for (const std::uint64_t each : {value - 1, value, value + value / 3}) {
      Staleness staleness;
      staleness.add(each);
      const Staleness::Class only = staleness.classes().front();
      EXPECT_LE(only.low, each);
      EXPECT_GE(only.high, each);
    }
  }
}

TEST(Staleness, travels) {
  Staleness staleness;
  for (std::uint64_t i = 0; i < 100; ++i) staleness.add(i * i);
  const auto arrived = unpack<Staleness>(pack(staleness));
  EXPECT_EQ(arrived.mean(), staleness.mean());
  EXPECT_EQ(arrived.classes(), staleness.classes());
}

}  // namespace
}  // namespace wisp::actors
