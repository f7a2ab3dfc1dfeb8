#include "cli/options.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include <gtest/gtest.h>

#include "launcher/job_folder.h"

namespace wisp::cli {
namespace {

TEST(Options, the_state_folder_is_the_one_given_or_the_users) {
  GlobalOptions options;
  options.state_dir = "there";
  EXPECT_EQ(state_dir(options), "there");
  ASSERT_EQ(setenv("XDG_STATE_HOME", "/state", 1), 0);
  EXPECT_EQ(state_dir(GlobalOptions()), "/state/wisp");
}

TEST(Options, colour_is_for_terminals_unless_asked_for) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  GlobalOptions options;
  EXPECT_FALSE(use_color(options, ends[1]));
  options.color = "always";
  EXPECT_TRUE(use_color(options, ends[1]));
  options.color = "never";
  EXPECT_FALSE(use_color(options, ends[1]));
  close(ends[0]);
  close(ends[1]);
}

TEST(Options, no_color_of_the_environment_holds_on_a_terminal_too) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0) GTEST_SKIP() << "no pseudo-terminal here";
  GlobalOptions options;
  ASSERT_EQ(unsetenv("NO_COLOR"), 0);
  EXPECT_TRUE(use_color(options, terminal));
  ASSERT_EQ(setenv("NO_COLOR", "1", 1), 0);
  EXPECT_FALSE(use_color(options, terminal));
  options.color = "always";
  EXPECT_TRUE(use_color(options, terminal));
  close(terminal);
}

}  // namespace
}  // namespace wisp::cli
