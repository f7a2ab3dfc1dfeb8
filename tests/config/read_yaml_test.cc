#include "config/read_yaml.h"

#include <gtest/gtest.h>

#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

std::string errors_of_yaml(const std::string& text) {
  Mistakes mistakes;
  read_yaml(source_of(text), mistakes);
  return text_of(mistakes);
}

TEST(ReadYaml, knows_where_each_value_stands) {
  const Node root = tree_of("a: 1\nb: { c: 'q', d: [ x, \"two words\" ] }\n");
  EXPECT_EQ(to_string(root.find("a")->place), "job.yaml:1:4");
  EXPECT_EQ(to_string(root.members[1].place), "job.yaml:2:1");
  const Node& c = *root.find("b")->find("c");
  EXPECT_EQ(to_string(c.place), "job.yaml:2:9");
  EXPECT_EQ(c.place.length, 3u);
  EXPECT_TRUE(c.quoted);
  const Node& d = *root.find("b")->find("d");
  EXPECT_EQ(to_string(d.items[1].place), "job.yaml:2:22");
  EXPECT_EQ(d.items[1].place.length, 11u);
}

TEST(ReadYaml, tells_a_written_null_from_nothing) {
  const Node root = tree_of("a: ~\nb: null\nc:\nd: 'null'\n");
  EXPECT_TRUE(root.find("a")->is_null());
  EXPECT_FALSE(root.find("a")->empty);
  EXPECT_FALSE(root.find("b")->empty);
  EXPECT_TRUE(root.find("c")->empty);
  EXPECT_EQ(to_string(root.find("c")->place), "job.yaml:3:1");
  EXPECT_TRUE(root.find("d")->is_scalar());
}

TEST(ReadYaml, reads_aliases_as_copies) {
  const Node root = tree_of("x-e: &e { A: '1' }\nb: *e\nc: *e\n");
  EXPECT_EQ(root.find("c")->find("A")->text, "1");
  EXPECT_EQ(to_string(root.find("c")->find("A")->place), "job.yaml:1:14");
}

TEST(ReadYaml, nothing_is_no_document) {
  Mistakes mistakes;
  EXPECT_EQ(read_yaml(source_of("# only this\n"), mistakes), std::nullopt);
  EXPECT_TRUE(mistakes.empty());
}

TEST(ReadYaml, may_begin_in_the_middle_of_a_line) {
  Mistakes mistakes;
  const auto node = read_yaml(source_of("a.b=[x, yy]"), mistakes, 4);
  ASSERT_TRUE(node.has_value());
  EXPECT_EQ(to_string(node->items[1].place), "job.yaml:1:9");
}

TEST(ReadYaml, reports_duplicate_keys_with_both_lines) {
  EXPECT_EQ(errors_of_yaml("seed: 1\nname: a\nseed: 2\nstop: { gap: 1, gap: 2 }\n"),
            "job.yaml:3:1: error: duplicate key 'seed'; it was first given in line 1\n"
            "    3 | seed: 2\n"
            "      | ^~~~\n"
            "job.yaml:4:17: error: duplicate key 'gap'; it was first given in line 4\n"
            "    4 | stop: { gap: 1, gap: 2 }\n"
            "      |                 ^~~\n");
}

TEST(ReadYaml, refuses_a_second_document) {
  EXPECT_EQ(errors_of_yaml("---\na: 1\n---\nb: 2\n"),
            "job.yaml:3:1: error: a second document begins here, but a job is one document\n"
            "    3 | ---\n"
            "      | ^ remove the '---'\n");
  EXPECT_NE(errors_of_yaml("a: 1\n---\n"), "");
  EXPECT_EQ(errors_of_yaml("---\na: 1\n...\n"), "");
}

TEST(ReadYaml, refuses_merge_keys_tags_and_keys_that_are_no_words) {
  EXPECT_EQ(errors_of_yaml("a: &x { b: 1 }\nc:\n  <<: *x\n"),
            "job.yaml:3:3: error: merge keys (<<) are not taken\n"
            "    3 |   <<: *x\n"
            "      |   ^~ include a file, or repeat the keys\n");
  EXPECT_EQ(errors_of_yaml("a: !secret b\n"),
            "job.yaml:1:4: error: a job file has no tags\n"
            "    1 | a: !secret b\n"
            "      |    ^ leave out the '!...'\n");
  EXPECT_EQ(errors_of_yaml("[a, b]: 1\n"),
            "job.yaml:1:1: error: a key must be a word\n"
            "    1 | [a, b]: 1\n"
            "      | ^\n");
  EXPECT_EQ(errors_of_yaml("a: !!str 5\n"), "");
}

