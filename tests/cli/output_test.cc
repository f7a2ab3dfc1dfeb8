#include "cli/output.h"

#include <unistd.h>

#include <csignal>

#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

TEST(Output, columns_are_as_wide_as_their_widest_cell) {
  EXPECT_EQ(table({{"NAME", "PID"}, {"worker-10", "7"}, {"m", ""}}),
            "NAME       PID\n"
            "worker-10  7\n"
            "m\n");
  EXPECT_EQ(table({}), "");
}

TEST(Output, a_table_of_markdown_escapes_what_has_a_meaning_there) {
  EXPECT_EQ(markdown_table({{"KEY", "VALUE"}, {"hosts.*", "<a> | *b* ~/c"}, {"d", ""}}),
            "| KEY | VALUE |\n"
            "|---|---|\n"
            "| `hosts.*` | \\<a> \\| \\*b\\* \\~/c |\n"
            "| `d` | |\n");
}

TEST(Output, data_goes_to_stdout_and_talk_to_stderr) {
  GlobalOptions options;
  testing::internal::CaptureStderr();
  EXPECT_EQ(test::printed([&] {
              print("data");
              talk(options, "talk");
              options.quiet = true;
              talk(options, "more talk");
              warn("a warning");
            }),
            "data");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "talk\na warning\n");
}

TEST(Output, a_reader_that_went_away_is_told_from_an_error) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  const int kept = dup(STDOUT_FILENO);
  dup2(ends[1], STDOUT_FILENO);
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  EXPECT_THROW(print("text"), ReaderGone);
  std::signal(SIGPIPE, before);
  dup2(kept, STDOUT_FILENO);
  close(kept);
  close(ends[1]);
}

}  // namespace
}  // namespace wisp::cli
