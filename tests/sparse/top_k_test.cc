#include "sparse/top_k.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/sparse/hard_values.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

using testing::ElementsAre;

template <class T>
void expect_first_k(TopK<T>& top_k, const Data<T>& data, const std::vector<std::uint32_t>& order,
                    std::size_t k) {
  std::vector<std::uint32_t> expected(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k));
  std::sort(expected.begin(), expected.end());
  const auto chosen = top_k.select(data.values, k);
  ASSERT_EQ(chosen.indices.size(), k);
  ASSERT_EQ(chosen.values.size(), k);
  for (std::size_t i = 0; i < k; ++i) {
    ASSERT_EQ(chosen.indices[i], expected[i]) << data.name << ", " << k << " of " << order.size();
    ASSERT_EQ(bits_of(chosen.values[i]), bits_of(data.values[expected[i]])) << data.name;
  }
}

template <class T>
class TopKOf : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(TopKOf, Scalars);

TYPED_TEST(TopKOf, equals_a_full_sort_with_all_instructions) {
  Rng rng(test::seed(), 0, 0, Purpose::kInit);
  std::vector<TopK<TypeParam>> paths;
  for (const Instructions each : available_instructions()) paths.emplace_back(each);
  for (const std::size_t size : {1, 2, 7, 16, 17, 33, 65, 2047, 2048, 2049, 4101, 9999, 40007}) {
    for (const Data<TypeParam>& data : hard_cases<TypeParam>(size, rng)) {
      const auto order = ordered(data.values);
      for (const std::size_t k : {std::size_t{0}, std::size_t{1}, std::size_t{2}, size / 1000, size / 100,
                                  size / 10, size / 2, size - 1, size}) {
        for (auto& top_k : paths) {
          ASSERT_NO_FATAL_FAILURE(expect_first_k(top_k, data, order, std::min(k, size)));
        }
      }
    }
  }
}

TYPED_TEST(TopKOf, of_nothing_is_nothing) {
  TopK<TypeParam> top_k;
  EXPECT_TRUE(top_k.select({}, 0).indices.empty());
  const std::vector<TypeParam> values{1, 2};
  EXPECT_TRUE(top_k.select(values, 0).values.empty());
}

TYPED_TEST(TopKOf, takes_the_lowest_indices_of_equals) {
  for (const Instructions each : available_instructions()) {
    TopK<TypeParam> top_k(each);
    const std::vector<TypeParam> values{1, -2, 2, 0, -2, 2};
    EXPECT_THAT(top_k.select(values, 3).indices, ElementsAre(1, 2, 4));
    EXPECT_THAT(top_k.select(values, 5).indices, ElementsAre(0, 1, 2, 4, 5));
    const std::vector<TypeParam> zeros{TypeParam{0}, -TypeParam{0}, TypeParam{0}};
    EXPECT_THAT(top_k.select(zeros, 2).indices, ElementsAre(0, 1));
  }
}

TYPED_TEST(TopKOf, leaves_nothing_behind_that_is_not_finite) {
  using Limits = std::numeric_limits<TypeParam>;
  for (const Instructions each : available_instructions()) {
    TopK<TypeParam> top_k(each);
    const std::vector<TypeParam> values{Limits::max(), -Limits::infinity(), 1, Limits::quiet_NaN()};
    EXPECT_THAT(top_k.select(values, 1).indices, ElementsAre(3));
    EXPECT_THAT(top_k.select(values, 2).indices, ElementsAre(1, 3));
  }
}

