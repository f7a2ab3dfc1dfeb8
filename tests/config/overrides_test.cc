#include "config/overrides.h"

#include <gtest/gtest.h>

#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

struct Outcome {
  Node root;
  std::string errors;
};

Outcome with(const std::string& text, const std::string& option) {
  Outcome outcome{tree_of(text), ""};
  Mistakes mistakes;
  apply_set(outcome.root, option, "/jobs", 1, mistakes);
  outcome.errors = text_of(mistakes);
  return outcome;
}

TEST(Overrides, put_a_value_where_the_path_says) {
  const Outcome outcome = with("a: { b: 1 }\n", "a.c.d=2");
  EXPECT_EQ(outcome.errors, "");
  EXPECT_EQ(outcome.root.find("a")->find("b")->text, "1");
  const Node& d = *outcome.root.find("a")->find("c")->find("d");
  EXPECT_EQ(d.text, "2");
  EXPECT_EQ(to_string(d.place), "--set");
  EXPECT_EQ(d.place.column, 7u);
}

TEST(Overrides, take_yaml_and_merge_it) {
  EXPECT_EQ(with("a: { b: 1 }\n", "a={c: [x, y]}").root.find("a")->find("c")->items[1].text, "y");
  EXPECT_EQ(with("a: { b: 1 }\n", "a={c: 2}").root.find("a")->find("b")->text, "1");
  EXPECT_EQ(with("a: 1\n", "b=x=y").root.find("b")->text, "x=y");
  EXPECT_EQ(with("method: gd\n", "method.step_size=paper").root.find("method")->find("kind")->text, "gd");
}

TEST(Overrides, take_the_place_of_never) {
  const Outcome outcome = with("checkpoint: never\n", "checkpoint.keep=5");
  EXPECT_EQ(outcome.root.find("checkpoint")->find("kind"), nullptr);
  EXPECT_EQ(outcome.root.find("checkpoint")->find("keep")->text, "5");
}

TEST(Overrides, reach_into_lists_and_append) {
  EXPECT_EQ(with("a: [ x, y ]\n", "a[1]=z").root.find("a")->items[1].text, "z");
  EXPECT_EQ(with("a: [ x ]\n", "a[1]=z").root.find("a")->items.size(), 2u);
  EXPECT_EQ(with("a: [ { b: 1 } ]\n", "a[0].b=2").root.find("a")->items[0].find("b")->text, "2");
}

TEST(Overrides, take_quoted_keys) {
  EXPECT_EQ(
      with("a: 1\n", "hosts.\"n3.lab\".slots=4").root.find("hosts")->find("n3.lab")->find("slots")->text,
      "4");
}

TEST(Overrides, of_nothing_delete) {
  EXPECT_EQ(with("a: 1\nb: 2\n", "a=").root.find("a"), nullptr);
  EXPECT_EQ(with("a: { c: 1 }\n", "a.c=null").root.find("a")->find("c"), nullptr);
}

TEST(Overrides, that_can_not_be_are_errors_of_the_option) {
  EXPECT_EQ(with("a: 1\n", "seed").errors,
            "--set: error: no assignment to a key\n"
            "      | seed\n"
            "      | ^~~~ write --set a.b[0].c=value\n");
  EXPECT_EQ(with("a: [ x ]\n", "a[3]=z").errors,
            "--set: error: [3] is past the end of the list\n"
            "      | a[3]=z\n"
            "      | ^~~~\n");
  EXPECT_EQ(with("a: [ x ]\n", "a.b=z").errors,
            "--set: error: what is before 'b' is a list\n"
            "      | a.b=z\n"
            "      | ^~~\n");
  EXPECT_EQ(with("a: { b: 1 }\n", "a[0]=z").errors,
            "--set: error: what is before [0] is no list\n"
            "      | a[0]=z\n"
            "      | ^~~~\n");
  EXPECT_EQ(with("a: 1\n", "b=[1").errors,
            "--set: error: not YAML: this '[' is never closed\n"
            "      | b=[1\n"
            "      |   ^\n");
  for (const char* bad : {"=1", ".a=1", "a..b=1", "a.=1", "a[x]=1", "a[=1", "[0]=1", "\"a=1", "a\"b\"c.=1"}) {
    EXPECT_NE(with("a: 1\n", bad).errors, "") << bad;
  }
}

}  // namespace
}  // namespace wisp::config
