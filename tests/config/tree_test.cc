#include "config/tree.h"

#include <gtest/gtest.h>

#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

// A tree on one line: {a: 1, b: [x, ~]}.
std::string flat(const Node& node) {
  std::string out;
  switch (node.kind) {
    case Node::Kind::kNull:
      return "~";
    case Node::Kind::kScalar:
      return node.text;
    case Node::Kind::kList:
      for (const Node& item : node.items) out += (out.empty() ? "" : ", ") + flat(item);
      return "[" + out + "]";
    case Node::Kind::kMap:
      for (const Member& each : node.members)
        out += (out.empty() ? "" : ", ") + each.key + ": " + flat(each.value);
      return "{" + out + "}";
  }
  return out;
}

std::string merged(const std::string& under, const std::string& over) {
  Node node = tree_of(under);
  merge(node, tree_of(over));
  return flat(node);
}

TEST(Tree, a_schedule_replaces_a_word_or_a_number) {
  EXPECT_EQ(merged("{a: theory}", "{a: {schedule: inv-sqrt, initial: 1}}"),
            "{a: {schedule: inv-sqrt, initial: 1}}");
  EXPECT_EQ(merged("{a: {schedule: inv-sqrt, initial: 1}}", "{a: {initial: 2}}"),
            "{a: {schedule: inv-sqrt, initial: 2}}");
}

TEST(Tree, maps_merge_key_by_key) {
  EXPECT_EQ(merged("{a: {x: 1, y: 2}, b: 3}", "{a: {y: 5, z: 6}}"), "{a: {x: 1, y: 5, z: 6}, b: 3}");
}

TEST(Tree, scalars_and_lists_replace) {
  EXPECT_EQ(merged("{a: [1, 2], b: {c: 1}}", "{a: [3], b: word}"), "{a: [3], b: word}");
  EXPECT_EQ(merged("{a: [1, 2]}", "{a: {b: 1}}"), "{a: {b: 1}}");
}

TEST(Tree, null_deletes) {
  EXPECT_EQ(merged("{a: 1, b: 2}", "{a: null}"), "{b: 2}");
  EXPECT_EQ(merged("{b: 2}", "{a: null}"), "{b: 2, a: ~}");
}

TEST(Tree, a_bare_word_under_a_map_is_its_kind) {
  EXPECT_EQ(merged("{method: gd}", "{method: {step_size: paper}}"), "{method: {kind: gd, step_size: paper}}");
}

TEST(Tree, a_key_takes_the_place_of_never) {
  EXPECT_EQ(merged("{restart: never}", "{restart: {max: 5}}"), "{restart: {max: 5}}");
  EXPECT_EQ(merged("{restart: {kind: never}}", "{restart: {max: 5}}"), "{restart: {max: 5}}");
  EXPECT_EQ(merged("{restart: {max: 5}}", "{restart: never}"), "{restart: never}");
  EXPECT_EQ(merged("{restart: never}", "{restart: {}}"), "{restart: {kind: never}}");
  EXPECT_EQ(merged("{restart: never}", "{restart: {max: null}}"), "{restart: {kind: never, max: ~}}");
}

TEST(Tree, finds_and_erases_members) {
  Node node = tree_of("{a: 1, b: 2}");
  ASSERT_NE(node.find("b"), nullptr);
  EXPECT_EQ(node.find("b")->text, "2");
  erase(node, "b");
  EXPECT_EQ(node.find("b"), nullptr);
}

}  // namespace
}  // namespace wisp::config
