#include "sparse/rank.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

template <class Number>
void expect_ranks_of(const std::vector<Number>& numbers) {
  std::vector<Number> sorted = numbers;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  std::vector<Number> work = numbers;
  for (std::size_t rank = 0; rank < numbers.size(); rank += 1 + numbers.size() / 50) {
    const Ranked<Number> found = ranked(std::span(work), rank);  // again and again over the same memory
    ASSERT_EQ(found.value, sorted[rank]);
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), found.value, std::greater<>());
    ASSERT_EQ(found.above, static_cast<std::size_t>(first - sorted.begin()));
    ASSERT_EQ(found.equal, static_cast<std::size_t>(last - first));
  }
}

TEST(Ranked, equals_a_full_sort) {
  Rng rng(test::seed(), 0, 0, Purpose::kInit);
  for (const std::size_t size : {1, 2, 3, 31, 1000, 5000}) {
    std::vector<std::uint32_t> narrow(size);
    std::vector<std::uint64_t> wide(size);
    for (const int bits : {0, 1, 5, 20, 32}) {
      for (auto& each : narrow) each = bits == 0 ? 7 : rng.next32() >> (32 - bits);
      for (auto& each : wide) each = bits == 0 ? ~std::uint64_t{0} : rng.next64() >> (2 * (32 - bits));
      expect_ranks_of(narrow);
      expect_ranks_of(wide);
    }
  }
}

}  // namespace
}  // namespace wisp::sparse
