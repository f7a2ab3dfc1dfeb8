#include "actors/spec.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/catalogs.h"

#include "base/error.h"
#include "base/pack.h"
#include "tests/actors/cluster.h"

namespace wisp::actors {
namespace {

using test::small_job;
using testing::HasSubstr;

struct Refusal {
  const char* name;
  std::function<void(JobSpec&)> spoil;
  const char* says;
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class JobSpecCheck : public testing::TestWithParam<Refusal> {};

TEST_P(JobSpecCheck, refuses) {
  JobSpec job = small_job("gd");
  GetParam().spoil(job);
  try {
    job.check(Catalogs());
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(GetParam().says));
    EXPECT_EQ(error.fault(), Fault::kConfig);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Jobs, JobSpecCheck,
    testing::Values(
        Refusal{"no_name", [](JobSpec& job) { job.name = ""; }, "name '' must be"},
        Refusal{"no_path", [](JobSpec& job) { job.name = "a/b"; }, "name 'a/b' must be"},
        Refusal{"no_workers", [](JobSpec& job) { job.worker.replicas = 0; }, "actors.worker.replicas"},
        Refusal{"two_masters", [](JobSpec& job) { job.master.replicas = 2; }, "there is one master"},
        Refusal{"no_end", [](JobSpec& job) { job.stop.rounds.reset(); }, "nothing stops this job"},
        Refusal{"gap_from_nowhere", [](JobSpec& job) { job.stop.gap = 1e-6; },
                "stop.gap needs problem.optimum"},
        Refusal{"never_evaluated", [](JobSpec& job) { job.evaluate.every_rounds = 0; }, "evaluate.every"},
        Refusal{"checkpoints_of_two_units", [](JobSpec& job) { job.checkpoint.every_rounds = 5; },
                "checkpoint.every is in rounds, in updates or in seconds"},
        Refusal{"no_checkpoint_kept", [](JobSpec& job) { job.checkpoint.keep = 0; }, "checkpoint.keep"},
        Refusal{"resumed_from_nothing", [](JobSpec& job) { job.checkpoint.resume = ""; },
                "checkpoint.resume"},
        Refusal{"problem", [](JobSpec& job) { job.problem.kind = "sudoku"; },
                "problem.kind: unknown 'sudoku'"},
        Refusal{"method", [](JobSpec& job) { job.method.kind = "guess"; }, "guess"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(JobSpec, takes_what_a_job_can_have) {
  for (const char* method : {"gd", "ibcd", "isega"}) EXPECT_NO_THROW(small_job(method).check(Catalogs()));
  JobSpec job = small_job("gd");
  job.stop.rounds.reset();
  job.stop.gap = 1e-6;
  job.problem.optimum = problems::ProblemSpec::Optimum::kSolve;
  EXPECT_NO_THROW(job.check(Catalogs()));
}

TEST(JobSpec, travels_to_the_master_whole) {
  JobSpec job = small_job("isega", Dtype::kFloat32);
  job.stop.time = std::chrono::milliseconds(90'000);
  job.master.host = "node1";
  job.worker.isolation = runtime::Isolation::kThread;
  job.worker.env = {{"A", "b"}};
  const JobSpec arrived = unpack<JobSpec>(pack(job));
  EXPECT_EQ(pack(arrived).span().size(), pack(job).span().size());
  EXPECT_EQ(arrived.name, "small");
  EXPECT_EQ(arrived.dtype, Dtype::kFloat32);
  EXPECT_EQ(arrived.stop.rounds, 25u);
  EXPECT_EQ(arrived.stop.gap, std::nullopt);
  EXPECT_EQ(arrived.stop.time, std::chrono::milliseconds(90'000));
  EXPECT_EQ(arrived.method.kind, "isega");
  EXPECT_EQ(arrived.problem.data.dim, 13u);
  EXPECT_EQ(arrived.master.host, "node1");
  EXPECT_EQ(arrived.worker.isolation, runtime::Isolation::kThread);
  EXPECT_EQ(arrived.worker.env.at("A"), "b");
}

TEST(Dtype, is_said_in_words) {
  EXPECT_STREQ(to_string(Dtype::kFloat64), "float64");
  EXPECT_STREQ(to_string(Dtype::kFloat32), "float32");
}

}  // namespace
}  // namespace wisp::actors