TYPED_TEST(TopKOf, needs_no_second_pass_for_ordinary_values) {
  Rng rng(test::seed(), 0, 1, Purpose::kInit);
  TopK<TypeParam> top_k;
  std::vector<TypeParam> values(200'000);
  for (int i = 0; i < 20; ++i) {
    for (std::size_t j = 0; j < values.size(); ++j) {
      values[j] = static_cast<TypeParam>(rng.normal() * (1 + static_cast<double>(j / 4096 * 37 % 50)));
    }
    for (const std::size_t k : {20, 200, 2000, 20000, 100000}) top_k.select(values, k);
  }
  EXPECT_LE(top_k.misses(), 3U);  // of 100
  EXPECT_EQ(top_k.histograms(), 0U);
}

// Every other value of a sample is changed: of the first, and of both.
TYPED_TEST(TopKOf, stays_exact_where_the_sample_is_deceived) {
  using top_k::Sample;
  Rng rng(test::seed(), 0, 2, Purpose::kInit);
  const std::size_t size = 400'000;
  const std::size_t k = size / 100;
  const auto first = top_k::sampled_places<TypeParam>(size, Sample::kFirst);
  const auto second = top_k::sampled_places<TypeParam>(size, Sample::kSecond);
  Data<TypeParam> plain{"", std::vector<TypeParam>(size)};
  for (auto& value : plain.values) value = static_cast<TypeParam>(rng.uniform());
  std::vector<Data<TypeParam>> all(5, plain);
  all[0].name = "a little more in the sample";
  for (std::size_t i = 0; i < first.size() / 35; ++i) all[0].values[first[i]] += 100;
  all[1].name = "all in the sample";
  for (const auto place : first) all[1].values[place] += 100;
  all[2].name = "nothing in the sample";
  for (const auto place : first) all[2].values[place] = 0;
  all[3].name = "all in both samples";
  all[4].name = "nothing in both samples";
  for (const auto& places : {first, second}) {
    for (std::size_t i = 0; i < places.size(); i += 2) {
      all[3].values[places[i]] += 100;
      all[4].values[places[i]] = all[4].values[places[i + 1]] = 0;
    }
  }
  const std::size_t misses[] = {1, 1, 1, 2, 2};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto order = ordered(all[i].values);
    for (const Instructions each : available_instructions()) {
      TopK<TypeParam> top_k(each);
      ASSERT_NO_FATAL_FAILURE(expect_first_k(top_k, all[i], order, k));
      EXPECT_EQ(top_k.misses(), misses[i]) << all[i].name;
      EXPECT_EQ(top_k.histograms(), misses[i] - 1) << all[i].name;
      TopK<TypeParam> fused(each);
      std::vector<TypeParam> kept(size), want = all[i].values;
      const auto taken = fused.take(kept, all[i].values, TypeParam(1), k);
      for (const std::uint32_t index : taken.indices) want[index] = 0;
      EXPECT_EQ(kept, want) << all[i].name;
      EXPECT_EQ(fused.misses(), misses[i]) << all[i].name;
    }
  }
}

// Where a vector resembles the last one, as those of one worker do, the bracket comes from there.
TYPED_TEST(TopKOf, looks_first_where_it_found_the_last_one) {
  Rng rng(test::seed(), 0, 3, Purpose::kInit);
  std::vector<TypeParam> base(20'000);
  for (TypeParam& value : base) value = static_cast<TypeParam>(rng.normal());
  struct Jump {
    double factor;
    std::size_t misses;
  };
  // What grows a little is found above the bracket; too much, and too little, make another pass.
  for (const Jump jump : {Jump{1.05, 0}, Jump{100, 1}, Jump{0.9, 1}, Jump{0, 1}}) {
    for (const Instructions each : available_instructions()) {
      TopK<TypeParam> top_k(each);
      for (int round = 0; round < 15; ++round) {
        Data<TypeParam> data{"round " + std::to_string(round), base};
        const double factor = round == 12 ? jump.factor : 1 + 0.001 * (round % 2);
        for (TypeParam& value : data.values) value = static_cast<TypeParam>(value * factor);
        ASSERT_NO_FATAL_FAILURE(expect_first_k(top_k, data, ordered(data.values), 2000));
        if (round == 11) {
          EXPECT_EQ(top_k.carried(), 10U);  // all but two that say how much they differ
          EXPECT_EQ(top_k.misses(), 0U);
        }
      }
      EXPECT_EQ(top_k.misses(), jump.misses) << jump.factor;
      EXPECT_EQ(top_k.histograms(), 0U);
    }
  }
}

}  // namespace
}  // namespace wisp::sparse
