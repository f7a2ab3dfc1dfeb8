#include "launcher/log_reader.h"

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/disk.h"
#include "base/error.h"
#include "launcher/job_folder.h"
#include "launcher/log_files.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using Texts = std::vector<std::string>;

class LogReaderTest : public testing::Test {
 protected:
  LogReaderTest() : job_(std::make_unique<JobFolder>(dir_.path(), "j", nullptr)), folder_(job_->path()) {}

  void log(const std::string& actor, int second, const std::string& text, std::uint32_t attempt = 1,
           const std::string& host = "local") {
    const auto time = *parse_utc("2026-03-01T00:00:00Z") + std::chrono::seconds(second);
    job_->log(LogLine{time, actor, attempt, host, std::nullopt, "info", text});
  }

  // A line of level, host and attempt as given.
  void log_as(const std::string& actor, const std::string& level, const std::string& host,
              std::uint32_t attempt, const std::string& text) {
    const auto time = *parse_utc("2026-03-01T00:00:00Z") + std::chrono::seconds(++second_);
    job_->log(LogLine{time, actor, attempt, host, std::nullopt, level, text});
  }

  Texts read(LogQuery query) {
    Texts texts;
    LogReader(folder_, std::move(query))
        .run([&](const LogLine& line) { texts.push_back(line.text); }, forever_);
    return texts;
  }

  test::TemporaryFolder dir_;
  std::unique_ptr<JobFolder> job_;
  std::filesystem::path folder_;
  int second_ = 0;
  const std::function<bool()> forever_ = [] { return true; };
};

TEST_F(LogReaderTest, merges_actors_by_time) {
  log("master", 1, "a");
  log("master", 3, "c");
  log("worker-1", 2, "b");
  log("worker-1", 4, "d");
  EXPECT_EQ(read({}), (Texts{"a", "b", "c", "d"}));
}

TEST_F(LogReaderTest, takes_names_and_patterns) {
  for (const char* actor : {"master", "worker-1", "worker-2", "worker-10"}) log(actor, 1, actor);
  EXPECT_EQ(read({.actors = {"worker-1"}}), Texts{"worker-1"});
  EXPECT_EQ(read({.actors = {"worker-?"}}), (Texts{"worker-1", "worker-2"}));
  EXPECT_EQ(read({{"master", "worker-1*"}, {}, false}), (Texts{"master", "worker-1", "worker-10"}));
  EXPECT_EQ(read({{"nobody"}, {}, false}), Texts{});
  EXPECT_EQ(LogReader(folder_, {{"worker-*"}, {}, false}).actors(),
            (Texts{"worker-1", "worker-10", "worker-2"}));
}

TEST_F(LogReaderTest, there_may_be_more_logs_than_files_were_allowed_to_be_open) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = 200;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  for (int i = 0; i < 300; ++i) log("worker-" + std::to_string(i), i, "x");
  EXPECT_EQ(read({}).size(), 300u);
}

TEST_F(LogReaderTest, gives_the_last_lines_of_each_actor) {
  for (int i = 0; i < 5; ++i) {
    log("a", i, "a" + std::to_string(i));
    log("b", i, "b" + std::to_string(i));
  }
  EXPECT_EQ(read({{}, 2, false}), (Texts{"a3", "b3", "a4", "b4"}));
  EXPECT_EQ(read({{"a"}, 0, false}), Texts{});
  EXPECT_EQ(read({{"a"}, 99, false}).size(), 5u);
}

TEST_F(LogReaderTest, the_last_lines_may_lie_in_several_attempts_and_far_back) {
  const std::string wide(5000, 'x');
  for (int i = 0; i < 40; ++i) log("a", i, std::to_string(i) + wide, 1);
  log("a", 50, "second", 2);
  const Texts texts = read({{"a"}, 30, false});
  ASSERT_EQ(texts.size(), 30u);
  EXPECT_EQ(texts.front().substr(0, 3), "11x");
  EXPECT_EQ(texts.back(), "second");
  EXPECT_EQ(read({{"a"}, 1, false}), Texts{"second"});
}

