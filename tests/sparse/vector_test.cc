#include "sparse/vector.h"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/pack.h"
#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
Vector<T> make(std::uint32_t dim, Support support, std::uint32_t blocks, std::vector<std::uint32_t> numbers,
               std::vector<T> values) {
  Vector<T> vector;
  vector.dim = dim;
  vector.support = support;
  vector.blocks = blocks;
  vector.numbers = std::move(numbers);
  vector.values = std::move(values);
  return vector;
}

std::string complaint(const Vector<double>& vector, std::uint32_t dim) {
  try {
    vector.check(dim);
  } catch (const DecodeError& error) {
    return error.what();
  }
  return "";
}

// A dense vector and its restriction to some blocks, at random.
template <class T>
std::pair<std::vector<T>, Vector<T>> random_pair(Rng& rng) {
  const std::uint32_t dim = 1 + rng.below(50);
  const Partition partition(dim, 1 + rng.below(dim));
  std::vector<std::uint32_t> numbers(rng.below(partition.count() + 1));
  rng.sample_without_replacement(partition.count(), numbers);
  std::vector<T> dense(dim);
  for (T& each : dense) each = static_cast<T>(rng.normal());
  auto vector = Vector<T>::restricted(dense, partition, numbers);
  return {std::move(dense), std::move(vector)};
}

TEST(Vector, restriction_keeps_the_blocks_and_nothing_else) {
  const std::vector<double> dense{1, 2, 3, 4, 5, 6, 7};
  const auto vector = Vector<double>::restricted(dense, Partition(7, 3), {0, 2});  // sizes 3 2 2
  EXPECT_THAT(vector.values, ElementsAre(1, 2, 3, 6, 7));
  EXPECT_EQ(vector.nnz(), 5U);
  vector.check(7);
  std::vector<double> y(7, 10);
  vector.add_to(y, 2);
  EXPECT_THAT(y, ElementsAre(12, 14, 16, 10, 10, 22, 24));
}

TEST(Vector, all_needs_no_numbers) {
  const auto vector = Vector<float>::all({1, 2, 3});
  vector.check(3);
  std::vector<float> y(3, 1);
  vector.add_to(y, -1);
  EXPECT_THAT(y, ElementsAre(0, -1, -2));
}

TEST(Vector, at_indices_has_the_values_there) {
  const std::vector<double> dense{1, 2, 3, 4};
  const auto vector = Vector<double>::at(dense, {0, 3});
  vector.check(4);
  EXPECT_EQ(vector.support, Support::kIndices);
  EXPECT_THAT(vector.values, ElementsAre(1, 4));
  Vector<double>::at(dense, {}).check(4);
}

TEST(Vector, indices_add_where_they_say) {
  const auto vector = make<double>(5, Support::kIndices, 0, {1, 4}, {10, 20});
  vector.check(5);
  std::vector<double> y(5, 1);
  vector.add_to(y, 0.5);
  EXPECT_THAT(y, ElementsAre(1, 6, 1, 1, 11));
}

TEST(Vector, visits_in_increasing_order) {
  const auto vector = make<double>(5, Support::kBlocks, 2, {1}, {7, 8});
  std::vector<std::pair<std::uint32_t, double>> seen;
  vector.for_each([&](std::uint32_t coordinate, double value) { seen.emplace_back(coordinate, value); });
  EXPECT_THAT(seen, ElementsAre(std::pair(3U, 7.0), std::pair(4U, 8.0)));
}

TEST(Vector, add_to_equals_the_dense_sum) {
  Rng rng(test::seed(), 0, 0, Purpose::kInit);
  for (int i = 0; i < 500; ++i) {
    const auto [dense, vector] = random_pair<double>(rng);
    vector.check(vector.dim);
    std::vector<double> inside(vector.dim);
    vector.for_each([&](std::uint32_t coordinate, double) { inside[coordinate] = 1; });
    std::vector<double> y(vector.dim, 1);
    vector.add_to(y, 3);
    for (std::uint32_t j = 0; j < vector.dim; ++j) {
      ASSERT_EQ(y[j], inside[j] == 1 ? 1 + 3 * dense[j] : 1.0);
    }
  }
}

