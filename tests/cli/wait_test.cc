#include "cli/wait.h"

#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

TEST(Wait, an_ended_job_gives_its_exit_status) {
  const test::Scratch scratch;
  GlobalOptions options = scratch.options();
  for (const auto& [status, expected] :
       {std::pair("converged", 0), {"failed", 1}, {"cancelled", 130}, {"running", 1}}) {
    options.job = std::string("job-") + status;
    { test::Job job(scratch, options.job, status); }
    EXPECT_EQ(wait_command(options, {}), expected) << status;
  }
}

TEST(Wait, the_result_says_the_exit_status_and_is_printed_as_json) {
  const test::Scratch scratch;
  {
    test::Job job(scratch, "mine", "finished");
    job.folder().write("result.json", "{\"exit_status\": 143}\n");
  }
  GlobalOptions options = scratch.options();
  options.json = true;
  EXPECT_EQ(test::printed([&] { EXPECT_EQ(wait_command(options, {}), 143); }), "{\"exit_status\": 143}\n");
}

TEST(Wait, a_running_job_is_waited_for_as_long_as_asked) {
  const test::Scratch scratch;
  test::Job job(scratch, "mine", "running");
  const auto [fault, text] =
      test::error_of([&] { wait_command(scratch.options(), {.timeout = std::chrono::milliseconds(1)}); });
  EXPECT_EQ(fault, Fault::kDeadline);
  EXPECT_EQ(text, job.title() + " has not ended within 1ms");
}

TEST(Wait, no_job_at_all) {
  const test::Scratch scratch;
  EXPECT_EQ(test::error_of([&] { wait_command(scratch.options(), {}); }).first, Fault::kUnreachable);
}

}  // namespace
}  // namespace wisp::cli
