#include "cli/exit.h"

#include <gtest/gtest.h>

#include <csignal>

namespace wisp::cli {
namespace {

TEST(Exit, each_fault_has_the_status_that_the_manual_gives) {
  EXPECT_EQ(exit_status(Fault::kFailed), 1);
  EXPECT_EQ(exit_status(Fault::kUsage), 2);
  EXPECT_EQ(exit_status(Fault::kConfig), 3);
  EXPECT_EQ(exit_status(Fault::kHost), 4);
  EXPECT_EQ(exit_status(Fault::kTeardown), 5);
  EXPECT_EQ(exit_status(Fault::kUnreachable), 6);
  EXPECT_EQ(exit_status(Fault::kDeadline), 124);
}

TEST(ExitDeathTest, an_interrupt_ends_with_130) {
  EXPECT_EXIT(
      {
        end_on_interrupt();
        std::raise(SIGINT);
      },
      testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace wisp::cli
