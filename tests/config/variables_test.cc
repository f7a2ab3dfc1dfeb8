#include "config/variables.h"

#include <gtest/gtest.h>

#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

std::optional<std::string> lookup(const std::string& name) {
  if (name == "A") return "one";
  if (name == "EMPTY") return "";
  if (name == "DOLLAR") return "${A}";
  return std::nullopt;
}

struct Outcome {
  std::string text;
  bool broken = false;
  std::string errors;
};

Outcome outcome_of(const std::string& text) {
  Node node = make_scalar(text, {source_of("x: " + text), 1, 4, text.size()});
  Mistakes mistakes;
  substitute(node, lookup, mistakes);
  return {node.text, node.broken, text_of(mistakes)};
}

TEST(Variables, are_replaced) {
  EXPECT_EQ(outcome_of("${A}").text, "one");
  EXPECT_EQ(outcome_of("a ${A}-${A} b").text, "a one-one b");
  EXPECT_EQ(outcome_of("${B:-two}").text, "two");
  EXPECT_EQ(outcome_of("${B:-}").text, "");
  EXPECT_EQ(outcome_of("${A:-two}").text, "one");
  EXPECT_EQ(outcome_of("${EMPTY:-two}").text, "two");
  EXPECT_EQ(outcome_of("[${EMPTY}]").text, "[]");
  EXPECT_EQ(outcome_of("${A:?must be set}").text, "one");
  EXPECT_EQ(outcome_of("${B:-x${C:-${A}}y}").text, "xoney");
  EXPECT_EQ(outcome_of("${B:-a:b}").text, "a:b");
}

TEST(Variables, two_dollars_are_one) {
  EXPECT_EQ(outcome_of("$$").text, "$");
  EXPECT_EQ(outcome_of("$${A} $$$$").text, "${A} $$");
}

TEST(Variables, are_not_looked_for_in_values) { EXPECT_EQ(outcome_of("${DOLLAR}").text, "${A}"); }

TEST(Variables, that_are_not_set_are_errors) {
  EXPECT_EQ(outcome_of("${B}").errors,
            "job.yaml:1:4: error: variable 'B' is not set\n"
            "    1 | x: ${B}\n"
            "      |    ^~~~ set it with --var B=..., or write ${B:-default}\n");
  EXPECT_TRUE(outcome_of("${B}").broken);
  EXPECT_EQ(outcome_of("${B:?the folder of the data}").errors,
            "job.yaml:1:4: error: B: the folder of the data\n"
            "    1 | x: ${B:?the folder of the data}\n"
            "      |    ^~~~~~~~~~~~~~~~~~~~~~~~~~~~\n");
  EXPECT_TRUE(outcome_of("${EMPTY:?set it}").broken);
}

TEST(Variables, that_are_none_are_errors) {
  EXPECT_EQ(outcome_of("a$b").errors,
            "job.yaml:1:4: error: a lone '$'\n"
            "    1 | x: a$b\n"
            "      |    ^~~ write ${NAME} for a variable, $$ for a dollar\n");
  EXPECT_EQ(outcome_of("${A").errors,
            "job.yaml:1:4: error: '${' without its '}'\n"
            "    1 | x: ${A\n"
            "      |    ^~~ write $$ for a dollar\n");
  EXPECT_EQ(outcome_of("${A-b}").errors,
            "job.yaml:1:4: error: '${A-b}' is no variable\n"
            "    1 | x: ${A-b}\n"
            "      |    ^~~~~~ write ${NAME}, ${NAME:-default} or ${NAME:?message}\n");
  EXPECT_TRUE(outcome_of("${}").broken);
  EXPECT_TRUE(outcome_of("${1A}").broken);
  EXPECT_TRUE(outcome_of("$").broken);
  std::string deep = "x";
  for (int i = 0; i < 9; ++i) deep = "${B:-" + deep + "}";
  EXPECT_TRUE(outcome_of(deep).broken);
}

TEST(Variables, of_the_file_come_last) {
  Mistakes mistakes;
  const Node root = tree_of("vars: { A: file, N: 4, M: '${A}!' }\n");
  const Lookup all = with_vars(root, lookup, mistakes);
  EXPECT_EQ(text_of(mistakes), "");
  EXPECT_EQ(all("A"), "one");
  EXPECT_EQ(all("N"), "4");
  EXPECT_EQ(all("M"), "one!");
  EXPECT_EQ(all("B"), std::nullopt);
}

TEST(Variables, of_the_file_are_checked) {
  Mistakes mistakes;
  with_vars(tree_of("vars: { a-b: 1, C: [ 1 ] }\n"), lookup, mistakes);
  EXPECT_EQ(text_of(mistakes),
            "job.yaml:1:9: error: 'a-b' is no name for a variable\n"
            "    1 | vars: { a-b: 1, C: [ 1 ] }\n"
            "      |         ^~~ letters, digits and _\n"
            "job.yaml:1:20: error: variable 'C' must be text or a number\n");
}

}  // namespace
}  // namespace wisp::config
