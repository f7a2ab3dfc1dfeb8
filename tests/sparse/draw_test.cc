#include "sparse/draw.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

using Numbers = std::vector<std::uint32_t>;

constexpr Draw kAll[] = {Draw::kSubset, Draw::kStratified, Draw::kBernoulli};

void expect_strictly_increasing(const Numbers& numbers, std::uint32_t n) {
  EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>()), numbers.end());
  EXPECT_TRUE(numbers.empty() || numbers.back() < n);
}

TEST(Draw, has_distinct_sorted_numbers_that_exist) {
  for (const Draw how : kAll) {
    for (const std::uint32_t n : {1U, 2U, 17U, 1000U, 0xffff'ffffU}) {
      for (const std::uint32_t k : {0U, 1U, n / 2, n - 1, n}) {
        if (k > 1000) continue;
        const Numbers numbers = draw(how, {test::seed(), 3, n}, n, k);
        expect_strictly_increasing(numbers, n);
        const bool exact = how != Draw::kBernoulli || k == 0 || k == n;
        EXPECT_TRUE(!exact || numbers.size() == k);
      }
    }
  }
}

}  // namespace
}  // namespace wisp::sparse
