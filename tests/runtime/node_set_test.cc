#include "runtime/node_set.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/seed.h"

namespace wisp::runtime {
namespace {

TEST(NodeSet, holds_what_a_set_holds) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(test::seed()));
  for (int repeat = 0; repeat < 50; ++repeat) {
    NodeSet found;
    std::set<NodeId> expected;
    for (int i = 0; i < 60; ++i) {
      const auto node = static_cast<NodeId>(random() % 80);
      found.insert(node);
      expected.insert(node);
      for (NodeId each = 0; each < 82; ++each)
        ASSERT_EQ(found.contains(each), expected.contains(each)) << each;
    }
    std::set<NodeId> visited;
    found.for_each([&visited](NodeId node) { visited.insert(visited.end(), node); });
    EXPECT_EQ(visited, expected);
  }
}

TEST(NodeSet, knows_the_first_and_the_last_number) {
  constexpr NodeId kLast = ~NodeId{0};
  NodeSet found;
  for (const NodeId node : {NodeId{0}, kLast, kLast - 1}) found.insert(node);
  EXPECT_TRUE(found.contains(0) && found.contains(kLast) && found.contains(kLast - 1));
  EXPECT_FALSE(found.contains(1) || found.contains(kLast - 2));
}

}  // namespace
}  // namespace wisp::runtime
