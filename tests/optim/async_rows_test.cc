#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optim/rows.h"

namespace wisp::optim {
namespace {

TEST(AsynchronousMethods, wait_for_nobody_by_default) {
  const std::vector<Method> methods = asynchronous_methods();
  ASSERT_EQ(methods.size(), 3U);
  for (const Method& each : methods) {
    EXPECT_THAT(each.consistencies, testing::ElementsAre("async", "ssp")) << each.name;
    EXPECT_TRUE(each.any_sparsifier || each.other_sparsifiers == kBlockRefusal) << each.name;
  }
}

TEST(AsynchronousMethods, say_which_one_is_ours) {
  for (const Method& each : asynchronous_methods()) {
    const bool ours = each.description.find("our extension") != std::string::npos;
    EXPECT_EQ(ours, each.name == "async-isega");
  }
}

}  // namespace
}  // namespace wisp::optim