TEST(Vector, check_names_what_is_wrong) {
  const auto blocks = Support::kBlocks;
  const auto indices = Support::kIndices;
  EXPECT_THAT(complaint(Vector<double>(), 0), HasSubstr("dimension 0"));
  EXPECT_THAT(complaint(Vector<double>::all({1, 2}), 3), HasSubstr("dimension 2, expected 3"));
  EXPECT_THAT(complaint(make<double>(3, Support::kAll, 0, {}, {1, 2}), 3), HasSubstr("2 values, expected 3"));
  EXPECT_THAT(complaint(make<double>(2, Support::kAll, 0, {1}, {1, 2}), 2), HasSubstr("a list of them"));
  EXPECT_THAT(complaint(make<double>(4, blocks, 0, {}, {}), 4), HasSubstr("0 blocks of 4"));
  EXPECT_THAT(complaint(make<double>(4, blocks, 5, {}, {}), 4), HasSubstr("5 blocks of 4"));
  EXPECT_THAT(complaint(make<double>(4, blocks, 2, {2}, {1, 2}), 4), HasSubstr("block 2 is not below 2"));
  EXPECT_THAT(complaint(make<double>(4, blocks, 2, {1, 0}, {1, 2, 3, 4}), 4), HasSubstr("block 0 follows 1"));
  EXPECT_THAT(complaint(make<double>(4, blocks, 2, {0, 0}, {1, 2, 3, 4}), 4), HasSubstr("block 0 follows 0"));
  EXPECT_THAT(complaint(make<double>(5, blocks, 2, {0}, {1, 2}), 5), HasSubstr("2 values, expected 3"));
  EXPECT_THAT(complaint(make<double>(5, indices, 0, {5}, {1}), 5), HasSubstr("index 5 is not below 5"));
  EXPECT_THAT(complaint(make<double>(5, indices, 0, {3, 3}, {1, 2}), 5), HasSubstr("index 3 follows 3"));
  EXPECT_THAT(complaint(make<double>(5, indices, 0, {1, 2}, {1}), 5), HasSubstr("1 values, expected 2"));
  EXPECT_THAT(complaint(make<double>(5, static_cast<Support>(9), 0, {}, {}), 5), HasSubstr("support 9"));
}

TEST(Vector, an_empty_choice_is_well_formed) {
  const auto vector = make<double>(5, Support::kBlocks, 2, {}, {});
  vector.check(5);
}

TEST(Vector, first_non_finite_is_a_coordinate) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(make<double>(6, Support::kBlocks, 3, {1, 2}, {1, 2, 3, nan}).first_non_finite(), 5U);
  EXPECT_EQ(make<double>(6, Support::kIndices, 0, {1, 4}, {-infinity, nan}).first_non_finite(), 1U);
  EXPECT_EQ(Vector<double>::all({1, 2, infinity}).first_non_finite(), 2U);
  EXPECT_EQ(Vector<double>::all({1, std::numeric_limits<double>::max()}).first_non_finite(), std::nullopt);
}

// Whatever it is: check() throws, or every coordinate that is visited is inside.
TEST(Vector, check_is_enough_to_be_safe) {
  Rng rng(test::seed(), 0, 2, Purpose::kInit);
  int accepted = 0;
  for (int i = 0; i < 5000; ++i) {
    auto vector = make<double>(rng.below(6), static_cast<Support>(rng.below(4)), rng.below(7), {}, {});
    vector.numbers.resize(rng.below(4));
    for (auto& number : vector.numbers) number = rng.below(7);
    vector.values.resize(rng.below(6));
    if (!complaint(vector, 5).empty()) continue;
    ++accepted;
    std::size_t visited = 0;
    vector.for_each([&](std::uint32_t coordinate, double) {
      ASSERT_LT(coordinate, 5U);
      ++visited;
    });
    ASSERT_EQ(visited, vector.values.size());
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace wisp::sparse
