#include "base/error.h"

#include <gtest/gtest.h>

namespace wisp {
namespace {

TEST(Error, says_what_happened_and_who_has_to_act) {
  const Error error("can't read x: gone", Fault::kConfig);
  EXPECT_STREQ(error.what(), "can't read x: gone");
  EXPECT_EQ(error.fault(), Fault::kConfig);
  EXPECT_EQ(Error("x").fault(), Fault::kFailed);
}

}  // namespace
}  // namespace wisp