TEST_F(LogReaderTest, corrects_the_hosts_clocks) {
  JobState state;
  state.job = "j";
  state.clock_offsets["fast"] = std::chrono::seconds(100);
  job_->write_state(state);
  log("a", 2, "second", 1, "local");
  log("b", 101, "first", 1, "fast");
  EXPECT_EQ(read({}), (Texts{"first", "second"}));
}

TEST_F(LogReaderTest, a_file_keeps_its_order_when_a_clock_goes_back) {
  log("a", 5, "one");
  log("a", 1, "two");
  log("b", 3, "early");
  EXPECT_EQ(read({}), (Texts{"early", "one", "two"}));
}

TEST_F(LogReaderTest, a_clock_that_is_an_hour_off_does_not_put_the_effect_before_the_cause) {
  JobState state;
  state.job = "j";
  state.clock_offsets = {{"here", std::chrono::microseconds(0)}, {"there", std::chrono::hours(-1)}};
  job_->write_state(state);
  for (int round = 0; round < 3; ++round) {
    log("master", 10 * round, "model " + std::to_string(round), 1, "here");
    log("worker-0", 10 * round + 1 - 3600, "update " + std::to_string(round), 1, "there");
  }
  EXPECT_EQ(read({}), (Texts{"model 0", "update 0", "model 1", "update 1", "model 2", "update 2"}));
  LogQuery query;
  query.since = *parse_utc("2026-03-01T00:00:11Z");
  query.until = *parse_utc("2026-03-01T00:00:21Z");
  EXPECT_EQ(read(query), (Texts{"update 1", "model 2"})) << "times are the driver's";
}

TEST_F(LogReaderTest, takes_a_stretch_of_time) {
  for (int i = 0; i < 6; ++i) log("a", i, std::to_string(i));
  LogQuery query;
  query.since = *parse_utc("2026-03-01T00:00:02Z");
  EXPECT_EQ(read(query), (Texts{"2", "3", "4", "5"}));
  query.until = *parse_utc("2026-03-01T00:00:04Z");
  EXPECT_EQ(read(query), (Texts{"2", "3"}));
}

TEST_F(LogReaderTest, takes_a_level_and_above) {
  for (const char* level : {"debug", "info", "out", "warn", "err", "error"})
    log_as("a", level, "n", 1, level);
  LogQuery query;
  query.minimum = Level::kInfo;
  EXPECT_EQ(read(query), (Texts{"info", "out", "warn", "err", "error"}));
  query.minimum = Level::kWarn;
  EXPECT_EQ(read(query), (Texts{"warn", "err", "error"}));
  query.minimum = Level::kError;
  EXPECT_EQ(read(query), Texts{"error"});
}

TEST_F(LogReaderTest, takes_a_regular_expression) {
  for (const char* text : {"gradient 3 ms", "gradient 12 ms", "gap 1e-3"}) log_as("a", "info", "n", 1, text);
  LogQuery query;
  query.pattern = "gradient [0-9]+ ms$";
  EXPECT_EQ(read(query), (Texts{"gradient 3 ms", "gradient 12 ms"}));
  query.pattern = "^g(ap|.* 12)";
  EXPECT_EQ(read(query), (Texts{"gradient 12 ms", "gap 1e-3"}));
  query.pattern = "(";
  EXPECT_THROW(read(query), Error);
}

TEST_F(LogReaderTest, takes_hosts_by_name_or_pattern) {
  for (const char* host : {"node1", "node2", "other"}) log_as("a", "info", host, 1, host);
  LogQuery query;
  query.host = "node2";
  EXPECT_EQ(read(query), Texts{"node2"});
  query.host = "node*";
  EXPECT_EQ(read(query), (Texts{"node1", "node2"}));
}

