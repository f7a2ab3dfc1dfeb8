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

TEST(Plan, what_actors_take_of_their_hosts_is_shown) {
  const test::Scratch scratch;
  GlobalOptions options;
  options.sets = {"actors.worker.resources={cpus: 2, memory: 2GiB, nice: 5}",
                  "actors.worker.env.OMP_NUM_THREADS=1",
                  "actors.worker.placement={kind: label, match: {disk: ssd}}",
                  "hosts={n1: {slots: 1}, n2: {slots: 8, labels: {disk: ssd}}}"};
  const config::Experiment experiment =
      load_experiment(options, {test::synthetic_job(scratch)}, test::inventory());
  const std::string text = launch_text(experiment, plan_launch(experiment));
  EXPECT_THAT(
      text,
      HasSubstr("NODE      HOST  ISOLATION  ACTORS    TAKES\n"
                "master    n1    process    master\n"
                "worker-0  n2    process    worker-0  cpus 2, memory 2GiB, nice 5, OMP_NUM_THREADS=1\n"));
}

TEST(Plan, files_are_those_that_are_there) {
  const test::Scratch scratch;
  GlobalOptions options;
  options.sets = {"deploy.files=[" + scratch.write("a.txt", "one") + ", " + scratch.write("b.txt", "two2") +
                  "]"};
  const config::Experiment experiment =
      load_experiment(options, {test::synthetic_job(scratch)}, test::inventory());
  EXPECT_THAT(launch_text(experiment, plan_launch(experiment)),
              HasSubstr("Each host's working folder has a.txt, b.txt (7 bytes)\n"));
  options.sets = {"deploy.files=[/no/such/file]"};
  const config::Experiment wrong =
      load_experiment(options, {test::synthetic_job(scratch)}, test::inventory());
  const auto [fault, text] = test::error_of([&] { plan_launch(wrong); });
  EXPECT_EQ(fault, Fault::kConfig);
  EXPECT_THAT(text, HasSubstr("--set: error: /no/such/file: no such file or folder"));
}

TEST(Plan, commands_are_shown_as_they_are_called) {
  const test::Scratch scratch;
  GlobalOptions options;
  options.sets = {"hosts=[pod-1]",
                  "launcher={kind: command, template: [kubectl, exec, -i, '{host}', --, sh]}"};
  const config::Experiment experiment =
      load_experiment(options, {test::synthetic_job(scratch)}, test::inventory());
  const std::string text = launch_text(experiment, plan_launch(experiment));
  EXPECT_THAT(text, HasSubstr("\nBOOT='exec /bin/sh -c "));
  EXPECT_THAT(text, HasSubstr("\npod-1: kubectl exec -i pod-1 -- sh\n"));
}

TEST(Plan, what_goes_to_slurm_is_shown_with_its_script) {
  const test::Scratch scratch;
  GlobalOptions options;
  options.state_dir = "/s";
  options.sets = {"launcher=slurm", "slurm={nodes: 2, partition: long, time: 2h}"};
  const PlanOptions plan{.files = {test::synthetic_job(scratch)}};
  const config::Experiment experiment = load_experiment(options, plan.files, test::inventory());
  const std::string text = launch_text(experiment, plan_launch(experiment, options, plan));
  EXPECT_THAT(text, HasSubstr("\nsbatch --parsable --job-name=job --open-mode=append "));
  EXPECT_THAT(text, HasSubstr(" --nodes=2 --partition=long --time=2:00:00 '/s/jobs/job-<id>/submit.sh'\n"));
  EXPECT_THAT(text, HasSubstr("\n#SBATCH --exclusive\nexec '/"));
  EXPECT_THAT(text, HasSubstr("\nslurm-2: srun --nodes=1 "));
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
