#include "cli/program.h"

#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

std::unique_ptr<problems::Program> shell(const std::string& script, double seconds = 60) {
  return start_program({{"sh", "-c", script}, seconds});
}

std::string asked(problems::Program& program, const std::string& request, std::size_t size) {
  std::string reply(size, '\0');
  program.exchange(std::as_bytes(std::span(request)), std::as_writable_bytes(std::span(reply)));
  return reply;
}

std::string complaint(problems::Program& program, const std::string& request, std::size_t size) {
  try {
    asked(program, request, size);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Program, answers_what_it_is_asked) {
  const auto cat = shell("exec cat");
  EXPECT_EQ(asked(*cat, "abc", 2), "ab");
  EXPECT_EQ(asked(*cat, "", 1), "c");
  std::string large(3'000'000, 'x');  // more than a pipe holds, both ways at once
  large.back() = 'y';
  EXPECT_EQ(asked(*cat, large, large.size()), large);
}

TEST(Program, one_that_can_not_be_started_is_named) {
  try {
    start_program({{"/nonexistent/model"}, 1});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot start /nonexistent/model: No such file"));
  }
}

TEST(Program, one_that_has_ended_says_how_and_its_last_lines) {
  const auto dead = shell("read line; echo first >&2; echo 'no such model' >&2; exit 3");
  EXPECT_EQ(complaint(*dead, "x\n", 8),
            "the command 'sh -c read line; echo first >&2; echo 'no such model' >&2; exit 3' has ended (exit "
            "status 3) instead of answering; the last lines of its stderr:\n    first\n    no such model");
  const auto killed = shell("kill -9 $$");
  EXPECT_THAT(complaint(*killed, std::string(1'000'000, 'x'), 8), HasSubstr("has ended (signal 9"));
  const auto closed = shell("exec >&-; exec sleep 100");
  EXPECT_THAT(complaint(*closed, "", 8), HasSubstr("has closed its stdin or stdout instead of answering"));
}

TEST(Program, one_that_answers_half_is_slow) {
  const auto slow = shell("echo thinking >&2; printf abcd; exec sleep 100", 0.2);
  const std::string text = complaint(*slow, "", 8);
  EXPECT_THAT(text, HasSubstr("has not answered within 0.2 s; speed it up, or raise problem.answer_seconds"));
  EXPECT_THAT(text, HasSubstr("\n    thinking"));
}

TEST(Program, only_the_last_lines_are_kept) {
  const auto loud = shell("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $i >&2; done; exit 1");
  const std::string text = complaint(*loud, "", 8);
  EXPECT_THAT(text, HasSubstr("stderr:\n    line 3\n"));
  EXPECT_THAT(text, HasSubstr("\n    line 12"));
}

TEST(Program, fails_with_the_text_that_it_is_given) {
  const auto quiet = shell("exec cat");
  try {
    quiet->fail("answers nonsense");
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the command 'sh -c exec cat' answers nonsense; it wrote nothing to stderr");
  }
}

}  // namespace
}  // namespace wisp::cli
