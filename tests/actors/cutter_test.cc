#include "actors/cutter.h"

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

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

// A saved state by its first field: of a run that is x, of an asynchronous master its run.
struct First {
  First() = default;
  Bytes field;
  template <class F>
  void fields(F& f) {
    f(field);
  }
};

TEST(Cutter, KeepsTheLastThatIsFinite) {
  for (const std::string consistency : {"sync", "async"}) {
    JobSpec job = supervised_job("push", 0);
    job.checkpoint.every_updates = 1;
    job.method.consistency.kind = consistency;
    job.method.step_size = {.kind = optim::StepSizeSpec::Kind::kNumber, .value = 1e308};
    job.evaluate.every_rounds = 1000;                             // nobody looks at the loss until the end
    if (consistency == "async") job.method.nonfinite = "reject";  // so that there is time for another cut
    job.stop.time = milliseconds(500);
    SupervisedRun run(job);
    EXPECT_EQ(run.run().status, "diverged") << consistency;
    std::vector<std::string> warnings;
    const auto last = CheckpointFolder(run.disk(), "ckpt", 1).newest(warnings);
    ASSERT_TRUE(last) << consistency;
    Bytes x = unpack<First>(last->parts.at("master")).field;
    if (consistency == "async") x = unpack<First>(x).field;
    ASSERT_EQ(x.size(), 13 * sizeof(double));
    std::vector<double> values(13);
    std::memcpy(values.data(), x.data(), x.size());
    for (const double each : values) EXPECT_TRUE(std::isfinite(each)) << consistency << ": " << each;
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
