#include "sparse/index_codec.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/sparse/index_bytes.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

using test::bytes_of;
using test::complaint;
using test::Indices;
using test::outcome;
using test::Outcome;
using test::Raw;
using test::raw;
using testing::HasSubstr;

constexpr std::uint32_t kDimMax = UINT32_MAX;
constexpr IndexCodec kCodecs[] = {IndexCodec::kRaw, IndexCodec::kGaps, IndexCodec::kRice,
                                  IndexCodec::kBitmap};

Indices uniform(Rng& rng, std::size_t k, std::uint32_t dim) {
  Indices indices(k);
  rng.sample_without_replacement(dim, indices);
  return indices;
}

// Stretches of neighbours of random length, and random distances between them: most are short, some very
// long.
Indices clustered(Rng& rng, std::size_t k, std::uint32_t dim) {
  Indices indices;
  std::uint64_t next = 0;
  const double room = static_cast<double>(dim - k) / static_cast<double>(k + 1);
  while (indices.size() < k) {
    next += static_cast<std::uint64_t>(room * rng.uniform() * rng.uniform());
    const std::uint32_t run = 1 + rng.below(20);
    for (std::uint32_t i = 0; i < run && indices.size() < k; ++i)
      indices.push_back(static_cast<std::uint32_t>(next++));
  }
  return indices;
}

std::vector<Indices> choices(Rng& rng, std::size_t k, std::uint32_t dim) {
  std::vector<Indices> all{uniform(rng, k, dim), clustered(rng, k, dim)};
  Indices first(k);
  std::iota(first.begin(), first.end(), 0U);
  Indices last(k);
  std::iota(last.begin(), last.end(), static_cast<std::uint32_t>(dim - k));
  Indices ends = first;
  if (k > 0) ends.back() = dim - 1;
  all.insert(all.end(), {first, last, ends});
  return all;
}

bool small_enough(IndexCodec codec, std::uint32_t dim) {
  return codec != IndexCodec::kBitmap || dim < 10'000'000;
}

TEST(IndexCodec, gives_back_what_it_took) {
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kInit);
  for (const std::size_t k : {0, 1, 2, 15, 16, 17, 511, 512, 513, 1023, 1024, 1040, 5000, 20'000}) {
    const auto least = static_cast<std::uint32_t>(std::max<std::size_t>(k, 1));
    for (const std::uint32_t dim : {least, least + 1, 2 * least, 100 * least + 3, kDimMax}) {
      for (const Indices& indices : choices(rng, k, dim)) {
        const Raw chosen = raw(encode_indices(indices, dim));
        ASSERT_EQ(outcome(chosen, k, dim), (Outcome{indices, ""}));
        for (const IndexCodec codec : kCodecs) {
          if (!small_enough(codec, dim)) continue;
          const Raw bytes = raw(encode_indices(indices, dim, codec));
          ASSERT_LE(chosen.size(), bytes.size());
          ASSERT_EQ(outcome(bytes, k, dim), (Outcome{indices, ""}))
              << to_string(codec) << " " << k << " of " << dim;
        }
      }
    }
  }
}

// log2 C(d, k) bits for each of k.
double entropy(double d, double k) {
  return (std::lgamma(d + 1) - std::lgamma(k + 1) - std::lgamma(d - k + 1)) / std::log(2.0) / k;
}

