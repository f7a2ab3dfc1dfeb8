#include "problems/margins.h"

#include "problems/dot.h"
#include "tests/problems/any_rows.h"
#include "tests/support/same_bits.h"
#include "tests/support/seed.h"

namespace wisp::problems {
namespace {

template <class T>
class MarginsTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(MarginsTest, Scalars);

// The sums in the order that dot.h promises, written out.
template <class T>
std::vector<T> naive(const Rows<T>& rows, std::size_t begin, std::size_t end, const std::vector<T>& x) {
  std::vector<T> out;
  for (std::size_t row = begin; row < end; ++row) {
    T sum[4] = {0, 0, 0, 0};
    for (std::size_t i = 0; i < rows.indices(row).size(); ++i) {
      sum[i % 4] += rows.values(row)[i] * x[rows.indices(row)[i]];
    }
    out.push_back((sum[0] + sum[1]) + (sum[2] + sum[3]));
  }
  return out;
}

template <class T>
void check(const Rows<T>& rows, std::uint32_t dim, Rng& rng) {
  std::vector<T> x(dim);
  for (T& each : x) each = rng.below(9) == 0 ? T(-0.0) : static_cast<T>(rng.normal());
  if (rng.below(4) == 0) x[rng.below(dim)] = std::numeric_limits<T>::infinity();
  const std::size_t begin = rows.count() / 3;
  std::vector<T> out(rows.count() - begin);
  Margins<T>(dim, all_ones(rows)).compute(rows, begin, rows.count(), x.data(), out.data());
  wisp::test::expect_same_bits(out, naive(rows, begin, rows.count(), x));
}

TYPED_TEST(MarginsTest, are_sparse_dot_whatever_the_shape) {
  using T = TypeParam;
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kData);
  for (const bool ones : {false, true}) {
    for (const std::uint32_t dim : {1U, 5U, 60U}) {
      for (const std::size_t count : {0U, 1U, 2U, 40U}) {
        check(test::any_rows<T>(rng, count, dim, 1 + rng.below(4), rng.below(2) == 0, ones), dim, rng);
      }
    }
  }
}

// So large an x that entries are asked for ahead, up to the very end of the rows.
TYPED_TEST(MarginsTest, look_ahead_no_further_than_there_are_entries) {
  using T = TypeParam;
  Rng rng(wisp::test::seed(), 0, 1, Purpose::kData);
  constexpr std::uint32_t kDim = 70'000;
  for (const bool ones : {false, true}) {
    check(test::any_rows<T>(rng, 0, kDim, 1, false, ones), kDim, rng);
    for (const std::uint32_t rare : {30'000U, 2'000U, 300U}) {
      Rows<T> rows = test::any_rows<T>(rng, 12, kDim, rare, false, ones);
      rows.shrink();  // what is read beyond them is found by the address sanitizer
      check(rows, kDim, rng);
    }
  }
}

TYPED_TEST(MarginsTest, ones_are_ones) {
  Rows<TypeParam> rows;
  EXPECT_TRUE(all_ones(rows));
  rows.index = {0, 1};
  rows.value = {1, 1};
  rows.finish_row(1);
  EXPECT_TRUE(all_ones(rows));
  rows.value[1] = TypeParam(-1);
  EXPECT_FALSE(all_ones(rows));
}

}  // namespace
}  // namespace wisp::problems
