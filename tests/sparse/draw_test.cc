#include "sparse/draw.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/rng.h"
#include "sparse/partition.h"
#include "tests/support/golden.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

using Numbers = std::vector<std::uint32_t>;

constexpr Draw kAll[] = {Draw::kSubset, Draw::kStratified, Draw::kBernoulli};
constexpr std::uint32_t kMost = 0xffff'ffff;

struct Size {
  std::uint32_t n;
  std::uint32_t k;
};

// Around what decides how a draw is made; and n just above 2^31, where half of all random numbers are passed
// over.
constexpr Size kSizes[] = {
    {1, 1},           {2, 1},           {2, 2},           {17, 5},           {63, 63},         {64, 64},
    {65, 64},         {66, 64},         {130, 65},        {131, 65},         {131, 66},        {1000, 63},
    {1000, 64},       {1000, 499},      {1000, 500},      {1000, 501},       {1000, 936},      {1000, 999},
    {1000, 1000},     {4096, 255},      {4096, 256},      {4096, 257},       {16'384, 64},     {16'448, 64},
    {100'000, 5000},  {100'000, 6250},  {100'000, 6251},  {500'000, 1953},   {500'000, 1954},  {1'000'000, 5},
    {1'000'001, 999}, {kMost, 1},       {kMost, 2},       {kMost, 63},       {kMost, 64},      {kMost, 5000},
    {0x80000001, 1},  {0x80000001, 62}, {0x80000001, 64}, {0x80000001, 777}, {0xc0000000, 300}};

Numbers draw(Draw how, const DrawKey& key, Size size, Instructions path = best_instructions()) {
  return sparse::draw(how, key, size.n, size.k, kNoBound, path);
}

Rng stream(const DrawKey& key) { return {key.seed, key.worker, key.round, Purpose::kBlocks}; }

// As docs/draws.md says it, one random number at a time.
Numbers subset(const DrawKey& key, Size size) {
  Rng rng = stream(key);
  if (size.k < 64) {
    Numbers numbers(size.k);
    rng.sample_without_replacement(size.n, numbers);
    return numbers;
  }
  const bool complement = size.k > size.n / 2;
  std::set<std::uint32_t> different;
  while (different.size() < (complement ? size.n - size.k : size.k)) different.insert(rng.below(size.n));
  if (!complement) return {different.begin(), different.end()};
  Numbers numbers;
  for (std::uint32_t i = 0; i < size.n; ++i) {
    if (!different.contains(i)) numbers.push_back(i);
  }
  return numbers;
}

Numbers stratified(const DrawKey& key, Size size) {
  Rng rng = stream(key);
  const Partition stretches(size.n, size.k);
  const std::uint64_t origin = rng.below(size.n);
  Numbers numbers;
  for (std::uint32_t i = 0; i < size.k; ++i) {
    const std::uint64_t place = stretches.offset(i) + rng.below(stretches.size(i));
    numbers.push_back(static_cast<std::uint32_t>((origin + place) % size.n));
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

TEST(Draw, has_distinct_sorted_numbers_that_exist) {
  for (const Draw how : kAll) {
    for (const Size size : kSizes) {
      const Numbers numbers = draw(how, {test::seed(), 3, size.n}, size);
      const auto unordered = std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>());
      ASSERT_EQ(unordered, numbers.end()) << size.n << ' ' << size.k;
      ASSERT_TRUE(numbers.empty() || numbers.back() < size.n) << size.n << ' ' << size.k;
      const bool exact = how != Draw::kBernoulli || size.k == size.n;
      ASSERT_TRUE(!exact || numbers.size() == size.k) << size.n << ' ' << size.k;
    }
    for (const std::uint32_t n : {0U, 1U, kMost}) EXPECT_TRUE(draw(how, {1, 2, 3}, {n, 0}).empty());
  }
}

TEST(Draw, is_what_the_page_says_with_all_instructions) {
  for (const Size size : kSizes) {
    for (std::uint64_t round = 0; round < 5; ++round) {
      const DrawKey key{test::seed(), 3, round << 40};
      const Numbers a_subset = subset(key, size);
      const Numbers spread = stratified(key, size);
      for (const Instructions path : available_instructions()) {
        ASSERT_EQ(draw(Draw::kSubset, key, size, path), a_subset)
            << size.n << ' ' << size.k << ' ' << to_string(path);
        ASSERT_EQ(draw(Draw::kStratified, key, size, path), spread)
            << size.n << ' ' << size.k << ' ' << to_string(path);
      }
    }
  }
}

// All n origins, some of them where a stretch ends.
TEST(Draw, stratified_goes_around_from_any_origin) {
  for (std::uint64_t round = 0; round < 500; ++round) {
    for (const Size size : {Size{30, 5}, {30, 7}, {30, 1}, {30, 30}, {31, 29}}) {
      const DrawKey key{test::seed(), 0, round};
      ASSERT_EQ(draw(Draw::kStratified, key, size), stratified(key, size)) << size.k << ' ' << round;
    }
  }
}

TEST(Draw, of_other_keys_is_another) {
  for (const Draw how : kAll) {
    std::set<Numbers> all;
    for (const std::uint64_t seed : {0ULL, 1ULL, 1ULL << 40}) {
      for (const std::uint32_t worker : {0U, 1U, kMost}) {
        for (const std::uint64_t round : {0ULL, 1ULL, 1ULL << 33, (1ULL << 56) - 1}) {
          all.insert(draw(how, {seed, worker, round}, {100'000, 70}));
        }
      }
    }
    EXPECT_EQ(all.size(), 3U * 3 * 4);
  }
}

// Chi-square of `counts` that are to be equal, `variance` times as large for a good draw as if all were
// independent; in standard deviations from what is expected.
double deviation(std::span<const double> counts, double variance) {
  double sum = 0;
  for (const double each : counts) sum += each;
  const double mean = sum / static_cast<double>(counts.size());
  double square = 0;
  for (const double each : counts) square += (each - mean) * (each - mean) / (mean * variance);
  const auto freedom = static_cast<double>(counts.size() - 1);
  return (square - freedom) / std::sqrt(2 * freedom);
}

// How often each of n is drawn, in `rounds` draws.
std::vector<double> counts_of(Draw how, Size size, int rounds) {
  std::vector<double> counts(size.n);
  for (int round = 0; round < rounds; ++round) {
    for (const std::uint32_t each : draw(how, {7, 1, static_cast<std::uint64_t>(round)}, size)) {
      counts[each] += 1;
    }
  }
  return counts;
}

TEST(Draw, each_number_is_equally_likely) {
  for (const Size size : {Size{300, 70}, {300, 200}, {20'000, 70}, {50, 7}}) {
    const double k = size.k;
    const double n = size.n;
    const auto counts = counts_of(Draw::kSubset, size, 20'000);
    EXPECT_LT(std::abs(deviation(counts, (1 - k / n) * n / (n - 1))), 5) << n << ' ' << k;
  }
}

// Where n is no multiple of k, too: 3 of 10 each 0.3 of the time, and not 1/4 in one stretch and 1/3 in
// others.
TEST(Draw, each_number_is_equally_likely_in_stretches_of_different_sizes) {
  for (const Size size : {Size{10, 3}, {11, 4}, {100, 70}, {1000, 300}}) {
    const double p = static_cast<double>(size.k) / size.n;
    const int rounds = 50'000;
    for (const double each : counts_of(Draw::kStratified, size, rounds)) {
      ASSERT_NEAR(each, p * rounds, 5 * std::sqrt(p * (1 - p) * rounds)) << size.n;
    }
  }
}

TEST(Draw, each_subset_is_equally_likely) {
  for (const Size size : {Size{66, 64}, {65, 64}, {6, 3}}) {
    std::map<Numbers, double> seen;
    const int rounds = size.n == 66 ? 60'000 : 10'000;
    for (int round = 0; round < rounds; ++round) {
      seen[draw(Draw::kSubset, {9, 0, static_cast<std::uint64_t>(round)}, size)] += 1;
    }
    std::vector<double> counts;
    for (const auto& each : seen) counts.push_back(each.second);
    EXPECT_EQ(counts.size(), size.n == 66 ? 66U * 65 / 2 : size.n == 65 ? 65U : 20U);
    EXPECT_LT(std::abs(deviation(counts, 1)), 5) << size.n;
  }
}

TEST(Draw, bernoulli_stops_where_it_is_told) {
  const DrawKey key{test::seed(), 1, 2};
  const Numbers whole = draw(Draw::kBernoulli, key, {100'000, 1000});
  ASSERT_GT(whole.size(), 500U);
  for (const std::size_t most : {std::size_t{0}, std::size_t{1}, std::size_t{500}, whole.size()}) {
    const Numbers some = sparse::draw(Draw::kBernoulli, key, 100'000, 1000, most);
    EXPECT_THAT(some, testing::ElementsAreArray(whole.begin(), whole.begin() + static_cast<long>(most)));
  }
  EXPECT_EQ(sparse::draw(Draw::kBernoulli, key, 100'000, 1000, whole.size() + 1), whole);
  EXPECT_EQ(sparse::draw(Draw::kBernoulli, key, kMost, kMost, 5), (Numbers{0, 1, 2, 3, 4}));
}

TEST(DrawDeathTest, refuses_what_its_callers_have_to_check) {
  EXPECT_DEATH(static_cast<void>(draw(Draw::kSubset, {}, {3, 4})), "than there are");
  EXPECT_DEATH(static_cast<void>(draw(Draw::kSubset, {1, 2, 1ULL << 56}, {4, 3})), "2\\^56");
  EXPECT_DEATH(static_cast<void>(draw(static_cast<Draw>(3), {}, {4, 3})), "unknown draw");
}

// A line of tests/golden/draws.txt: how, seed, worker, round, n, k, and the numbers; of more than 70 how many
// they are, and the SHA-256 of their bytes, 4 each, the lowest first.
std::string line(Draw how, const DrawKey& key, Size size) {
  static const char* const kNames[] = {"subset", "stratified", "bernoulli"};
  std::ostringstream out;
  out << kNames[static_cast<int>(how)] << ' ' << key.seed << ' ' << key.worker << ' ' << key.round << ' '
      << size.n << ' ' << size.k << ':';
  const Numbers numbers = draw(how, key, size);
  if (numbers.size() <= 70) {
    for (const std::uint32_t each : numbers) out << ' ' << each;
  } else {
    out << " count " << numbers.size() << " sha256 " << sha256_hex(std::as_bytes(std::span(numbers)));
  }
  out << '\n';
  return out.str();
}

// The numbers of published runs, and what tests/docs/draws_test.py makes of the page alone: they never
// change.
TEST(Draw, frozen_numbers) {
  std::string text;
  for (const Draw how : kAll) {
    for (const Size size : {Size{10, 3},
                            {40, 4},
                            {10, 10},
                            {1000, 64},
                            {130, 66},
                            {1000, 700},
                            {100'000, 64},
                            {100'000, 5000},
                            {1'000'000, 2000},
                            {kMost, 7},
                            {kMost, 1000},
                            {0x80000001, 300}}) {
      text += line(how, {42, 1, 7}, size);
    }
    text += line(how, {0x123456789abcdef0, 0xfedcba98, (1ULL << 56) - 1}, {50, 6});
    text += line(how, {0x123456789abcdef0, 0xfedcba98, (1ULL << 56) - 1}, {5000, 66});
  }
  test::expect_golden("draws.txt", text);
}

}  // namespace
}  // namespace wisp::sparse
