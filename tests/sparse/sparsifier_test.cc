#include "sparse/sparsifier.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

using testing::ElementsAre;

SparsifierSpec random_blocks(double density, std::uint32_t blocks) {
  return {.kind = "random-blocks", .density = density, .blocks = blocks};
}

const Catalog kCatalog;

Density density(const SparsifierSpec& spec, std::uint32_t dim, std::uint32_t workers) {
  return kCatalog.density(spec, dim, workers);
}

std::vector<double> counting(std::uint32_t dim) {
  std::vector<double> dense(dim);
  std::iota(dense.begin(), dense.end(), 1.0);
  return dense;
}

std::vector<std::uint32_t> choice(const SparsifierSpec& spec, std::uint32_t dim, std::uint32_t workers,
                                  std::uint64_t seed, std::uint32_t worker, std::uint64_t round) {
  return kCatalog.make<double>(spec, dim, workers, seed, worker)->select(counting(dim), round).numbers;
}

TEST(Density, is_one_block_of_n_by_default) {
  for (std::uint32_t workers = 1; workers <= 200; ++workers) {
    const Density d = density(random_blocks(0, 0), 1000, workers);
    ASSERT_EQ(d.blocks, workers);
    ASSERT_EQ(d.chosen, 1U);
    ASSERT_EQ(d.tau(), 1.0 / workers);
  }
}

TEST(Density, rounds_to_whole_blocks_and_never_to_none) {
  EXPECT_EQ(density(random_blocks(0.25, 10), 100, 4).chosen, 3U);  // 2.5 blocks
  EXPECT_EQ(density(random_blocks(0.24, 10), 100, 4).chosen, 2U);
  EXPECT_EQ(density(random_blocks(1e-9, 10), 100, 4).chosen, 1U);
  EXPECT_EQ(density(random_blocks(1, 10), 100, 4).chosen, 10U);
  EXPECT_EQ(density(random_blocks(0.25, 10), 100, 4).tau(), 0.3);
}

TEST(Density, has_no_more_blocks_than_coordinates) {
  const Density d = density(random_blocks(0, 0), 3, 10);  // more workers than coordinates
  EXPECT_EQ(d.blocks, 3U);
  EXPECT_EQ(d.chosen, 1U);
  EXPECT_EQ(density({}, 3, 10).tau(), 1.0);
}

SparsifierSpec of_coordinates(const char* kind, double density, std::uint32_t k) {
  SparsifierSpec spec{.kind = kind, .density = density};
  if (k != 0) spec.settings.set("k", k);
  return spec;
}

TEST(Density, of_coordinates_has_blocks_of_one) {
  for (const char* kind : {"random-k", "top-k"}) {
    EXPECT_EQ(density(of_coordinates(kind, 0.01, 0), 1000, 4).blocks, 1000U);
    EXPECT_EQ(density(of_coordinates(kind, 0.01, 0), 1000, 4).chosen, 10U);
    EXPECT_EQ(density(of_coordinates(kind, 0, 0), 1000, 4).chosen, 250U);
    EXPECT_EQ(density(of_coordinates(kind, 0, 30), 1000, 4).chosen, 30U);
    EXPECT_EQ(density(of_coordinates(kind, 0, 1000), 1000, 4).tau(), 1.0);
    EXPECT_THROW(density(of_coordinates(kind, 0, 1001), 1000, 4), Error);
  }
  EXPECT_EQ(density({.kind = "threshold"}, 1000, 4).tau(), 1.0);
  EXPECT_THROW(density({.kind = "nothing"}, 1000, 4), Error);
}

TEST(Identity, sends_everything) {
  const auto sent = kCatalog.make<double>({}, 4, 3, 1, 0)->select(counting(4), 9);
  sent.check(4);
  EXPECT_EQ(sent.support, Support::kAll);
  EXPECT_THAT(sent.values, ElementsAre(1, 2, 3, 4));
}

TEST(RandomBlocks, sends_exactly_k_sorted_blocks_with_their_values) {
  const auto sparsifier = kCatalog.make<double>(random_blocks(0.3, 10), 43, 4, test::seed(), 2);
  for (std::uint64_t round = 0; round < 300; ++round) {
    const auto sent = sparsifier->select(counting(43), round);
    sent.check(43);
    ASSERT_EQ(sent.numbers.size(), 3U);
    ASSERT_EQ(sent.blocks, 10U);
    sent.for_each([](std::uint32_t coordinate, double value) { ASSERT_EQ(value, coordinate + 1); });
  }
}

TEST(RandomBlocks, chooses_by_seed_worker_and_round_alone) {
  const SparsifierSpec spec = random_blocks(0.5, 20);
  for (std::uint64_t round = 0; round < 50; ++round) {
    std::vector<std::uint32_t> expected(10);
    Rng(test::seed(), 3, round, Purpose::kBlocks).sample_without_replacement(20, expected);
    ASSERT_EQ(choice(spec, 40, 8, test::seed(), 3, round), expected);
    ASSERT_EQ(choice(spec, 60, 5, test::seed(), 3, round), expected);  // whatever the dimension
  }
}

