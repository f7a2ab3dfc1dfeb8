#include "launcher/log_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "tests/launcher/log_lines.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using testing::HasSubstr;
using Texts = std::vector<std::string>;

class LogSeriesTest : public testing::Test {
 protected:
  // Numbers as text, from `begin_` on; two fit into a file.
  void write(int count) {
    for (int i = 0; i < count; ++i) {
      files_.append(test::line_of("a", "number " + std::to_string(100 + written_++)));
    }
  }
  Texts read(LogSeries& log) const {
    Texts texts;
    while (const auto line = log.next()) texts.push_back(line->text);
    return texts;
  }
  static Texts numbers(int begin, int end) {
    Texts texts;
    for (int i = begin; i < end; ++i) texts.push_back("number " + std::to_string(100 + i));
    return texts;
  }
  LogSeries series() const { return LogSeries(folder_.path() / "a", "a", 1); }

  test::TemporaryFolder folder_;
  LogFiles files_{folder_.path(), test::rotated(110, 5)};
  int written_ = 0;
};

TEST_F(LogSeriesTest, reads_file_after_file) {
  write(7);
  LogSeries log = series();
  EXPECT_EQ(read(log), numbers(0, 7));
  EXPECT_EQ(read(log), Texts{});
}

TEST_F(LogSeriesTest, begins_before_there_is_anything) {
  LogSeries log = series();
  EXPECT_EQ(read(log), Texts{});
  write(3);
  log.look();
  EXPECT_EQ(read(log), numbers(0, 3));
}

TEST_F(LogSeriesTest, follows_through_files_that_are_put_aside) {
  write(1);
  LogSeries log = series();
  Texts seen;
  for (const int more : {0, 1, 2, 3, 7, 1, 8, 0, 6}) {  // at most as many as the files that stay can hold
    write(more);
    log.look();
    for (std::string& each : read(log)) seen.push_back(std::move(each));
  }
  EXPECT_EQ(seen, numbers(0, written_));
}

TEST_F(LogSeriesTest, a_file_put_aside_between_looking_and_reading_is_still_read) {
  write(2);
  LogSeries log = series();
  write(5);
  EXPECT_EQ(read(log), numbers(0, 2));
  log.look();
  EXPECT_EQ(read(log), numbers(2, 7));
}

TEST_F(LogSeriesTest, says_what_was_removed_before_it_came_to_it) {
  write(2);
  LogSeries log = series();
  EXPECT_EQ(read(log), numbers(0, 2));
  write(30);
  log.look();
  const Texts seen = read(log);
  ASSERT_FALSE(seen.empty());
  EXPECT_THAT(seen.front(), HasSubstr("10 files of this log were removed before they could be read"));
  EXPECT_EQ(Texts(seen.begin() + 1, seen.end()), numbers(22, 32));
}

TEST_F(LogSeriesTest, what_was_gone_before_it_came_is_not_missed) {
  write(40);
  LogSeries log = series();
  EXPECT_EQ(read(log), numbers(30, 40));
}

TEST_F(LogSeriesTest, leaves_the_last_lines_wherever_they_are) {
  write(9);
  for (int last = 0; last < 9; ++last) {
    LogSeries log = series();
    EXPECT_EQ(log.skip_to_last(static_cast<std::size_t>(last)), static_cast<std::size_t>(last));
    EXPECT_EQ(read(log), numbers(9 - last, 9)) << last;
  }
  LogSeries all = series();
  EXPECT_EQ(all.skip_to_last(99), 9u);
  EXPECT_EQ(read(all), numbers(0, 9));
}

TEST_F(LogSeriesTest, leaves_the_last_lines_that_are_wanted) {
  write(9);
  const auto even = [](const LogLine& line) { return (line.text.back() - '0') % 2 == 0; };
  LogSeries log = series();
  EXPECT_EQ(log.skip_to_last(2, even), 2u);
  EXPECT_EQ(read(log), numbers(6, 9));
  LogSeries all = series();
  EXPECT_EQ(all.skip_to_last(99, even), 5u);
}

TEST_F(LogSeriesTest, follows_after_the_last_lines) {
  write(4);
  LogSeries log = series();
  log.skip_to_last(1);
  write(3);
  EXPECT_EQ(read(log), numbers(3, 4));
  log.look();
  EXPECT_EQ(read(log), numbers(4, 7));
}

TEST_F(LogSeriesTest, begins_at_a_position) {
  write(3);
  const LogPosition position = files_.positions().front();
  write(4);
  LogSeries log = series();
  log.skip_to(position.number, position.size);
  EXPECT_EQ(read(log), numbers(3, 7));
  LogSeries inside = series();
  inside.skip_to(position.number, position.size - 3);
  EXPECT_EQ(read(inside), numbers(3, 7)) << "the rest of a line is left out";
  LogSeries end = series();
  const LogPosition last = files_.positions().front();
  end.skip_to(last.number, last.size);
  EXPECT_EQ(read(end), Texts{});
}

TEST_F(LogSeriesTest, text_that_is_no_line_comes_raw_and_what_has_no_end_waits) {
  write(1);
  LogSeries log = series();
  SystemDisk().append_text(files_.path("a", 1), "what is this\nunfinished");
  EXPECT_EQ(read(log), (Texts{"number 100", "what is this"}));
  SystemDisk().append_text(files_.path("a", 1), " no more\n");
  EXPECT_EQ(read(log), Texts{"unfinished no more"});
  SystemDisk().append_text(files_.path("a", 1), std::string(300'000, 'x'));
  EXPECT_FALSE(read(log).empty()) << "what never ends is given in pieces";
}

}  // namespace
}  // namespace wisp::launcher
