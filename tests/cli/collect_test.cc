// Fetching from hosts is tested where it is done: tests/launcher/log_collector_test.cc.
#include "cli/collect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

bool collect(const test::Scratch& scratch) {
  return collect_missing_logs(scratch.options(), launcher::find_job(scratch.folder(), ""), 0ms);
}

TEST(Collect, there_is_nothing_where_all_has_arrived) {
  const test::Scratch scratch;
  { test::Job ended(scratch, "mine", "converged"); }
  EXPECT_TRUE(collect(scratch));
  test::Job running(scratch, "mine", "running", "running");
  EXPECT_TRUE(collect(scratch));
}

TEST(Collect, this_machine_keeps_no_copies) {
  const test::Scratch scratch;
  { test::Job gone(scratch, "mine", "running", "running"); }
  EXPECT_TRUE(collect(scratch));
}

TEST(Collect, a_job_file_that_is_not_there_is_told_and_stops_nobody) {
  const test::Scratch scratch;
  {
    test::Job gone(scratch, "mine", "running", "running");
    launcher::JobState state = launcher::find_job(scratch.folder(), "").state;
    state.addresses["local"] = "192.0.2.12";
    gone.folder().write_state(state);
  }
  testing::internal::CaptureStderr();
  EXPECT_FALSE(collect(scratch));
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("the last lines of local were not collected: "));
}

}  // namespace
}  // namespace wisp::cli
