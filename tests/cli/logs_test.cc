#include "cli/logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

LogLine line(const std::string& actor, const std::string& text, int second = 7) {
  LogLine line;
  line.time = *parse_utc("2026-03-01T02:13:00Z") + std::chrono::seconds(second);
  line.actor = actor;
  line.attempt = 1;
  line.host = "local";
  line.round = 40;
  line.level = "warn";
  line.text = text;
  return line;
}

TEST(Logs, styles) {
  const LogLine each = line("worker-0", "slow");
  EXPECT_EQ(log_text(each, LogStyle::kStored), "2026-03-01T02:13:07.000Z worker-0#1@local r40 warn | slow\n");
  EXPECT_EQ(log_text(each, LogStyle::kBare), "slow\n");
  const std::string colored = log_text(each, LogStyle::kColored);
  EXPECT_EQ(colored.substr(0, 2), "\x1b[");
  EXPECT_THAT(colored, HasSubstr("warn\x1b[0m | slow\n"));
  const auto json = nlohmann::json::parse(log_text(each, LogStyle::kJson));
  EXPECT_EQ(json["actor"], "worker-0");
  EXPECT_EQ(json["round"], 40);
  EXPECT_EQ(json["text"], "slow");
}

TEST(Logs, what_an_actor_writes_can_not_control_the_terminal) {
  EXPECT_EQ(log_text(line("a", "\x1b[2J\xff"), LogStyle::kBare), "\\x1b[2J\\xff\n");
}

class LogsOfJob : public testing::Test {
 protected:
  LogsOfJob() : job_(scratch_, "mine", "converged") {
    job_.folder().log(line("worker-0", "first", 1));
    job_.folder().log(line("master", "second", 2));
    job_.folder().log(line("worker-0", "third", 3));
  }
  std::string shown(const LogsOptions& logs) {
    return test::printed([&] { EXPECT_EQ(logs_command(scratch_.options(), logs), 0); });
  }
  test::Scratch scratch_;
  test::Job job_;
};

TEST_F(LogsOfJob, lines_of_all_actors_in_the_order_of_time) {
  EXPECT_EQ(shown({.prefix = false}), "first\nsecond\nthird\n");
}

TEST_F(LogsOfJob, actors_by_name_or_pattern_and_the_last_lines) {
  EXPECT_EQ(shown({.actors = {"worker-*"}, .prefix = false}), "first\nthird\n");
  EXPECT_EQ(shown({.actors = {"worker-0"}, .last = 1, .prefix = false}), "third\n");
}

TEST_F(LogsOfJob, a_stretch_of_time_a_level_a_text_a_host) {
  EXPECT_EQ(shown({.prefix = false, .since = "2026-03-01T02:13:02Z"}), "second\nthird\n");
  EXPECT_EQ(shown({.prefix = false, .until = "2026-03-01T02:13:02Z"}), "first\n");
  EXPECT_EQ(shown({.prefix = false, .since = "1m"}), "");
  EXPECT_EQ(shown({.prefix = false, .level = "error"}), "");
  EXPECT_EQ(shown({.prefix = false, .level = "warn", .grep = "^(fir|thi)"}), "first\nthird\n");
  EXPECT_EQ(shown({.prefix = false, .host = "loc*"}), "first\nsecond\nthird\n");
  EXPECT_EQ(shown({.prefix = false, .host = "node2"}), "");
}

TEST_F(LogsOfJob, attempts) {
  LogLine again = line("worker-0", "again", 9);
  again.attempt = 2;
  job_.folder().log(again);
  EXPECT_EQ(shown({.actors = {"worker-0"}, .prefix = false, .previous = true}), "first\nthird\n");
  EXPECT_EQ(shown({.prefix = false, .attempt = 2}), "again\n");
}

TEST_F(LogsOfJob, times_and_expressions_that_are_none) {
  for (const LogsOptions& logs :
       {LogsOptions{.since = "yesterday"}, LogsOptions{.until = "2026"}, LogsOptions{.grep = "("}}) {
    const auto [fault, text] = test::error_of([&] { logs_command(scratch_.options(), logs); });
    EXPECT_EQ(fault, Fault::kUsage);
    EXPECT_THAT(text, testing::AnyOf(HasSubstr("neither a time ago such as 10m"),
                                     HasSubstr("no regular expression")));
  }
}

TEST_F(LogsOfJob, an_unknown_actor) {
  const auto [fault, text] =
      test::error_of([&] { logs_command(scratch_.options(), {.actors = {"worker-1"}}); });
  EXPECT_EQ(fault, Fault::kUsage);
  EXPECT_THAT(text, HasSubstr("has no actor 'worker-1'; did you mean 'worker-0'? (master | worker-0)"));
}

}  // namespace
}  // namespace wisp::cli
