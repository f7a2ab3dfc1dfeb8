#include "launcher/log_copies.h"

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "base/error.h"
#include "tests/launcher/log_lines.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using test::line_of;
using testing::ElementsAre;

const std::string kJob = "0123abcd";

class LogCopiesTest : public testing::Test {
 protected:
  message::KeepLogs keep(std::uint64_t size = 1 << 20) const { return {kJob, "n1", "text", size, 5}; }
  std::vector<std::string> replay(const std::vector<LogPosition>& have = {}) {
    LogReplay log(workdir_.path(), {kJob, "n1", have});
    writer_ = log.writer();
    std::vector<std::string> texts;
    while (const auto line = log.next()) texts.push_back(line->text);
    EXPECT_EQ(log.lines(), texts.size());
    return texts;
  }
  bool is_there() const { return std::filesystem::exists(workdir_.path() / "logs"); }

  test::TemporaryFolder workdir_;
  std::int64_t writer_ = -1;
};

TEST_F(LogCopiesTest, give_what_the_asker_does_not_have) {
  const test::TemporaryFolder folder;
  LogFiles driver(folder.path(), test::rotated(120, 5));
  {
    LogCopies copies(workdir_.path(), keep(120));
    for (int i = 0; i < 9; ++i) {
      copies.append(line_of("worker-1", "line " + std::to_string(i)));
      if (i < 4) driver.append(line_of("worker-1", "line " + std::to_string(i)));
    }
    copies.append(line_of("worker-2", "other"));
    EXPECT_THAT(replay(driver.positions()),
                ElementsAre("line 4", "line 5", "line 6", "line 7", "line 8", "other"));
    EXPECT_EQ(writer_, ::getpid());
  }
  EXPECT_EQ(replay().size(), 10u);
  EXPECT_EQ(writer_, 0);
}

TEST_F(LogCopiesTest, what_was_replayed_makes_the_same_files) {
  const test::TemporaryFolder folder;
  LogFiles driver(folder.path(), test::rotated(120, 5));
  LogCopies copies(workdir_.path(), keep(120));
  for (int i = 0; i < 9; ++i) copies.append(line_of("worker-1", "line " + std::to_string(i)));
  LogReplay log(workdir_.path(), {kJob, "n1", {}});
  while (const auto line = log.next()) driver.append(*line);
  for (const LogName& each : list_logs(folder.path() / "worker-1")) {
    EXPECT_EQ(SystemDisk().read_text(workdir_.path() / "logs" / kJob / "n1" / "worker-1" / to_string(each)),
              SystemDisk().read_text(folder.path() / "worker-1" / to_string(each)));
  }
}

TEST_F(LogCopiesTest, a_host_keeps_them_until_they_are_forgotten) {
  HostLogs logs(workdir_.path());
  const message::Line line{"a", 1, "a", "info", std::nullopt, "hello", {}};
  EXPECT_FALSE(logs.add(line));
  EXPECT_FALSE(is_there()) << "nobody has asked for a copy";
  logs.keep(keep());
  EXPECT_TRUE(logs.kept());
  EXPECT_FALSE(logs.add(line));
  EXPECT_THAT(replay(), ElementsAre("hello"));
  logs.forget({kJob, "n1"});
  EXPECT_FALSE(logs.kept());
  EXPECT_FALSE(is_there());
  SystemDisk().write_text(workdir_.path() / "logs", "a file");
  logs.keep(keep());
  EXPECT_EQ(logs.add(line)->level, "warn");
  EXPECT_FALSE(logs.add(line)) << "that is said once";
}

TEST_F(LogCopiesTest, are_forgotten_when_nobody_writes_them) {
  {
    LogCopies copies(workdir_.path(), keep());
    copies.append(line_of("a", "x"));
    forget_logs(workdir_.path(), {kJob, "n1"});
    EXPECT_TRUE(is_there());
  }
  forget_logs(workdir_.path(), {kJob, "n2"});
  EXPECT_EQ(replay().size(), 1u);
  forget_logs(workdir_.path(), {kJob, "n1"});
  EXPECT_FALSE(is_there());
  forget_logs(workdir_.path(), {kJob, "n1"});
  EXPECT_TRUE(replay().empty());
  EXPECT_EQ(writer_, 0);
}

TEST_F(LogCopiesTest, are_forgotten_when_they_are_old) {
  { LogCopies(workdir_.path(), keep()).append(line_of("a", "x")); }
  forget_old_logs(workdir_.path(), std::chrono::hours(1));
  EXPECT_TRUE(is_there());
  forget_old_logs(workdir_.path(), std::chrono::hours(-1));
  EXPECT_FALSE(is_there());
}

TEST_F(LogCopiesTest, a_name_never_becomes_a_path) {
  for (const char* job : {"", "..", "0123abc", "0123ABCD", "0123abcd/.."}) {
    EXPECT_THROW(LogCopies(workdir_.path(), {job, "n1", "text", 1000, 5}), Error) << job;
    EXPECT_THROW(forget_logs(workdir_.path(), {job, "n1"}), Error) << job;
  }
  for (const char* host : {"", "..", "a/b", "-x"})
    EXPECT_THROW(LogReplay(workdir_.path(), {kJob, host, {}}), Error);
}

TEST_F(LogCopiesTest, one_agent_writes_a_copy) {
  const LogCopies copies(workdir_.path(), keep());
  EXPECT_THROW(LogCopies(workdir_.path(), keep()), Error);
}

}  // namespace
}  // namespace wisp::launcher