// Each of 10 blocks is in a choice of 3 with probability 0.3: 20000 rounds, five standard deviations.
TEST(RandomBlocks, every_block_is_equally_likely) {
  const auto sparsifier = kCatalog.make<double>(random_blocks(0.3, 10), 10, 4, test::seed(), 1);
  std::vector<double> count(10);
  const int rounds = 20000;
  for (int round = 0; round < rounds; ++round) {
    for (const auto number : sparsifier->select(counting(10), static_cast<std::uint64_t>(round)).numbers) {
      count[number] += 1;
    }
  }
  const double deviation = std::sqrt(0.3 * 0.7 * rounds);
  for (const double each : count) EXPECT_NEAR(each, 0.3 * rounds, 5 * deviation);
}

// Two workers send the same one of 10 blocks in a tenth of the rounds, as independent ones do.
TEST(RandomBlocks, workers_choose_independently) {
  const int rounds = 20000;
  for (const std::uint32_t other : {1U, 2U, 100U}) {
    const auto a = kCatalog.make<double>(random_blocks(0.1, 10), 10, 10, test::seed(), 0);
    const auto b = kCatalog.make<double>(random_blocks(0.1, 10), 10, 10, test::seed(), other);
    int equal = 0;
    for (int i = 0; i < rounds; ++i) {
      const auto round = static_cast<std::uint64_t>(i);
      equal += a->select(counting(10), round).numbers == b->select(counting(10), round).numbers ? 1 : 0;
    }
    EXPECT_NEAR(equal, 0.1 * rounds, 5 * std::sqrt(0.1 * 0.9 * rounds)) << other;
  }
}

// With n workers that send one of n blocks each, 1 - (1 - 1/n)^n of the blocks move in a round: 0.6513
// for 10.
TEST(RandomBlocks, hit_about_two_thirds_of_the_blocks_in_a_round) {
  double hit = 0;
  const int rounds = 2000;
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> moved(10);
    for (std::uint32_t worker = 0; worker < 10; ++worker) {
      for (const auto number :
           choice(random_blocks(0, 0), 10, 10, test::seed(), worker, static_cast<std::uint64_t>(round))) {
        moved[number] = 1;
      }
    }
    hit += std::accumulate(moved.begin(), moved.end(), 0.0) / 10;
  }
  EXPECT_NEAR(hit / rounds, 0.6513, 0.02);
}

// The numbers of published runs: they never change.
TEST(RandomBlocks, frozen_choices) {
  EXPECT_THAT(choice(random_blocks(0.3, 10), 43, 4, 42, 0, 0), ElementsAre(0, 4, 8));
  EXPECT_THAT(choice(random_blocks(0.3, 10), 43, 4, 42, 1, 0), ElementsAre(1, 2, 4));
  EXPECT_THAT(choice(random_blocks(0.3, 10), 43, 4, 42, 1, 1), ElementsAre(1, 6, 9));
  EXPECT_THAT(choice(random_blocks(0, 0), 100, 10, 42, 7, 1000), ElementsAre(8));
}

TEST(Sparsifiers, are_listed_with_what_they_do) {
  for (const Kind& entry : kCatalog.kinds()) {
    EXPECT_FALSE(entry.description.empty());
    SparsifierSpec spec{.kind = std::string(entry.name)};
    if (entry.name == "threshold") spec.settings.set("threshold", 0.5);
    spec.check(kCatalog);
    kCatalog.make<float>(spec, 5, 2, 1, 0)->select(std::vector<float>(5), 0).check(5);
  }
}

template <class T>
class First : public Sparsifier<T> {
 public:
  explicit First(const SparsifierPlace& place)
      : partition_(place.dim, place.density.blocks), count_(place.settings.get<std::uint32_t>("count")) {}
  Vector<T> select(std::span<const T> dense, std::uint64_t /*round*/) const override {
    std::vector<std::uint32_t> numbers(count_);
    std::iota(numbers.begin(), numbers.end(), 0U);
    return Vector<T>::restricted(dense, partition_, std::move(numbers));
  }

 private:
  Partition partition_;
  std::uint32_t count_;
};

TEST(Catalog, takes_more_kinds_with_settings_of_their_own) {
  Catalog catalog;
  Kind first{.name = "first",
             .description = "the first blocks",
             .settings = {Setting::of<std::uint32_t>("count", "", 2)}};
  EXPECT_THROW(catalog.add(first), Error);  // nothing to make it of
  catalog.add(first.made_of<First>());
  EXPECT_THROW(catalog.add(first), Error);
  SparsifierSpec spec{.kind = "first", .blocks = 4};
  EXPECT_THAT(catalog.make<double>(spec, 8, 1, 0, 0)->select(counting(8), 0).numbers, ElementsAre(0, 1));
  spec.settings.set("count", 1);
  EXPECT_THAT(catalog.make<float>(spec, 8, 1, 0, 0)->select(std::vector<float>(8), 0).numbers,
              ElementsAre(0));
  spec.settings.set("other", 1);
  EXPECT_THROW(spec.check(catalog), Error);
}

}  // namespace
}  // namespace wisp::sparse
