// Bernoulli is made through the catalogue.
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

auto bernoulli(double density, std::uint32_t dim, std::uint64_t seed, std::uint32_t worker) {
  return kCatalog.make<double>({.kind = "bernoulli", .density = density}, dim, 4, seed, worker);
}

TEST(Bernoulli, sends_what_is_there) {
  std::vector<double> dense(1000);
  std::iota(dense.begin(), dense.end(), 1.0);
  const auto sparsifier = bernoulli(0.1, 1000, wisp::test::seed(), 1);
  for (std::uint64_t round = 0; round < 100; ++round) {
    const auto sent = sparsifier->select(dense, round);
    sent.check(1000);
    sent.for_each([](std::uint32_t coordinate, double value) { ASSERT_EQ(value, coordinate + 1); });
    ASSERT_EQ(sparsifier->select(dense, round), sent);
  }
}

TEST(Bernoulli, sends_everything_with_probability_one) {
  const std::vector<double> dense(100, 1);
  EXPECT_EQ(bernoulli(1, 100, wisp::test::seed(), 0)->select(dense, 3).nnz(), 100U);
}

// Each coordinate has probability p and neighbours are independent: 20000 rounds, five standard deviations.
TEST(Bernoulli, coordinates_are_equally_likely_and_independent) {
  const std::uint32_t dim = 10;
  const int rounds = 20000;
  const auto sparsifier = bernoulli(0.3, dim, wisp::test::seed(), 2);
  const std::vector<double> dense(dim, 1);
  std::vector<double> count(dim);
  std::vector<double> both(dim);
  double squares = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto sent = sparsifier->select(dense, static_cast<std::uint64_t>(round));
    std::vector<double> inside(dim);
    for (const auto index : sent.numbers) inside[index] = 1;
    for (std::uint32_t j = 0; j < dim; ++j) {
      count[j] += inside[j];
      both[j] += inside[j] * inside[(j + 1) % dim];
    }
    squares += std::pow(static_cast<double>(sent.nnz()) - 3, 2);
  }
  for (std::uint32_t j = 0; j < dim; ++j) {
    EXPECT_NEAR(count[j], 0.3 * rounds, 5 * std::sqrt(0.3 * 0.7 * rounds));
    EXPECT_NEAR(both[j], 0.09 * rounds, 5 * std::sqrt(0.09 * 0.91 * rounds));
  }
  EXPECT_NEAR(squares / rounds, 10 * 0.3 * 0.7, 0.15);  // the variance of |U|
}

// The numbers of published runs: they never change.
TEST(Bernoulli, frozen_choices) {
  const std::vector<double> dense(40, 1);
  EXPECT_THAT(bernoulli(0.1, 40, 42, 0)->select(dense, 0).numbers, ElementsAre(6, 10, 14, 20, 31));
  EXPECT_THAT(bernoulli(0.1, 40, 42, 1)->select(dense, 7).numbers, ElementsAre(10, 20));
}

}  // namespace
}  // namespace wisp::sparse
