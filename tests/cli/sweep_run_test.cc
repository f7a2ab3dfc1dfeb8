#include "cli/sweep_run.h"

#include <pthread.h>
#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/disk.h"
#include "cli/exit.h"
#include "cli/experiment.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SweepRunning : public testing::Test {
 protected:
  SweepRunning() { load("{ seed: [ 1, 2, 3 ] }"); }

  void load(const std::string& sweep, const std::string& more = "") {
    const std::string file =
        scratch_.write("job.yaml",
                       "version: 1\nproblem: { kind: quadratic, data: { format: synthetic, dim: 4 } }\n"
                       "method: gd\nstop: { rounds: 1 }\nsweep: " +
                           sweep + "\n" + more);
    sweep_ = load_sweep(scratch_.options(), {file}, test::inventory());
  }

  // Runs it with jobs that end at once: those of `bad` seeds as it says.
  int run(std::map<std::uint64_t, std::pair<std::string, int>> bad = {}) {
    ran_.clear();
    int status = 0;
    GlobalOptions options = scratch_.options();
    options.json = json_;
    printed_ = test::printed([&] {
      status = run_sweep(sweep_, options, run_, [&](const config::Experiment& experiment) {
        ran_.push_back(experiment.job.seed);
        JobEnd end{{}, 0, "/jobs/" + std::to_string(experiment.job.seed)};
        end.outcome.status = "finished";
        const auto found = bad.find(experiment.job.seed);
        if (found != bad.end()) std::tie(end.outcome.status, end.status) = found->second;
        end.outcome.summary.last.round = 10 * experiment.job.seed;
        return end;
      });
    });
    return status;
  }

  const test::Scratch scratch_;
  config::Sweep sweep_;
  RunOptions run_;
  bool json_ = false;
  std::vector<std::uint64_t> ran_;
  std::string printed_;
};

TEST_F(SweepRunning, runs_each_job_once_and_prints_the_table) {
  EXPECT_EQ(run(), kExitDone);
  EXPECT_THAT(ran_, ElementsAre(1, 2, 3));
  EXPECT_THAT(printed_, HasSubstr("3 finished  20 [10, 30]"));
  EXPECT_EQ(run(), kExitDone);
  EXPECT_THAT(ran_, IsEmpty());
  EXPECT_THAT(printed_, HasSubstr("3 finished  20 [10, 30]"));
  const std::filesystem::path folder = scratch_.folder() / "sweeps/job";
  EXPECT_EQ(SystemDisk().read_text(folder / "table.txt"), printed_);
  EXPECT_THAT(SystemDisk().read_text(folder / "sweep.yaml"), HasSubstr("  seed: [ 1, 2, 3 ]"));
}

TEST_F(SweepRunning, runs_only_what_is_new) {
  run();
  load("{ seed: [ 2, 3, 4 ] }");
  run();
  EXPECT_THAT(ran_, ElementsAre(4));
}

TEST_F(SweepRunning, goes_on_after_a_job_that_fails_and_repeats_that_one) {
  EXPECT_EQ(run({{2, {"failed", 4}}}), 4);
  EXPECT_THAT(ran_, ElementsAre(1, 2, 3));
  EXPECT_THAT(printed_, HasSubstr("2 finished, 1 not run"));
  EXPECT_EQ(run(), kExitDone);
  EXPECT_THAT(ran_, ElementsAre(2));
}

TEST_F(SweepRunning, keeps_a_job_that_diverges) {
  EXPECT_EQ(run({{2, {"diverged", 1}}}), kExitFailed);
  run();
  EXPECT_THAT(ran_, IsEmpty());
}

TEST_F(SweepRunning, ends_with_a_job_that_is_cancelled_and_keeps_what_is_done) {
  EXPECT_EQ(run({{2, {"cancelled", 130}}}), 130);
  EXPECT_THAT(ran_, ElementsAre(1, 2));
  EXPECT_THAT(printed_, HasSubstr("1 finished, 2 not run"));
  EXPECT_EQ(run(), kExitDone);
  EXPECT_THAT(ran_, ElementsAre(2, 3));
}

TEST_F(SweepRunning, starts_nothing_after_a_signal_between_two_jobs) {
  const sigset_t ending = ending_signals();
  sigset_t before;
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &ending, &before), 0);
  ASSERT_EQ(::pthread_kill(::pthread_self(), SIGTERM), 0);
  EXPECT_EQ(run(), 128 + SIGTERM);
  EXPECT_THAT(ran_, IsEmpty());
  int taken = 0;
  ASSERT_EQ(::sigwait(&ending, &taken), 0);
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
}

TEST_F(SweepRunning, wants_the_gap_of_each_if_asked) {
  run_.require_gap = true;
  EXPECT_EQ(run({{1, {"converged", 0}}}), kExitFailed);
}

TEST_F(SweepRunning, json_is_one_object) {
  json_ = true;
  run();
  const auto json = nlohmann::json::parse(printed_);
  EXPECT_EQ(json["sweep"], "job");
  EXPECT_EQ(json["points"][2]["folder"], "/jobs/3");
}

TEST_F(SweepRunning, refuses_what_only_a_single_job_can) {
  run_.detach = true;
  auto [fault, what] = test::error_of([&] { check_sweep(sweep_, run_); });
  EXPECT_EQ(fault, Fault::kConfig);
  EXPECT_THAT(what, HasSubstr("job.yaml:5:10: error: a sweep can't be left running with -d"));
  run_.detach = false;
  check_sweep(sweep_, run_);
  load("{ seed: [ 1 ] }", "launcher: slurm\n");
  for (config::SweepPoint& point : sweep_.points) point.experiment.launcher.slurm.allocation.reset();
  what = test::error_of([&] { check_sweep(sweep_, run_); }).second;
  EXPECT_THAT(what, HasSubstr("error: a sweep can't be handed to Slurm"));
}

}  // namespace
}  // namespace wisp::cli
