// Random-k, bernoulli and all-or-nothing are made through the catalogue.
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
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

TEST(RandomK, samples_as_it_is_told) {
  SparsifierSpec spec{.kind = "random-k"};
  spec.settings.set("k", 30);
  spec.settings.set("sampling", "stratified");
  const auto stratified = kCatalog.make<double>(spec, 1000, 4, 5, 3);
  EXPECT_EQ(stratified->select(counting(1000), 7).numbers, draw(Draw::kStratified, {5, 3, 7}, 1000, 30));
  spec.settings.set("sampling", "often");
  EXPECT_THROW(static_cast<void>(kCatalog.make<double>(spec, 1000, 4, 5, 3)), Error);
}

// What a receiver needs to know.
TEST(ByChance, says_how_the_numbers_are_drawn) {
  for (const auto& [kind, how] : {std::pair{"random-blocks", Draw::kSubset},
                                  {"random-k", Draw::kSubset},
                                  {"bernoulli", Draw::kBernoulli}}) {
    const auto sparsifier = kCatalog.make<float>({.kind = kind, .density = 0.1}, 500, 50, 9, 3);
    const std::vector<float> dense(500, 1);
    const auto sent = sparsifier->select(dense, 11);
    const std::uint32_t n = sent.support == Support::kBlocks ? sent.blocks : sent.dim;
    ASSERT_EQ(sparsifier->drawn(), (Drawn{how, n / 10})) << kind;
    EXPECT_EQ(sent.drawn, sparsifier->drawn()) << kind;
    EXPECT_EQ(sent.numbers, draw(how, {9, 3, 11}, n, n / 10)) << kind;
  }
  const auto largest = kCatalog.make<float>({.kind = "top-k", .density = 0.1}, 500, 50, 9, 3);
  EXPECT_EQ(largest->drawn(), std::nullopt);
}

// k of m chances, for all coordinates together.
TEST(AllOrNothing, sends_everything_with_the_chance_of_a_block) {
  const SparsifierSpec spec{.kind = "all-or-nothing", .density = 0.3, .blocks = 10};
  EXPECT_EQ(kCatalog.density(spec, 100, 4).tau(), 0.3);
  const auto sparsifier = kCatalog.make<double>(spec, 100, 4, wisp::test::seed(), 2);
  const int rounds = 20000;
  int sent = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto vector = sparsifier->select(counting(100), static_cast<std::uint64_t>(round));
    vector.check(100);
    ASSERT_TRUE(vector.nnz() == 0 || vector.values == counting(100));
    if (vector.nnz() > 0) ++sent;
  }
  EXPECT_NEAR(sent, 0.3 * rounds, 5 * std::sqrt(0.3 * 0.7 * rounds));
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
