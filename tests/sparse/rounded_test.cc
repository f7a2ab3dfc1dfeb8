#include "sparse/rounded.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace wisp::sparse {
namespace {

constexpr std::uint32_t kDim = 1000;

std::unique_ptr<Sparsifier<double>> top_100() {
  static const Catalog catalog;
  return catalog.make<double>({.kind = "top-k", .density = 0.1}, kDim, 1, 5, 0);
}

std::vector<double> dense() {
  Rng rng(1, 0, 0, Purpose::kInit);
  std::vector<double> values(kDim);
  for (double& each : values) each = rng.normal();
  return values;
}

TEST(Rounded, chooses_the_same_and_has_the_values_that_travel) {
  const auto exact = top_100()->select(dense(), 3);
  const auto rounded = make_rounded(top_100(), ValueCodec::kQ8, 5, 0)->select(dense(), 3);
  EXPECT_EQ(rounded.numbers, exact.numbers);
  ASSERT_TRUE(rounded.coded);
  EXPECT_EQ(rounded.coded->codec, ValueCodec::kQ8);
  std::vector<double> decoded(exact.nnz());
  decode_values(std::span<const std::byte>(rounded.coded->bytes), ValueCodec::kQ8, std::span(decoded));
  EXPECT_EQ(rounded.values, decoded);
  EXPECT_NE(rounded.values, exact.values);
}

TEST(Rounded, is_a_function_of_seed_worker_and_round) {
  const auto at = [](std::uint64_t seed, std::uint32_t worker, std::uint64_t round) {
    return make_rounded(top_100(), ValueCodec::kQ4, seed, worker)->select(dense(), round).values;
  };
  EXPECT_EQ(at(5, 1, 9), at(5, 1, 9));
  EXPECT_NE(at(5, 1, 9), at(6, 1, 9));
  EXPECT_NE(at(5, 1, 9), at(5, 2, 9));
  EXPECT_NE(at(5, 1, 9), at(5, 1, 10));
}

}  // namespace
}  // namespace wisp::sparse
