#include "cli/simulated_trouble.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/experiment.h"
#include "cli/simulate.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint64_t kSeeds = 20;

struct Runs {
  std::set<std::string> iterates;
  std::vector<std::string> violations;
  std::size_t crashes = 0;
};

// Of a synchronous job with these settings.
Runs runs_of(const std::vector<std::string>& sets, std::uint64_t seeds = kSeeds) {
  const test::Scratch scratch;
  GlobalOptions options;
  options.sets = {"stop={rounds: 40}"};
  options.sets.insert(options.sets.end(), sets.begin(), sets.end());
  const config::Experiment experiment =
      load_experiment(options, {test::synthetic_job(scratch)}, test::inventory());
  const SimulatedJob job(experiment, test::inventory());
  Runs runs;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const SimulatedRun run = simulate(job, seed, true);
    runs.iterates.insert(run.iterate_hash);
    if (!run.violation.empty()) runs.violations.push_back(run.violation);
    for (const std::string& line : run.trace) {
      if (line.find(" * ended: its process has crashed") != std::string::npos ||
          line.find(" * ended: killed, as chaos had asked") != std::string::npos)
        ++runs.crashes;
    }
  }
  return runs;
}

TEST(SimulatedTrouble, a_job_with_restarts_ends_in_the_same_bits_whatever_crashes) {
  const Runs undisturbed = runs_of({"actors.master.restart=never", "actors.worker.restart=never"});
  EXPECT_EQ(undisturbed.crashes, 0u);
  EXPECT_EQ(undisturbed.iterates.size(), 1u);
  const Runs runs = runs_of({});
  EXPECT_THAT(runs.violations, ElementsAre());
  EXPECT_EQ(runs.iterates, undisturbed.iterates);
  EXPECT_GT(runs.crashes, 0u);
}

TEST(SimulatedTrouble, a_jobs_own_chaos_is_carried_out) {
  const Runs undisturbed = runs_of({"actors.master.restart=never", "actors.worker.restart=never"}, 1);
  const Runs runs =
      runs_of({"chaos=[ { at: 50ms, kill: worker-1 }, { at: 60ms, stop: worker-0, for: 2s }, "
               "{ at: 70ms, slow: master, for: 1s, factor: 4 }, "
               "{ at: 90ms, delay: 'worker-*', for: 1s, by: 20ms }, "
               "{ at: 80ms, drop: 'worker-*', for: 1s, rate: 0.3 }, "
               "{ at: 100ms, partition: 'host:local', for: 500ms }, { at: 200ms, kill: master } ]"},
              5);
  EXPECT_THAT(runs.violations, ElementsAre());
  EXPECT_EQ(runs.iterates, undisturbed.iterates);
  EXPECT_GT(runs.crashes, 0u);
}

TEST(SimulatedTrouble, what_is_killed_too_often_ends_the_run) {
  const Runs runs = runs_of({"stop={rounds: 100000}", "chaos=[ { every: 1s, kill: worker-1 } ]"}, 1);
  ASSERT_EQ(runs.violations.size(), 1u);
  EXPECT_THAT(runs.violations[0], HasSubstr("killed, as chaos had asked; it was restarted 3 times"));
}

}  // namespace
}  // namespace wisp::cli
