#include "problems/columns.h"

#include <span>

#include "problems/margins.h"
#include "tests/problems/any_rows.h"
#include "tests/support/same_bits.h"
#include "tests/support/seed.h"

namespace wisp::problems {
namespace {

template <class T>
class ColumnsTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ColumnsTest, Scalars);

template <class T>
void check(const Rows<T>& rows, std::uint32_t dim, std::size_t rows_max, Rng& rng) {
  std::vector<double> factor(rows.count()), want(dim);
  for (double& each : factor) each = rng.below(9) == 0 ? -0.0 : rng.normal();
  for (double& each : want) each = rng.below(2) == 0 ? -0.0 : rng.normal();
  std::vector<double> sum = want;
  for (std::size_t row = 0; row < rows.count(); ++row) {
    for (std::size_t i = 0; i < rows.indices(row).size(); ++i) {
      want[rows.indices(row)[i]] += factor[row] * static_cast<double>(rows.values(row)[i]);
    }
  }
  const Columns<T> columns(rows, dim, all_ones(rows), rows_max);
  std::size_t covered = 0;
  for (std::size_t block = 0; block < columns.blocks(); ++block) {
    ASSERT_EQ(columns.begin(block), covered);
    covered = columns.end(block);
    columns.add(block, std::span(factor).subspan(columns.begin(block)), sum);
  }
  ASSERT_EQ(covered, rows.count());
  wisp::test::expect_same_bits(sum, want);
}

TYPED_TEST(ColumnsTest, add_what_rows_add) {
  using T = TypeParam;
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kData);
  for (const bool ones : {false, true}) {
    for (const std::uint32_t dim : {1U, 7U, 8U, 9U, 50U}) {
      for (const std::size_t count : {0U, 1U, 30U, 300U, 700U}) {
        const bool skewed = rng.below(2) == 0;
        const Rows<T> rows = test::any_rows<T>(rng, count, dim, 1 + rng.below(20), skewed, ones);
        for (const std::size_t rows_max : {0U, 256U, 512U}) check(rows, dim, rows_max, rng);
      }
    }
  }
}

// Columns are sorted 4096 at a time, and groups of eight reach from one stretch into the next.
TYPED_TEST(ColumnsTest, add_what_rows_add_over_many_columns) {
  using T = TypeParam;
  Rng rng(wisp::test::seed(), 0, 1, Purpose::kData);
  for (const std::uint32_t rare : {3U, 40U, 4000U}) {
    check(test::any_rows<T>(rng, 60, 10'001, rare, false, rare == 40), 10'001, 0, rng);
    check(test::any_rows<T>(rng, 60, 4'095, rare, true, false), 4'095, 0, rng);
  }
}

// So many rows that the factors are asked for ahead, and that a block by shape is not all of them.
TYPED_TEST(ColumnsTest, add_what_rows_add_over_many_rows) {
  using T = TypeParam;
  Rng rng(wisp::test::seed(), 0, 2, Purpose::kData);
  for (const bool ones : {false, true}) {
    const Rows<T> rows = test::any_rows<T>(rng, 70'000, 12, 3, false, ones);
    EXPECT_EQ(Columns<T>(rows, 12, ones).blocks(), 2U);
    check(rows, 12, 0, rng);
    check(rows, 12, 131'072, rng);
  }
}

TYPED_TEST(ColumnsTest, pay_by_shape) {
  using C = Columns<TypeParam>;
  EXPECT_FALSE(C::pay(100, 1'000'000, true));
  EXPECT_EQ(C::pay(10'000, 100, false), sizeof(TypeParam) == sizeof(float));
  EXPECT_FALSE(C::pay(10'000'000, 100, false));
  EXPECT_TRUE(C::pay(10'000'000, 100, true));
  EXPECT_TRUE(C::pay(10'000'000, 1'000'000, false));
}

}  // namespace
}  // namespace wisp::problems
