#include "base/rng.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/seed.h"

namespace wisp {
namespace {

using Block = std::array<std::uint32_t, 4>;
using testing::ElementsAre;

// The known answers published with Random123.
TEST(Philox, gives_the_known_answers) {
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({ones, ones, ones, ones}, {ones, ones}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

std::vector<std::uint32_t> draw(Rng rng, std::size_t count) {
  std::vector<std::uint32_t> numbers(count);
  for (std::uint32_t& number : numbers) number = rng.next32();
  return numbers;
}

TEST(Rng, a_stream_is_philox_over_its_layout) {
  const Block first = philox4x32({0, 7, 0x89abcdef, 0x04000123}, {0x55667788, 0x11223344});
  const Block second = philox4x32({1, 7, 0x89abcdef, 0x04000123}, {0x55667788, 0x11223344});
  const auto numbers = draw(Rng(0x1122334455667788, 7, 0x12389abcdef, Purpose::kBatch), 8);
  EXPECT_THAT(numbers, ElementsAre(first[0], first[1], first[2], first[3], second[0], second[1], second[2],
                                   second[3]));
}

TEST(Rng, each_of_the_four_arguments_makes_another_stream) {
  std::set<std::vector<std::uint32_t>> streams;
  for (const std::uint64_t seed : {0ull, 1ull, 1ull << 40}) {
    for (const std::uint32_t worker : {0u, 1u, 0xffffffffu}) {
      for (const std::uint64_t round : {0ull, 1ull, 1ull << 33, (1ull << 56) - 1}) {
        for (const Purpose purpose : {Purpose::kBlocks, Purpose::kShuffle, Purpose::kBatch}) {
          streams.insert(draw(Rng(seed, worker, round, purpose), 4));
        }
      }
    }
  }
  EXPECT_EQ(streams.size(), 3u * 3 * 4 * 3);
}

TEST(Rng, a_stream_begins_again_the_same) {
  Rng a(5, 6, 7, Purpose::kInit);
  Rng b(5, 6, 7, Purpose::kInit);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(a.next64(), b.next64());
    EXPECT_EQ(a.normal(), b.normal());
    EXPECT_EQ(a.below(10), b.below(10));
  }
}

TEST(RngDeathTest, refuses_a_round_that_does_not_fit) {
  EXPECT_DEATH(Rng(0, 0, std::uint64_t{1} << 56, Purpose::kData), "2\\^56");
}

TEST(Rng, uniform_fills_the_unit_interval_evenly) {
  Rng rng(test::seed(), 0, 0, Purpose::kData);
  constexpr int count = 100'000;
  std::array<int, 100> bins{};
  for (int i = 0; i < count; ++i) {
    const double value = rng.uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    ++bins[static_cast<std::size_t>(value * 100)];
  }
  double chi_square = 0;
  for (const int bin : bins) chi_square += (bin - 1000.0) * (bin - 1000.0) / 1000;
  EXPECT_LT(chi_square, 99 + 6 * std::sqrt(2 * 99.0));
}

TEST(Rng, below_is_even_also_where_the_range_is_no_power_of_two) {
  Rng rng(test::seed(), 0, 1, Purpose::kData);
  constexpr std::uint32_t n =
      0xc0000000;  // rejects a quarter of the draws; without that, thirds would be 1/2, 1/4, 1/4
  std::array<int, 3> thirds{};
  for (int i = 0; i < 30'000; ++i) {
    const std::uint32_t value = rng.below(n);
    ASSERT_LT(value, n);
    ++thirds[value / 0x40000000];
  }
  for (const int third : thirds) EXPECT_NEAR(third, 10'000, 500);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(rng.below(1), 0u);
}

TEST(Rng, normal_has_the_moments_of_a_normal) {
  Rng rng(test::seed(), 0, 2, Purpose::kData);
  constexpr int count = 200'000;
  double sum = 0, squares = 0, fourth = 0;
  for (int i = 0; i < count; ++i) {
    const double value = rng.normal();
    sum += value;
    squares += value * value;
    fourth += value * value * value * value;
  }
  EXPECT_NEAR(sum / count, 0, 6 / std::sqrt(count));
  EXPECT_NEAR(squares / count, 1, 6 * std::sqrt(2.0 / count));
  EXPECT_NEAR(fourth / count, 3, 6 * std::sqrt(96.0 / count));
}

TEST(Rng, shuffle_makes_every_order_equally_often) {
  Rng rng(test::seed(), 0, 3, Purpose::kShuffle);
  std::map<std::vector<int>, int> orders;
  for (int i = 0; i < 24'000; ++i) {
    std::vector<int> items = {1, 2, 3, 4};
    rng.shuffle(std::span(items));
    ++orders[items];
  }
  EXPECT_EQ(orders.size(), 24u);
  for (const auto& [order, times] : orders) EXPECT_NEAR(times, 1000, 200);
}

TEST(Rng, a_sample_is_strictly_increasing_and_within_the_set) {
  Rng rng(test::seed(), 0, 4, Purpose::kBlocks);
  // Sizes on both sides of where the representation of the subset changes.
  for (const std::uint32_t n : {1u, 2u, 63u, 64u, 65u, 1000u, 100'000u, 0xffffffffu}) {
    for (const std::size_t size : {0u, 1u, 2u, 15u, 16u, 60u, 900u, 1600u}) {
      if (size > n) continue;
      std::vector<std::uint32_t> chosen(size);
      rng.sample_without_replacement(n == 0xffffffffu && size > 900 ? 100'000u : n, chosen);
      EXPECT_EQ(std::adjacent_find(chosen.begin(), chosen.end(), std::greater_equal<>()), chosen.end());
      EXPECT_TRUE(chosen.empty() || chosen.back() < n);
    }
  }
}

TEST(Rng, a_sample_of_all_is_all) {
  std::vector<std::uint32_t> all(130), chosen(130);
  std::iota(all.begin(), all.end(), 0u);
  Rng(test::seed(), 0, 5, Purpose::kBlocks).sample_without_replacement(130, chosen);
  EXPECT_EQ(chosen, all);
}

TEST(Rng, every_subset_is_equally_likely) {
  Rng rng(test::seed(), 0, 6, Purpose::kBlocks);
  std::map<std::vector<std::uint32_t>, int> subsets;
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::uint32_t> chosen(3);
    rng.sample_without_replacement(6, chosen);
    ++subsets[chosen];
  }
  EXPECT_EQ(subsets.size(), 20u);
  for (const auto& [subset, times] : subsets) EXPECT_NEAR(times, 1000, 200);
}

TEST(Rng, a_sparse_sample_hits_every_part_of_the_set_equally_often) {
  Rng rng(test::seed(), 0, 7, Purpose::kBlocks);
  std::array<int, 10> tenths{};
  std::vector<std::uint32_t> chosen(10);
  for (int i = 0; i < 2'000; ++i) {
    rng.sample_without_replacement(1'000'000, chosen);
    for (const std::uint32_t each : chosen) ++tenths[each / 100'000];
  }
  for (const int tenth : tenths) EXPECT_NEAR(tenth, 2000, 270);
}

// These numbers are part of every published result.
TEST(Rng, streams_are_frozen) {
  EXPECT_THAT(draw(Rng(42, 3, 17, Purpose::kBlocks), 8),
              ElementsAre(0xb3f80839, 0xa17adbd6, 0xf2ba5061, 0xa46f6748, 0xe0fd7e36, 0x3801befd, 0x7a9df748,
                          0xabc2579a));
  Rng shuffle(42, 3, 17, Purpose::kShuffle);
  EXPECT_EQ(shuffle.next64(), 8588547158622684u);
  EXPECT_EQ(shuffle.uniform(), 0x1.3dc827fce1605p-1);
  EXPECT_EQ(shuffle.uniform(), 0x1.4b3f5ca6c27e0p-3);
  Rng batch(42, 0, 0, Purpose::kBatch);
  for (const std::uint32_t want : {225u, 518u, 974u, 757u, 166u, 999u, 506u, 174u})
    EXPECT_EQ(batch.below(1000), want);
  Rng init(42, 0, 0, Purpose::kInit);
  for (const double want :
       {0x1.0082a7f035ef8p+0, 0x1.f9bbb25fce6f6p-4, 0x1.74d076407958ep-1, -0x1.9895176954a4bp+0})
    EXPECT_EQ(init.normal(), want);
  std::vector<int> order = {0, 1, 2, 3, 4, 5, 6, 7};
  Rng(42, 0, 0, Purpose::kShuffle).shuffle(std::span(order));
  EXPECT_THAT(order, ElementsAre(2, 1, 7, 3, 5, 0, 6, 4));
  std::vector<std::uint32_t> chosen(5);
  Rng(42, 1, 9, Purpose::kBlocks).sample_without_replacement(100, chosen);
  EXPECT_THAT(chosen, ElementsAre(12, 16, 38, 76, 96));
  Rng(42, 1, 9, Purpose::kBlocks).sample_without_replacement(1'000'000, chosen);
  EXPECT_THAT(chosen, ElementsAre(126641, 167981, 389254, 793192, 992471));
}

}  // namespace
}  // namespace wisp
