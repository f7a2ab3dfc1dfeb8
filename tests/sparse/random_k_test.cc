// Random-k is made through the catalogue.
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sparse/sparsifier.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

using testing::ElementsAre;

const Catalog kCatalog;

auto random_k(std::uint32_t k, std::uint32_t dim, std::uint64_t seed, std::uint32_t worker) {
  SparsifierSpec spec{.kind = "random-k"};
  spec.settings.set("k", k);
  return kCatalog.make<double>(spec, dim, 4, seed, worker);
}

std::vector<double> counting(std::uint32_t dim) {
  std::vector<double> dense(dim);
  std::iota(dense.begin(), dense.end(), 1.0);
  return dense;
}

TEST(RandomK, sends_exactly_k_sorted_coordinates_with_their_values) {
  const auto sparsifier = random_k(30, 1000, wisp::test::seed(), 3);
  for (std::uint64_t round = 0; round < 100; ++round) {
    const auto sent = sparsifier->select(counting(1000), round);
    sent.check(1000);
    ASSERT_EQ(sent.nnz(), 30U);
    sent.for_each([](std::uint32_t coordinate, double value) { ASSERT_EQ(value, coordinate + 1); });
  }
  EXPECT_EQ(random_k(1000, 1000, 1, 0)->select(counting(1000), 0).nnz(), 1000U);
}

// So what is known of random blocks holds, and any receiver can draw them again.
TEST(RandomK, draws_as_random_blocks_of_one) {
  for (std::uint32_t worker = 0; worker < 4; ++worker) {
    const auto blocks = kCatalog.make<double>({.kind = "random-blocks", .density = 0.02, .blocks = 500}, 500,
                                              4, wisp::test::seed(), worker);
    for (std::uint64_t round = 0; round < 50; ++round) {
      EXPECT_EQ(random_k(10, 500, wisp::test::seed(), worker)->select(counting(500), round).numbers,
                blocks->select(counting(500), round).numbers);
    }
  }
}

// Each coordinate is in a choice of 3 of 10 with probability 0.3: 20000 rounds, five standard deviations.
TEST(RandomK, coordinates_are_equally_likely) {
  const auto sparsifier = random_k(3, 10, wisp::test::seed(), 0);
  std::vector<double> count(10);
  const int rounds = 20000;
  for (int round = 0; round < rounds; ++round) {
    for (const auto index : sparsifier->select(counting(10), static_cast<std::uint64_t>(round)).numbers) {
      count[index] += 1;
    }
  }
  for (const double each : count) EXPECT_NEAR(each, 0.3 * rounds, 5 * std::sqrt(0.3 * 0.7 * rounds));
}

// The numbers of published runs: they never change.
TEST(RandomK, frozen_choices) {
  EXPECT_THAT(random_k(3, 10, 42, 0)->select(counting(10), 0).numbers, ElementsAre(0, 4, 8));
  EXPECT_THAT(random_k(3, 10, 42, 1)->select(counting(10), 1).numbers, ElementsAre(1, 6, 9));
}

}  // namespace
}  // namespace wisp::sparse
