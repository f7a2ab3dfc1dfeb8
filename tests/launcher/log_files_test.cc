#include "launcher/log_files.h"

#include <sys/stat.h>

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/disk.h"
#include "base/error.h"
#include "tests/launcher/log_lines.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using test::line_of;
using testing::ElementsAre;
using Names = std::vector<std::string>;

// Takes two lines of 15 bytes of text, not three.
LogSpec small(std::uint32_t files) { return test::rotated(150, files); }

class LogFilesTest : public testing::Test {
 protected:
  void fill(LogFiles& files, int lines, std::uint32_t attempt = 1) {
    for (int i = 0; i < lines; ++i)
      files.append(line_of("a", "line number " + std::to_string(100 + i), attempt));
  }
  Names names() const {
    Names found;
    for (const LogName& each : list_logs(folder_.path() / "a")) found.push_back(to_string(each));
    return found;
  }
  std::string text(const std::string& name) const {
    return SystemDisk().read_text(folder_.path() / "a" / name);
  }

  test::TemporaryFolder folder_;
};

TEST_F(LogFilesTest, a_full_file_is_put_aside_and_only_the_newest_stay) {
  LogFiles files(folder_.path(), small(3));
  fill(files, 2);
  EXPECT_EQ(names(), (Names{"1.log"}));
  fill(files, 1);
  EXPECT_EQ(names(), (Names{"1.log", "1.1.log"}));
  fill(files, 8);
  EXPECT_EQ(names(), (Names{"1.log", "1.4.log", "1.5.log"}));
  const std::string full = text("1.5.log");
  EXPECT_EQ(std::count(full.begin(), full.end(), '\n'), 2);
  EXPECT_LE(full.size(), 150u);
  struct stat status {};
  ASSERT_EQ(::stat((folder_.path() / "a" / "1.4.log").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(LogFilesTest, goes_on_where_another_writer_left_off) {
  {
    LogFiles files(folder_.path(), small(5));
    fill(files, 5);
  }
  LogFiles files(folder_.path(), small(5));
  fill(files, 2);
  EXPECT_EQ(names(), (Names{"1.log", "1.1.log", "1.2.log", "1.3.log"}));
  ASSERT_EQ(files.positions().size(), 1u);
  EXPECT_EQ(files.positions()[0].number, 4u);
  EXPECT_EQ(files.positions()[0].size, text("1.log").size());
}

TEST_F(LogFilesTest, a_line_that_is_larger_than_a_file_has_one_of_its_own) {
  LogFiles files(folder_.path(), small(5));
  fill(files, 1);
  files.append(line_of("a", std::string(500, 'x')));
  fill(files, 1);
  EXPECT_EQ(names(), (Names{"1.log", "1.1.log", "1.2.log"}));
  EXPECT_GT(text("1.2.log").size(), 500u);
}

TEST_F(LogFilesTest, attempts_and_actors_are_apart) {
  LogFiles files(folder_.path(), small(5));
  fill(files, 3, 1);
  fill(files, 1, 2);
  files.append(line_of("b", "other"));
  EXPECT_EQ(names(), (Names{"1.log", "1.1.log", "2.log"}));
  EXPECT_THAT(list_log_actors(folder_.path()), ElementsAre("a", "b"));
  EXPECT_EQ(files.positions().size(), 3u);
}

TEST_F(LogFilesTest, two_writers_of_the_same_lines_make_the_same_files) {
  const test::TemporaryFolder other;
  LogFiles one(folder_.path(), small(4));
  LogFiles two(other.path(), small(4));
  fill(one, 9);
  fill(two, 9);
  for (const std::string& each : names())
    EXPECT_EQ(SystemDisk().read_text(other.path() / "a" / each), text(each));
}

TEST_F(LogFilesTest, json_lines) {
  LogSpec spec;
  spec.format = "json";
  LogFiles files(folder_.path(), spec);
  fill(files, 1);
  EXPECT_EQ(text("1.log").front(), '{');
  EXPECT_EQ(text("1.log").back(), '\n');
}

TEST(LogName, is_what_the_files_are_called) {
  EXPECT_EQ(to_string(LogName{2, 0}), "2.log");
  EXPECT_EQ(to_string(LogName{2, 7}), "2.7.log");
  for (const char* name : {"2.log", "2.7.log", "10.123456789.log"})
    EXPECT_EQ(to_string(*parse_log_name(name)), name);
  for (const char* name :
       {"", "log", ".log", "x.log", "1.0.log", "1.x.log", "1.2.3.log", "1.log.1", "-1.log"}) {
    EXPECT_FALSE(parse_log_name(name)) << name;
  }
}

}  // namespace
}  // namespace wisp::launcher
