#include "config/errors.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

Place at(std::shared_ptr<const Source> source, std::size_t line, std::size_t column, std::size_t length) {
  return {std::move(source), line, column, length};
}

TEST(Errors, look_like_those_of_gcc) {
  const auto source = source_of("a: 1\nplace: { kind: spred }\n");
  Mistakes mistakes;
  mistakes.add(at(source, 2, 16, 5), "unknown placement 'spred'", "did you mean 'spread'?");
  mistakes.add(at(source, 1, 1, 1), "no such key");
  EXPECT_EQ(text_of(mistakes),
            "job.yaml:1:1: error: no such key\n"
            "    1 | a: 1\n"
            "      | ^\n"
            "job.yaml:2:16: error: unknown placement 'spred'\n"
            "    2 | place: { kind: spred }\n"
            "      |                ^~~~~ did you mean 'spread'?\n");
}

TEST(Errors, do_not_repeat_a_line_without_need) {
  const auto source = source_of("place: { kind: spred }\n");
  Mistakes mistakes;
  mistakes.add(at(source, 1, 16, 5), "one", "hint");
  mistakes.add(at(source, 1, 1, 5), "two");
  mistakes.add(at(source, 1, 10, 4), "three", "hint");
  EXPECT_EQ(text_of(mistakes),
            "job.yaml:1:16: error: one\n"
            "    1 | place: { kind: spred }\n"
            "      |                ^~~~~ hint\n"
            "job.yaml:1:1: error: two\n"
            "job.yaml:1:10: error: three\n"
            "    1 | place: { kind: spred }\n"
            "      |          ^~~~ hint\n");
}

TEST(Errors, without_a_caret_have_the_hint_behind_the_message) {
  Mistakes mistakes;
  mistakes.add(at(source_of(""), 0, 0, 0), "the file is empty", "write one");
  mistakes.add(at(source_of("x"), 1, 1, 0), "'version' is missing", "add it");
  mistakes.add({}, "nowhere");
  EXPECT_EQ(text_of(mistakes),
            "job.yaml: error: the file is empty; write one\n"
            "error: nowhere\n"
            "job.yaml:1:1: error: 'version' is missing; add it\n");
}

TEST(Errors, of_an_option_show_the_option) {
  const auto option = std::make_shared<Source>(Source::Kind::kOption, "--set", "", "method=gdd", 3);
  Mistakes mistakes;
  mistakes.add(at(option, 1, 8, 3), "unknown method 'gdd'", "did you mean 'gd'?");
  EXPECT_EQ(text_of(mistakes),
            "--set: error: unknown method 'gdd'\n"
            "      | method=gdd\n"
            "      |        ^~~ did you mean 'gd'?\n");
}

TEST(Errors, count_characters_and_hide_what_a_terminal_would_obey) {
  const auto source = source_of("\tü: \x1b[31mx\n");
  Mistakes mistakes;
  mistakes.add(at(source, 1, 11, 1), "bad \x1b value");
  EXPECT_EQ(text_of(mistakes),
            "job.yaml:1:11: error: bad \\x1b value\n"
            "    1 |  ü:  [31mx\n"
            "      |          ^\n");
}

TEST(Errors, show_the_part_of_a_long_line_that_matters) {
  const auto source = source_of(std::string(5000, 'a') + "!" + std::string(5000, 'b'));
  Mistakes mistakes;
  mistakes.add(at(source, 1, 5001, 1), "here");
  EXPECT_EQ(text_of(mistakes), "job.yaml:1:5001: error: here\n    1 | " + std::string(80, 'a') + "!" +
                                   std::string(79, 'b') + "\n      | " + std::string(80, ' ') + "^\n");
}

TEST(Errors, stop_at_a_hundred) {
  Mistakes mistakes;
  for (int i = 0; i < 1000; ++i) mistakes.add({}, "x");
  EXPECT_TRUE(text_of(mistakes).ends_with("error: x\nand 900 more\n"));
}

TEST(Errors, are_json_too) {
  const auto source = source_of("a: 1\n");
  const auto json =
      nlohmann::json::parse(to_json({Mistake{at(source, 1, 4, 1), "m", "h"}, Mistake{{}, "n", ""}}));
  EXPECT_EQ(json, nlohmann::json::parse(R"({"errors": [
    {"file": "job.yaml", "line": 1, "column": 4, "length": 1, "message": "m", "hint": "h"},
    {"file": "", "line": 0, "column": 0, "length": 0, "message": "n", "hint": ""}]})"));
}

TEST(Errors, end_without_a_newline_as_every_error) {
  const ConfigErrors errors({Mistake{{}, "m", ""}});
  EXPECT_STREQ(errors.what(), "error: m");
  EXPECT_EQ(errors.fault(), Fault::kConfig);
}

}  // namespace
}  // namespace wisp::config