TEST_F(LogReaderTest, takes_one_attempt_or_the_one_before_the_newest) {
  for (const std::uint32_t attempt : {1u, 2u, 3u})
    log_as("a", "info", "n", attempt, "a" + std::to_string(attempt));
  log_as("b", "info", "n", 1, "b1");
  LogQuery query;
  query.attempt = 1;
  EXPECT_EQ(read(query), (Texts{"a1", "b1"}));
  query.attempt = 3;
  EXPECT_EQ(read(query), Texts{"a3"});
  query.attempt.reset();
  query.previous = true;
  EXPECT_EQ(read(query), Texts{"a2"});
}

TEST_F(LogReaderTest, the_last_lines_are_of_those_that_are_wanted) {
  for (int i = 0; i < 20; ++i) log_as("a", i % 5 == 0 ? "warn" : "info", "n", 1, std::to_string(i));
  LogQuery query;
  query.minimum = Level::kWarn;
  query.last = 2;
  EXPECT_EQ(read(query), (Texts{"10", "15"}));
}

TEST_F(LogReaderTest, reads_both_forms) {
  log("a", 1, "text");
  LogSpec spec;
  spec.format = "json";
  LogFiles(folder_ / "logs", spec)
      .append({*parse_utc("2026-03-01T00:00:02Z"), "b", 1, "local", std::nullopt, "info", "json"});
  EXPECT_EQ(read({}), (Texts{"text", "json"}));
}

TEST_F(LogReaderTest, follows_files_that_are_put_aside_and_loses_no_line) {
  LogSpec spec;
  spec.rotate_size = 200;  // three lines
  LogFiles files(folder_ / "logs", spec);
  int written = 0;
  const auto write = [&](int count) {
    for (int i = 0; i < count; ++i) {
      files.append({*parse_utc("2026-03-01T00:00:00Z"), "a", 1, "local", std::nullopt, "info",
                    std::to_string(written++)});
    }
  };
  write(1);
  Texts texts;
  LogReader(folder_, {{}, {}, true})
      .run(
          [&](const LogLine& line) {
            texts.push_back(line.text);
            if (line.text != std::to_string(written - 1))
              return;  // it writes what a reader finds at its next look
            if (written < 60) return write(written % 11 + 1);
            job_.reset();
          },
          forever_);
  Texts all;
  for (int i = 0; i < written; ++i) all.push_back(std::to_string(i));
  EXPECT_EQ(texts, all);
}

TEST_F(LogReaderTest, follows_until_a_moment_that_is_past) {
  log("a", 1, "before");
  LogQuery query;
  query.follow = true;
  query.until = *parse_utc("2026-03-01T00:00:02Z");
  EXPECT_EQ(read(query), Texts{"before"});
}

TEST_F(LogReaderTest, follows_until_the_driver_has_ended) {
  log("a", 1, "before");
  Texts texts;
  LogReader(folder_, {{}, {}, true})
      .run(
          [&](const LogLine& line) {
            texts.push_back(line.text);
            if (line.text == "before") log("b", 2, "a new file");
            if (line.text == "a new file") {
              log("a", 3, "the last word");
              job_.reset();
            }
          },
          forever_);
  EXPECT_EQ(texts, (Texts{"before", "a new file", "the last word"}));
}

TEST_F(LogReaderTest, stops_when_told) {
  int asked = 0;
  LogReader(folder_, {{}, {}, true}).run([](const LogLine&) {}, [&] { return ++asked < 3; });
  EXPECT_EQ(asked, 3);
}

TEST_F(LogReaderTest, foreign_text_comes_as_it_is) {
  log("a", 1, "ours");
  SystemDisk().append_text(job_->log_path("a", 1), "what is this\nunfinished");
  EXPECT_EQ(read({}), (Texts{"ours", "what is this"}));
}

}  // namespace
}  // namespace wisp::launcher
