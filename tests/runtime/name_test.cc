#include "runtime/name.h"

#include <gtest/gtest.h>

namespace wisp::runtime {
namespace {

TEST(Name, copies_share_the_text) {
  const Name name("worker-3");
  const Name copy = name;
  EXPECT_EQ(copy.str(), "worker-3");
  EXPECT_EQ(&copy.str(), &name.str());
}

TEST(Name, may_be_empty) {
  EXPECT_EQ(Name().str(), "");
  EXPECT_EQ(Name("").str(), "");
  EXPECT_EQ(&Name().str(), &Name("").str());  // without memory of its own
}

}  // namespace
}  // namespace wisp::runtime
