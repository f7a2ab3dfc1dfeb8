#include "launcher/log_reader.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/disk.h"
#include "launcher/job_folder.h"
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

  Texts read(LogQuery query) {
    Texts texts;
    LogReader(folder_, std::move(query))
        .run([&](const LogLine& line) { texts.push_back(line.text); }, forever_);
    return texts;
  }

  test::TemporaryFolder dir_;
  std::unique_ptr<JobFolder> job_;
  std::filesystem::path folder_;
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
  EXPECT_EQ(read({{"worker-1"}, {}, false}), Texts{"worker-1"});
  EXPECT_EQ(read({{"worker-?"}, {}, false}), (Texts{"worker-1", "worker-2"}));
  EXPECT_EQ(read({{"master", "worker-1*"}, {}, false}), (Texts{"master", "worker-1", "worker-10"}));
  EXPECT_EQ(read({{"nobody"}, {}, false}), Texts{});
  EXPECT_EQ(LogReader(folder_, {{"worker-*"}, {}, false}).actors(),
            (Texts{"worker-1", "worker-10", "worker-2"}));
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
