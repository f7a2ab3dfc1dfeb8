#include "cli/simulate.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/experiment.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

GlobalOptions short_run() {
  GlobalOptions options;
  options.sets = {"stop={rounds: 20}"};
  return options;
}

TEST(Simulate, gives_one_iterate_whatever_happens_on_the_way) {
  const test::Scratch scratch;
  const config::Experiment experiment =
      load_experiment(short_run(), {test::synthetic_job(scratch)}, test::inventory());
  const SimulatedJob job(experiment, test::inventory());
  std::set<std::string> iterates;
  std::set<std::uint64_t> traces;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const SimulatedRun run = simulate(job, seed, false);
    EXPECT_EQ(run.violation, "");
    EXPECT_EQ(run.rounds, 20u);
    EXPECT_GT(run.events, 100u);
    EXPECT_GT(run.virtual_seconds, 0);
    EXPECT_TRUE(run.trace.empty());
    iterates.insert(run.iterate_hash);
    traces.insert(run.trace_hash);
  }
  EXPECT_EQ(iterates.size(), 1u);
  EXPECT_EQ(traces.size(), 5u);
}

TEST(Simulate, gives_it_whatever_goes_down_which_way) {
  const test::Scratch scratch;
  std::set<std::string> iterates;
  for (const char* broadcast : {"dense", "{kind: delta, way: chain}", "{kind: dense, way: chain}"}) {
    GlobalOptions options = short_run();
    options.sets.push_back(std::string("method.broadcast=") + broadcast);
    const config::Experiment experiment =
        load_experiment(options, {test::synthetic_job(scratch)}, test::inventory());
    const SimulatedJob job(experiment, test::inventory());
    EXPECT_EQ(job.layout.relays.empty(), broadcast == std::string("dense"));
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const SimulatedRun run = simulate(job, seed, false);
      EXPECT_EQ(run.violation, "") << broadcast;
      iterates.insert(run.iterate_hash);
    }
  }
  EXPECT_EQ(iterates.size(), 1u);
}

TEST(Simulate, replays_a_seed_with_its_trace) {
  const test::Scratch scratch;
  const config::Experiment experiment =
      load_experiment(short_run(), {test::synthetic_job(scratch)}, test::inventory());
  const SimulatedJob job(experiment, test::inventory());
  const SimulatedRun first = simulate(job, 3, false);
  const SimulatedRun again = simulate(job, 3, true);
  EXPECT_EQ(again.trace_hash, first.trace_hash);
  EXPECT_EQ(again.virtual_seconds, first.virtual_seconds);
  ASSERT_FALSE(again.trace.empty());
  EXPECT_EQ(again.trace.front(), "[    0.000] master * started");
}

TEST(Simulate, prints_a_line_a_seed_and_one_for_all) {
  const test::Scratch scratch;
  SimulateOptions simulated;
  simulated.files = {test::synthetic_job(scratch)};
  simulated.seeds = 2;
  const std::string text = test::printed([&] { EXPECT_EQ(simulate_command(short_run(), simulated), 0); });
  EXPECT_THAT(text, HasSubstr("seed 1: "));
  EXPECT_THAT(text, HasSubstr(" after 20 rounds, loss "));
  EXPECT_THAT(text, HasSubstr("\n2 seeds, 0 violations, trace hash "));
}

TEST(Simulate, json_is_one_object) {
  const test::Scratch scratch;
  SimulateOptions simulated;
  simulated.files = {test::synthetic_job(scratch)};
  simulated.seeds = 2;
  simulated.trace = true;  // is not mixed with it
  GlobalOptions options = short_run();
  options.json = true;
  const auto json =
      nlohmann::json::parse(test::printed([&] { EXPECT_EQ(simulate_command(options, simulated), 0); }));
  EXPECT_EQ(json["seeds"], 2);
  EXPECT_EQ(json["violations"], 0);
  EXPECT_TRUE(json["failures"].empty());
  EXPECT_EQ(json["trace_hash"].get<std::string>().size(), 16u);
  EXPECT_EQ(json["iterate_hash"].get<std::string>().size(), 16u);
  EXPECT_GE(json["seconds"], 0.0);
}

TEST(Simulate, a_run_that_fails_is_a_violation_with_the_command_that_repeats_it) {
  const test::Scratch scratch;
  SimulateOptions simulated;
  simulated.files = {test::synthetic_job(scratch)};
  simulated.seed = 7;
  GlobalOptions options = short_run();
  options.sets.push_back("method.step_size=1e9");
  options.json = true;
  const auto json =
      nlohmann::json::parse(test::printed([&] { EXPECT_EQ(simulate_command(options, simulated), 1); }));
  EXPECT_EQ(json["violations"], 1);
  EXPECT_THAT(json["failures"][0]["what"].get<std::string>(), HasSubstr("diverged"));
  EXPECT_THAT(json["failures"][0]["replay"].get<std::string>(),
              HasSubstr(" --set 'method.step_size=1e9' --seed 7 --seeds 1 --trace"));
}

}  // namespace
}  // namespace wisp::cli
