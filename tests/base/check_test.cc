#include "base/check.h"

#include <gtest/gtest.h>

namespace wisp {
namespace {

TEST(Check, lets_pass_what_holds) { WISP_CHECK(1 + 1 == 2, "arithmetic"); }

TEST(CheckDeathTest, prints_where_and_why_and_aborts) {
  EXPECT_EXIT(WISP_CHECK(1 + 1 == 3, "arithmetic"), testing::KilledBySignal(SIGABRT),
              "check_test.cc:[0-9]+: check failed: 1 \\+ 1 == 3: arithmetic");
}

}  // namespace
}  // namespace wisp
