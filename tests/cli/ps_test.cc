#include "cli/ps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

TEST(Ps, a_line_an_actor) {
  launcher::JobState state;
  state.actors = {test::actor("worker-0", "running"), test::actor("worker-10", "failed")};
  EXPECT_EQ(actors_table(state, *parse_utc("2026-03-01T02:15:07Z")),
            "NAME       CLASS           HOST   PID   STATE    ATTEMPT  UPTIME\n"
            "worker-0   worker/float64  local  4711  running  1        2m00s\n"
            "worker-10  worker/float64  local  4711  failed   1        -\n");
}

TEST(Ps, the_only_running_job_is_the_one_meant) {
  const test::Scratch scratch;
  test::Job job(scratch, "mine", "running", "running");
  { test::Job later(scratch, "later", "converged"); }
  EXPECT_THAT(test::printed([&] { ps_command(scratch.options(), {}); }), HasSubstr("worker-0"));
  GlobalOptions options = scratch.options();
  options.json = true;
  const auto json = nlohmann::json::parse(test::printed([&] { ps_command(options, {}); }));
  EXPECT_EQ(json["job"], "mine");
  EXPECT_TRUE(json["driver"]["here"]);
  EXPECT_EQ(json["actors"][0]["state"], "running");
}

TEST(Ps, all_jobs) {
  const test::Scratch scratch;
  test::Job job(scratch, "mine", "running", "running");
  { test::Job ended(scratch, "other", "converged"); }
  const std::string text = test::printed([&] { ps_command(scratch.options(), {.all = true}); });
  EXPECT_THAT(text, HasSubstr(job.title() + " "));
  EXPECT_THAT(text, testing::ContainsRegex("mine-[0-9a-f]*  *running .driver [0-9]*.  *1 "));
  EXPECT_THAT(text, testing::ContainsRegex("other-[0-9a-f]*  *converged "));
}

TEST(Ps, no_job_at_all) {
  const test::Scratch scratch;
  const auto [fault, text] = test::error_of([&] { ps_command(scratch.options(), {}); });
  EXPECT_EQ(fault, Fault::kUnreachable);
  EXPECT_THAT(text, HasSubstr("there is no job in"));
}

}  // namespace
}  // namespace wisp::cli