TEST(ReadYaml, says_where_it_is_no_yaml) {
  EXPECT_EQ(errors_of_yaml("a: 1\nb: [1, 2\nc: 3\n"),
            "job.yaml:3:2: error: not YAML: end of sequence flow not found\n"
            "    3 | c: 3\n"
            "      |  ^\n");
  EXPECT_EQ(errors_of_yaml("a: { b: 1,\n  c: [ 2 ],\n"),
            "job.yaml:1:4: error: not YAML: this '{' is never closed\n"
            "    1 | a: { b: 1,\n"
            "      |    ^\n");
  EXPECT_EQ(errors_of_yaml("a:\n\tb: 1\n"),
            "job.yaml:2:3: error: not YAML: illegal map value\n"
            "    2 |  b: 1\n"
            "      |   ^ indent with blanks, not with tabs\n");
  EXPECT_EQ(errors_of_yaml("a: *b\n"),
            "job.yaml:1:4: error: not YAML: the referenced anchor is not defined\n"
            "    1 | a: *b\n"
            "      |    ^\n");
  EXPECT_EQ(errors_of_yaml("a: 1\nb: \"x\n"),
            "job.yaml:2:4: error: this quote is never closed\n"
            "    2 | b: \"x\n"
            "      |    ^\n");
  EXPECT_EQ(errors_of_yaml("'b'c>\r"),  // the return is no part of the line
            "job.yaml:1:4: error: the job's value has ended before this\n"
            "    1 | 'b'c>\n"
            "      |    ^ a job is one map, of keys and values\n");
  EXPECT_NE(errors_of_yaml("b: 'it''s"), "");
  EXPECT_EQ(errors_of_yaml("b: 'it''s'"), "");
}

TEST(ReadYaml, says_that_a_variable_in_a_flow_map_needs_quotes) {
  EXPECT_EQ(errors_of_yaml("a: { x: ${X:-1} }\n"),
            "job.yaml:1:9: error: a variable inside { } or [ ] needs quotes\n"
            "    1 | a: { x: ${X:-1} }\n"
            "      |         ^~~~~~~ write \"${X:-1}\"\n");
}

TEST(ReadYaml, limits_depth) {
  EXPECT_EQ(errors_of_yaml(std::string(32, '[') + "1" + std::string(32, ']')), "");
  EXPECT_NE(errors_of_yaml(std::string(33, '[')).find("nested more than 32 deep"), std::string::npos);
  EXPECT_NE(errors_of_yaml(std::string(100'000, '[')).find("nested more than 32 deep"), std::string::npos);
  EXPECT_NE(errors_of_yaml(std::string(100'000, '{')).find("nested more than 32 deep"), std::string::npos);
}

TEST(ReadYaml, a_billion_laughs_are_an_error) {
  std::string bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int k = 1; k < 10; ++k) bomb += ", " + below;
    bomb += "]\n";
  }
  EXPECT_NE(errors_of_yaml(bomb).find("job.yaml:5:10: error: more than 20000 values, with aliases expanded"),
            std::string::npos)
      << errors_of_yaml(bomb);
}

TEST(ReadYaml, refuses_an_alias_to_what_it_stands_in) {
  EXPECT_NE(errors_of_yaml("a: &x [ *x ]\n").find("an alias to the value that it stands in"),
            std::string::npos);
}

TEST(ReadYaml, knows_what_can_be_no_job_file) {
  EXPECT_EQ(reason_against("a: ü\n"), "");
  EXPECT_EQ(reason_against(std::string(1 << 20, 'a')), "");
  EXPECT_EQ(reason_against(std::string((1 << 20) + 1, 'a')), "larger than 1 MiB");
  EXPECT_EQ(reason_against(std::string("a\0b", 3)), "not UTF-8 text");
  EXPECT_EQ(reason_against("a: \xff"), "not UTF-8 text");
  EXPECT_EQ(reason_against("a: \xc3"), "not UTF-8 text");
}

}  // namespace
}  // namespace wisp::config
