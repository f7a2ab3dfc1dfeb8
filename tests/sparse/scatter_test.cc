#include "sparse/scatter.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "sparse/vector.h"
#include "tests/support/same_bits.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

template <class T>
class Scatter : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Scatter, Scalars);

// Of all kinds that rounding treats differently.
template <class T>
T any_value(Rng& rng) {
  constexpr T kSpecial[] = {T(0),
                            T(-0.0),
                            std::numeric_limits<T>::denorm_min(),
                            -std::numeric_limits<T>::min(),
                            std::numeric_limits<T>::max(),
                            std::numeric_limits<T>::infinity()};
  if (rng.below(5) == 0) return kSpecial[rng.below(6)];
  return static_cast<T>(rng.normal());
}

template <class T>
std::vector<T> any_values(Rng& rng, std::size_t size) {
  std::vector<T> values(size);
  for (T& each : values) each = any_value<T>(rng);
  return values;
}

template <class T>
T any_scale(Rng& rng) {
  constexpr T kScales[] = {T(1), T(-1), T(0), T(0.1), T(3e30)};
  return kScales[rng.below(5)];
}

TYPED_TEST(Scatter, is_the_plain_loop) {
  using T = TypeParam;
  Rng rng(test::seed(), 0, 0, Purpose::kData);
  for (const std::uint32_t dim : {1U, 2U, 7U, 100U, 3000U, 2'500'000U}) {
    for (int round = 0; round < (dim > 10'000 ? 2 : 40); ++round) {
      const std::uint32_t rare = round % 3 == 0 ? 1 : 1 + rng.below(40);
      std::vector<std::uint32_t> indices;
      for (std::uint32_t i = 0; i < dim; ++i) {
        if (rng.below(rare) == 0) indices.push_back(i);
      }
      const std::vector<T> values = any_values<T>(rng, indices.size());
      std::vector<T> y = any_values<T>(rng, dim);
      const T scale = any_scale<T>(rng);
      std::vector<T> want = y;
      for (std::size_t i = 0; i < indices.size(); ++i) want[indices[i]] += scale * values[i];
      scatter_add<T>(y, indices, values, scale);
      test::expect_same_bits(y, want);
    }
  }
}

// As a decoder adds what it has decoded.
TYPED_TEST(Scatter, pieces_are_the_whole) {
  using T = TypeParam;
  Rng rng(test::seed(), 0, 1, Purpose::kData);
  std::vector<std::uint32_t> indices(1000);
  rng.sample_without_replacement(5000, indices);
  const std::vector<T> values = any_values<T>(rng, indices.size());
  std::vector<T> y = any_values<T>(rng, 5000), whole = y;
  scatter_add<T>(whole, indices, values, T(0.3));
  for (std::size_t at = 0; at < indices.size(); at += 37) {
    const std::size_t size = std::min<std::size_t>(37, indices.size() - at);
    scatter_add<T>(y, std::span(indices).subspan(at, size), std::span(values).subspan(at, size), T(0.3));
  }
  test::expect_same_bits(y, whole);
}

TYPED_TEST(Scatter, nothing_adds_nothing) {
  std::vector<TypeParam> empty;
  scatter_add<TypeParam>(empty, {}, {}, TypeParam(1));
  dense_add<TypeParam>(empty, empty, TypeParam(1));
  std::vector<TypeParam> y = {TypeParam(-0.0)};
  scatter_add<TypeParam>(y, {}, {}, TypeParam(1));
  EXPECT_TRUE(std::signbit(y[0]));
}

TYPED_TEST(Scatter, dense_is_the_plain_loop_with_all_instructions) {
  using T = TypeParam;
  Rng rng(test::seed(), 0, 2, Purpose::kData);
  for (const Instructions instructions : available_instructions()) {
    for (const std::size_t size : {0U, 1U, 15U, 63U, 64U, 65U, 127U, 1000U, 4096U}) {
      for (std::size_t offset = 0; offset < 3; ++offset) {  // of the alignment
        const std::vector<T> values = any_values<T>(rng, size + offset);
        std::vector<T> y = any_values<T>(rng, size + offset);
        const T scale = any_scale<T>(rng);
        std::vector<T> want = y;
        for (std::size_t i = offset; i < want.size(); ++i) want[i] += scale * values[i];
        dense_add<T>(std::span(y).subspan(offset), std::span(values).subspan(offset), scale, instructions);
        test::expect_same_bits(y, want);
      }
    }
  }
}

// No product is fused with its sum: 1 - (1 + e)(1 - e) is e^2 then, and 0 here.
TYPED_TEST(Scatter, rounds_the_product) {
  using T = TypeParam;
  const T e = std::numeric_limits<T>::epsilon();
  for (const Instructions instructions : available_instructions()) {
    std::vector<T> y(200, T(-1));
    dense_add<T>(y, std::vector<T>(200, 1 + e), 1 - e, instructions);
    EXPECT_EQ(y, std::vector<T>(200, T(0)));
  }
  std::vector<T> y(200, T(-1));
  std::vector<std::uint32_t> indices(200);
  for (std::uint32_t i = 0; i < 200; ++i) indices[i] = i;
  scatter_add<T>(y, indices, std::vector<T>(200, 1 + e), 1 - e);
  EXPECT_EQ(y, std::vector<T>(200, T(0)));
}

TYPED_TEST(Scatter, vectors_add_by_these) {
  using T = TypeParam;
  Rng rng(test::seed(), 0, 3, Purpose::kData);
  const std::vector<T> dense = any_values<T>(rng, 1000);
  std::vector<std::uint32_t> indices(300), blocks(9);
  rng.sample_without_replacement(1000, indices);
  rng.sample_without_replacement(20, blocks);
  const std::vector<Vector<T>> vectors = {Vector<T>::all(dense), Vector<T>::at(dense, indices),
                                          Vector<T>::restricted(dense, Partition(1000, 20), blocks)};
  for (const Vector<T>& vector : vectors) {
    std::vector<T> y = any_values<T>(rng, 1000), want = y;
    vector.for_each([&](std::uint32_t at, T value) { want[at] += T(0.7) * value; });
    vector.add_to(y, T(0.7));
    test::expect_same_bits(y, want);
  }
}

}  // namespace
}  // namespace wisp::sparse
