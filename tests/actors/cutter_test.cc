#include "actors/cutter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/actors/supervised.h"

namespace wisp::actors {
namespace {

using std::chrono::milliseconds;
using test::supervised_job;
using test::SupervisedRun;

// The numbers of the checkpoints that are there at the end.
std::vector<std::string> checkpoints(SupervisedRun& run) {
  std::vector<std::string> names;
  for (const auto& each : run.disk().list("ckpt")) names.push_back(each.stem().string());
  return names;
}

TEST(Cutter, CutsEverySoManyRoundsAndAtTheEnd) {
  JobSpec job = supervised_job("gd", 10);  // of 25 rounds
  job.checkpoint.keep = 100;
  SupervisedRun run(job);
  EXPECT_EQ(run.run().status, "finished");
  EXPECT_THAT(checkpoints(run), testing::ElementsAre("1", "2", "3"));
  std::vector<std::string> warnings;
  const auto last = CheckpointFolder(run.disk(), "ckpt", 1).newest(warnings);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->updates, 25u * 3);
  EXPECT_EQ(last->parts.size(), 4u);
}

TEST(Cutter, CutsByTimeAndRestsInBetween) {
  JobSpec job = supervised_job("gd", 0);
  job.stop.rounds = 1000;
  job.checkpoint.keep = 100'000;
  job.checkpoint.every = milliseconds(100);
  SupervisedRun often(job);
  EXPECT_EQ(often.run().status, "finished");
  const auto periods = static_cast<std::size_t>(often.duration() / milliseconds(100));
  EXPECT_LE(checkpoints(often).size(), periods + 1);
  EXPECT_GE(checkpoints(often).size(), periods / 2);
  job.checkpoint.every = milliseconds(1);
  job.checkpoint.paced = true;
  SupervisedRun paced(job);
  EXPECT_EQ(paced.run().status, "finished");
  EXPECT_GT(checkpoints(paced).size(), 2u);
  EXPECT_LT(checkpoints(paced).size(), 100u)
      << "each takes some milliseconds, and 33 times as long is waited";
}

TEST(Cutter, KeepsTheLastThatIsFinite) {
  for (const std::string consistency : {"sync", "async"}) {
    JobSpec job = supervised_job("push", 0);
    job.checkpoint.every_updates = 1;
    job.method.consistency.kind = consistency;
    job.method.step_size = {.kind = optim::StepSizeSpec::Kind::kNumber, .value = 1e308};
    job.evaluate.every_rounds = 1000;  // nobody looks at the loss until the end
    SupervisedRun run(job);
    EXPECT_EQ(run.run().status, "diverged") << consistency;
    std::vector<std::string> warnings;
    const auto last = CheckpointFolder(run.disk(), "ckpt", 1).newest(warnings);
    ASSERT_TRUE(last) << consistency;
    EXPECT_LT(last->updates, 25u * 3 / 2) << consistency << ": x was infinite then";
  }
}

TEST(Cutter, GoesOnWithoutWhatCanNotBeWritten) {
  JobSpec job = supervised_job("isega", 5);
  SupervisedRun run(job);
  run.disk().set_capacity(0);
  EXPECT_EQ(run.run().status, "finished");
  EXPECT_THAT(checkpoints(run), testing::IsEmpty());
}

}  // namespace
}  // namespace wisp::actors