TEST(IndexCodec, takes_few_more_bits_than_the_entropy) {
  Rng rng(wisp::test::seed(), 0, 1, Purpose::kInit);
  for (const std::uint32_t dim : {1'000'000U, 10'000'000U}) {
    for (const std::uint32_t share : {1000U, 100U, 10U}) {
      const std::size_t k = dim / share;
      const Bytes bytes = encode_indices(uniform(rng, k, dim), dim);
      EXPECT_EQ(static_cast<IndexCodec>(bytes.data()[0]), IndexCodec::kRice);
      const double bits = 8 * static_cast<double>(bytes.size()) / static_cast<double>(k);
      EXPECT_LE(bits, entropy(dim, static_cast<double>(k)) * (k >= 10'000 ? 1.03 : 1.08))
          << k << " of " << dim;
      EXPECT_LE(bits, 32);
    }
  }
}

TEST(IndexCodec, takes_fewer_bits_where_indices_cluster) {
  Rng rng(wisp::test::seed(), 0, 2, Purpose::kInit);
  const Bytes together = encode_indices(clustered(rng, 10'000, 1'000'000), 1'000'000);
  EXPECT_LT(together.size(), encode_indices(uniform(rng, 10'000, 1'000'000), 1'000'000).size());
}

TEST(IndexCodec, is_never_longer_than_raw) {
  Rng rng(wisp::test::seed(), 0, 3, Purpose::kInit);
  for (std::size_t k = 0; k < 700; k += 1 + k / 10) {
    for (const std::uint32_t dim : {1000U, 1'000'000U, kDimMax}) {
      for (const Indices& indices : choices(rng, k, dim)) {
        ASSERT_LE(encode_indices(indices, dim).size(), 1 + 4 * k);
      }
    }
  }
}

// The bytes of published documents and of other programs: they never change. Those of the codecs are in their
// tests.
TEST(IndexCodec, frozen_bytes) {
  const Indices few{3, 4, 1000};
  EXPECT_EQ(raw(encode_indices(few, 2000, IndexCodec::kRaw)),
            bytes_of({0, 3, 0, 0, 0, 4, 0, 0, 0, 0xe8, 3, 0, 0}));
  EXPECT_EQ(raw(encode_indices(few, 2000)), bytes_of({1, 3, 0, 0xe3, 7}));
  EXPECT_EQ(raw(encode_indices({}, 2000)), bytes_of({0}));
  EXPECT_EQ(raw(encode_indices(Indices{0, 1, 3, 4, 5, 6}, 7)), bytes_of({3, 0x7b}));
}

TEST(IndexCodec, names_what_is_wrong) {
  EXPECT_THAT(complaint({}, 0, 5), HasSubstr("there is no codec"));
  EXPECT_THAT(complaint(bytes_of({9}), 0, 5), HasSubstr("unknown codec 9"));
  EXPECT_THAT(complaint(bytes_of({0}), 6, 5), HasSubstr("6 of 5 coordinates"));
  EXPECT_THAT(complaint(bytes_of({0, 1, 0, 0}), 1, 5), HasSubstr("3 bytes, expected 4"));
  EXPECT_THAT(complaint(bytes_of({0, 5, 0, 0, 0}), 1, 5), HasSubstr("5 is not below 5"));
  EXPECT_THAT(complaint(bytes_of({0, 2, 0, 0, 0, 2, 0, 0, 0}), 2, 5), HasSubstr("2 follows 2"));
}

TEST(IndexCodec, asks_for_no_memory_that_the_bytes_do_not_fill) {
  for (const int codec : {0, 1, 2, 3, 7, 255}) {
    for (const std::size_t size : {1, 2, 9, 1000}) {
      Raw bytes(size, std::byte{1});
      bytes[0] = static_cast<std::byte>(codec);
      EXPECT_FALSE(complaint(bytes, kDimMax, kDimMax).empty());
      EXPECT_FALSE(complaint(bytes, kDimMax / 2, kDimMax).empty());
    }
  }
}

TEST(IndexCodec, draws_again_what_was_drawn) {
  for (const Draw how : {Draw::kSubset, Draw::kStratified, Draw::kBernoulli}) {
    const Indices drawn = draw(how, test::kSender, 5000, 700);
    const Raw bytes = raw(encode_draw({how, 700}));
    EXPECT_EQ(bytes.size(), how == Draw::kBernoulli ? 5U : 1U);
    EXPECT_EQ(outcome(bytes, drawn.size(), 5000), (Outcome{drawn, ""}));
    EXPECT_THAT(complaint(bytes, 5001, 5000), HasSubstr("5001 of 5000"));
    Raw longer = bytes;
    longer.push_back(std::byte{0});
    EXPECT_THAT(complaint(longer, drawn.size(), 5000),
                HasSubstr("expected " + std::to_string(bytes.size() - 1)));
  }
  const std::size_t count = draw(Draw::kBernoulli, test::kSender, 5000, 700).size();
  for (const std::size_t other : {count - 1, count + 1, std::size_t{0}}) {
    EXPECT_THAT(complaint(raw(encode_draw({Draw::kBernoulli, 700})), other, 5000), HasSubstr("has not"));
  }
  EXPECT_THAT(complaint(raw(encode_draw({Draw::kBernoulli, 5001})), 700, 5000), HasSubstr("5001 of 5000"));
}

bool valid(const Indices& indices, std::size_t k, std::uint32_t dim) {
  return indices.size() == k && std::is_sorted(indices.begin(), indices.end(), std::less_equal<>()) &&
         (indices.empty() || indices.back() < dim);
}

// Bytes that were damaged on the way, or made up: refused, or something valid; and never read out of bounds.
TEST(IndexCodec, survives_damage) {
  Rng rng(wisp::test::seed(), 0, 4, Purpose::kInit);
  std::size_t refused = 0;
  const auto expect_safe = [&](const Raw& bytes, std::size_t k, std::uint32_t dim) {
    const Outcome found = outcome(bytes, k, dim);
    ASSERT_TRUE(!found.complaint.empty() || valid(found.indices, k, dim));
    refused += found.complaint.empty() ? 0 : 1;
  };
  for (int i = 0; i < 3000; ++i) {
    const std::uint32_t dim = 1 + rng.below(i % 2 == 0 ? 3000 : 1'000'000);
    const std::size_t k = rng.below(std::min(dim, 1600U) + 1);
    const IndexCodec codec = kCodecs[rng.below(4)];
    const Raw whole = raw(encode_indices(uniform(rng, k, dim), dim, codec));
    Raw flipped = whole;
    for (std::uint32_t flips = 1 + rng.below(3); flips > 0; --flips) {
      const std::uint32_t bit = rng.below(static_cast<std::uint32_t>(8 * flipped.size()));
      flipped[bit / 8] ^= std::byte{1} << bit % 8;
    }
    ASSERT_NO_FATAL_FAILURE(expect_safe(flipped, k, dim));
    ASSERT_NO_FATAL_FAILURE(expect_safe(flipped, k, dim - dim / 3));
    Raw cut(whole.begin(), whole.begin() + rng.below(static_cast<std::uint32_t>(whole.size())));
    ASSERT_NE(complaint(cut, k, dim), "") << to_string(codec) << " " << k << " of " << dim;
    Raw longer = whole;
    for (std::uint32_t more = 1 + rng.below(9); more > 0; --more)
      longer.push_back(static_cast<std::byte>(rng.below(3)));
    ASSERT_NE(complaint(longer, k, dim), "") << to_string(codec) << " " << k << " of " << dim;
    if (k > 0) {
      ASSERT_NE(complaint(whole, k - 1, dim), "");
    }
    Raw random(rng.below(300));
    for (std::byte& each : random) each = static_cast<std::byte>(rng.below(256));
    if (!random.empty()) random[0] = static_cast<std::byte>(codec);
    ASSERT_NO_FATAL_FAILURE(expect_safe(random, k, dim));
  }
  EXPECT_GT(refused, 1000U);
}

}  // namespace
}  // namespace wisp::sparse
