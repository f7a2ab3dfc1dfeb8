#include "cli/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/experiment.h"
#include "launcher/ssh.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

TEST(Plan, a_local_job_is_one_agent_and_a_node_an_actor) {
  const test::Scratch scratch;
  const config::Experiment experiment =
      load_experiment({}, {test::synthetic_job(scratch)}, test::inventory());
  const LaunchPlan plan = plan_launch(experiment);
  EXPECT_EQ(plan.layout.nodes.size(), 5u);
  EXPECT_FALSE(plan.guessed_slots);
  ASSERT_EQ(plan.agents.size(), 1u);
  EXPECT_EQ(plan.agents[0].second.back(), "agent");
  const std::string text = launch_text(experiment, plan);
  EXPECT_THAT(text, HasSubstr("NODE      HOST   ISOLATION  ACTORS\n"
                              "master    local  process    master\n"
                              "worker-0  local  process    worker-0\n"));
}

TEST(Plan, hosts_are_reached_by_the_ssh_command_that_is_shown) {
  const test::Scratch scratch;
  GlobalOptions options;
  options.sets = {"hosts={node1: {slots: 1}, node2: {ssh: {port: 2222, user: ml}}}"};
  const config::Experiment experiment =
      load_experiment(options, {test::synthetic_job(scratch)}, test::inventory());
  const LaunchPlan plan = plan_launch(experiment);
  EXPECT_TRUE(plan.guessed_slots);
  ASSERT_EQ(plan.agents.size(), 2u);
  const std::string text = launch_text(experiment, plan);
  EXPECT_THAT(text, HasSubstr("\nBOOT='exec /bin/sh -c "));
  EXPECT_THAT(text, HasSubstr("\nnode1: ssh -o BatchMode=yes "));
  EXPECT_EQ(plan.agents[0].second.back(), launcher::bootstrap_command());
  EXPECT_THAT(text, HasSubstr(" -p 2222 -l ml -- node2 \"$BOOT\"\n"));
  EXPECT_THAT(text, HasSubstr("A host without slots takes as many workers as it has cores"));
}

TEST(Plan, json_holds_the_numbers_and_the_launch) {
  const test::Scratch scratch;
  GlobalOptions options;
  options.json = true;
  const auto json = nlohmann::json::parse(
      test::printed([&] { EXPECT_EQ(plan_command(options, {.files = {test::synthetic_job(scratch)}}), 0); }));
  EXPECT_EQ(json["workers"], 4);
  EXPECT_EQ(json["dim"], 12);
  EXPECT_EQ(json["launch"]["launcher"], "local");
  EXPECT_EQ(json["launch"]["nodes"].size(), 5u);
  EXPECT_EQ(json["launch"]["nodes"][0]["actors"][0], "master");
}

}  // namespace
}  // namespace wisp::cli
