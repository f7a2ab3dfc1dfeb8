#include "base/cpu.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace wisp {
namespace {

TEST(Instructions, begin_with_the_portable_ones_and_end_with_the_best) {
  const auto all = available_instructions();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.front(), Instructions::kPortable);
  EXPECT_EQ(all.back(), best_instructions());
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
}

TEST(Instructions, have_names) {
  EXPECT_EQ(to_string(Instructions::kPortable), "portable");
  EXPECT_EQ(to_string(Instructions::kAvx2), "avx2");
  EXPECT_EQ(to_string(Instructions::kAvx512), "avx512");
}

}  // namespace
}  // namespace wisp
