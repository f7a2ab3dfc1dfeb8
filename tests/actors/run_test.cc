// When a run is evaluated, and when it ends: of rounds, which round_master_test and job_test say the rest of.
#include "actors/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/actors/cluster.h"

namespace wisp::actors {
namespace {

using test::Cluster;
using test::kHang;
using test::layout_of;
using test::small_job;
using testing::ElementsAre;

struct Ran {
  Summary summary;
  std::vector<std::uint64_t> evaluated;  // updates
};

Ran run(const JobSpec& job) {
  Cluster cluster;
  test::Reports reports;
  Ran ran;
  ran.summary =
      start(cluster.system(), job, layout_of(job, "", {""}), std::nullopt, reports.sink()).summary.get(kHang);
  std::vector<Progress> told = reports.wait_for(1);
  while (told.back().updates != ran.summary.last.updates) told = reports.wait_for(told.size() + 1);
  for (const Progress& each : told) ran.evaluated.push_back(each.updates);
  return ran;
}

TEST(Run, counts_the_updates_of_rounds) {
  JobSpec job = small_job("gd");
  job.stop = {.rounds = 7};
  job.evaluate.every_rounds = 3;
  const Ran ran = run(job);
  EXPECT_EQ(ran.summary.last.round, 7u);
  EXPECT_EQ(ran.summary.last.updates, 21u);
  EXPECT_EQ(ran.summary.model_updates, 21u);
  EXPECT_EQ(ran.summary.last.epochs, 7.0);
  EXPECT_EQ(ran.summary.last.staleness.count(), 0u);
  EXPECT_THAT(ran.evaluated, ElementsAre(0, 9, 18, 21));
}

TEST(Run, ends_with_the_round_that_reaches_a_limit) {
  JobSpec job = small_job("gd");
  job.evaluate = {.every_rounds = 0, .every_updates = 5};
  job.stop = {.updates = 10};
  Ran ran = run(job);
  EXPECT_EQ(ran.summary.reason, "12 updates");
  EXPECT_THAT(ran.evaluated, ElementsAre(0, 6, 12));
  job.stop = {.bytes = 1000};  // a round takes 2 * 3 * 13 * 8
  ran = run(job);
  EXPECT_EQ(ran.summary.reason, "1248 bytes");
  EXPECT_EQ(ran.summary.last.round, 2u);
  job.stop = {.epochs = 2.5};  // at an evaluation
  ran = run(job);
  EXPECT_EQ(ran.summary.reason, "4 epochs");
}

TEST(Run, is_evaluated_by_time) {
  JobSpec job = small_job("gd");
  job.evaluate = {.every_rounds = 0, .every = std::chrono::hours(1)};
  EXPECT_THAT(run(job).evaluated, ElementsAre(0, 75));
}

TEST(Run, says_what_a_sparsifier_keeps) {
  JobSpec job = small_job("isega");
  const Ran ran = run(job);
  ASSERT_TRUE(ran.summary.last.kept_mass.has_value());
  EXPECT_GT(*ran.summary.last.kept_mass, 0);
  EXPECT_LT(*ran.summary.last.kept_mass, 1);
  EXPECT_EQ(ran.summary.last.memory_norm, std::nullopt);
  EXPECT_EQ(run(small_job("gd")).summary.last.kept_mass, 1);
}

}  // namespace
}  // namespace wisp::actors
