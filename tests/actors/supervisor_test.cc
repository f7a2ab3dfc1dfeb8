#include "actors/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/actors/supervised.h"

namespace wisp::actors {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using test::supervised_job;
using test::SupervisedRun;
using testing::HasSubstr;

constexpr std::uint64_t kSchedules = 20;

// Some nodes crash, once or more, at any time of a run that would take so long undisturbed. How many of them
// have workers.
std::size_t arrange_crashes(SupervisedRun& run, nanoseconds duration, std::uint64_t seed) {
  Rng rng(seed, 0, 0, Purpose::kFaults);
  std::size_t of_workers = 0;
  for (std::uint32_t i = 1 + rng.below(3); i > 0; --i) {
    const auto after =
        nanoseconds(static_cast<std::int64_t>(rng.uniform() * static_cast<double>(duration.count())));
    const std::uint32_t victim = rng.below(4);
    run.crash(after, victim == 3 ? "master" : worker_name(victim));
    if (victim != 3) ++of_workers;
  }
  return of_workers;
}

// Reads the ledger that x is: how many steps of worker `worker` have not counted though a later one has.
struct Ledger {
  explicit Ledger(const Summary& summary)
      : entries(reinterpret_cast<const double*>(summary.iterate.data()),
                summary.iterate.size() / sizeof(double)) {}
  std::span<const double> of(std::uint32_t worker) const {
    return entries.subspan(worker * test::kLedgerSteps, test::kLedgerSteps);
  }
  std::span<const double> entries;
};

class Rounds : public testing::TestWithParam<std::string> {};

TEST_P(Rounds, EndInTheSameBitsWhateverCrashes) {
  const JobSpec job = supervised_job(GetParam());
  SupervisedRun undisturbed(job);
  const Summary expected = undisturbed.run();
  ASSERT_EQ(expected.status, "finished");
  for (std::uint64_t seed = 1; seed <= kSchedules; ++seed) {
    SCOPED_TRACE("WISP_SEED=" + std::to_string(seed));
    SupervisedRun run(job, seed);
    arrange_crashes(run, undisturbed.duration(), seed);
    const Summary summary = run.run();
    EXPECT_EQ(summary.iterate_hash, expected.iterate_hash);
    EXPECT_EQ(summary.last.round, expected.last.round);
    EXPECT_EQ(summary.last.uplink_bytes, expected.last.uplink_bytes);
    EXPECT_EQ(summary.last.loss, expected.last.loss);
    EXPECT_GE(run.told("restarted") + run.told("back"), 1u);
  }
}

INSTANTIATE_TEST_SUITE_P(Supervisor, Rounds, testing::Values("gd", "ibcd", "isega", "isaga"));

class Asynchronous : public testing::TestWithParam<std::string> {};

// What a worker had in mind when it died may be missing; nothing that it sent is, and nothing counts twice.
TEST_P(Asynchronous, CountsEveryUpdateOnceWhateverCrashes) {
  const JobSpec job = test::ledger_job(GetParam(), 300);
  SupervisedRun undisturbed(job);
  ASSERT_EQ(undisturbed.run().status, "finished");
  for (std::uint64_t seed = 1; seed <= kSchedules; ++seed) {
    SCOPED_TRACE("WISP_SEED=" + std::to_string(seed));
    SupervisedRun run(job, seed);
    const std::size_t of_workers = arrange_crashes(run, undisturbed.duration(), seed);
    const Summary summary = run.run();
    EXPECT_EQ(summary.status, "finished");
    EXPECT_GE(summary.last.updates, 300u);
    const Ledger ledger(summary);
    std::size_t lost = 0;
    for (std::uint32_t worker = 0; worker < 3; ++worker) {
      const auto entries = ledger.of(worker);
      for (const double entry : entries) EXPECT_TRUE(entry == 0 || entry == 1) << entry;
      const auto last = std::find(entries.rbegin(), entries.rend(), 1.0).base() - entries.begin();
      for (std::ptrdiff_t step = 0; step < last; ++step) {
        if (entries[static_cast<std::size_t>(step)] == 1) continue;
        EXPECT_EQ(step % 2, 1) << "worker " << worker << ", step " << step
                               << " was sent, and has not counted";
        ++lost;
      }
    }
    EXPECT_LE(lost, of_workers);
  }
}

INSTANTIATE_TEST_SUITE_P(Supervisor, Asynchronous, testing::Values("async", "ssp"));

// The loss is taken over all workers. Nobody waits for it but the end of the run.
TEST(Supervisor, GoesOnWhileAWorkerIsAwaitedThoughTheLossIsDue) {
  JobSpec job = test::ledger_job("async", 600);
  job.evaluate.every_rounds = 1;
  job.worker.restart.backoff = milliseconds(20'000);
  SupervisedRun run(job);
  run.crash(milliseconds(50), "worker-1");
  run.crash(milliseconds(200), "worker-1");  // the first restart is at once, the second after the back-off
  const Summary summary = run.run();
  EXPECT_EQ(summary.status, "finished");
  EXPECT_GT(run.duration(), seconds(20));
  EXPECT_LT(run.duration(), seconds(25));
  const Ledger ledger(summary);
  const auto steps = [&](std::uint32_t worker) {
    const auto entries = ledger.of(worker);
    return std::count(entries.begin(), entries.end(), 1.0);
  };
  EXPECT_LT(steps(1), 100);
  EXPECT_GT(steps(0), 200);
  EXPECT_GT(steps(2), 200);
}

// What was sent is kept for a worker that is away, up to 256 MiB. The loss is due all the time, and is taken
// again when it is back.
TEST(Supervisor, HoldsWorkersBackWhileOneIsAwaitedForLong) {
  constexpr std::size_t kDim = 200'000;
  constexpr std::size_t kFit = (std::size_t{256} << 20) / (kDim * sizeof(double));
  JobSpec job = supervised_job("async-sgd");
  job.method.step_size = {.kind = optim::StepSizeSpec::Kind::kNumber, .value = 0.01};
  job.method.consistency.kind = "async";
  job.problem.data.dim = kDim;
  job.checkpoint.every_rounds = 1'000'000;
  job.evaluate.every_rounds = 1;
  job.stop = {};
  job.stop.updates = 3 * kFit;
  job.worker.restart.backoff = seconds(20);
  SupervisedRun run(job);
  run.crash(milliseconds(50), "worker-1");
  run.crash(milliseconds(200), "worker-1");  // the first restart is at once, the second after the back-off
  const Summary summary = run.run();
  EXPECT_EQ(summary.status, "finished");
  EXPECT_EQ(summary.last.updates, job.stop.updates);
  EXPECT_GT(run.duration(), seconds(20));
  std::uint64_t meanwhile = 0;
  for (std::size_t i = 1; i < run.progress().size(); ++i) {
    meanwhile = std::max(meanwhile, run.progress()[i].updates - run.progress()[i - 1].updates);
  }
  EXPECT_GT(meanwhile, kFit / 2);
  EXPECT_LE(meanwhile, kFit + 2);  // of those not held back, one each was under way
}

TEST(Supervisor, BeginsAgainWithoutACheckpoint) {
  JobSpec job = supervised_job("isega");
  SupervisedRun undisturbed(job);
  const Summary expected = undisturbed.run();
  job.checkpoint.every_rounds = 0;
  SupervisedRun run(job);
  run.crash(undisturbed.duration() / 2, "worker-1");
  EXPECT_EQ(run.run().iterate_hash, expected.iterate_hash);
}

TEST(Supervisor, SaysWhenNoneOfItsCheckpointsIsLeft) {
  const JobSpec job = supervised_job("isega", 10);  // of 25 rounds
  SupervisedRun undisturbed(job);
  const Summary expected = undisturbed.run();
  for (const bool removed : {true, false}) {
    SupervisedRun run(job);
    const nanoseconds between_two = 3 * undisturbed.duration() / 4;
    run.world().after(between_two, [&run, removed] {
      const auto files = run.disk().list("ckpt");
      ASSERT_FALSE(files.empty());
      for (const auto& file : files) {
        removed ? (void)run.disk().remove("ckpt" / file) : run.disk().truncate("ckpt" / file, 1);
      }
    });
    run.crash(between_two, "master");
    EXPECT_EQ(run.run().iterate_hash, expected.iterate_hash);
    EXPECT_THAT(run.stage().told(), testing::Contains(HasSubstr("none of its checkpoints is left")));
    EXPECT_EQ(run.told("passed over") > 0, !removed);
  }
}

TEST(Supervisor, GivesUpWhenANodeEndsTooOften) {
  JobSpec job = supervised_job("gd");
  job.stop.rounds = 100'000;
  job.worker.restart = {.max = 2, .within = milliseconds(60'000), .backoff = milliseconds(500)};
  SupervisedRun run(job);
  for (int i = 1; i <= 3; ++i) run.crash(i * seconds(5), "worker-2");
  try {
    run.run();
    FAIL() << "it goes on";
  } catch (const runtime::ActorDied& error) {
    EXPECT_EQ(error.actor(), "worker-2");
    EXPECT_THAT(error.cause(), HasSubstr("crashed"));
    EXPECT_THAT(error.cause(), HasSubstr("restarted 2 times within 1m (actors.worker.restart)"));
  }
}

TEST(Supervisor, NeverRestartsWhatIsNeverToBe) {
  JobSpec job = supervised_job("gd");
  job.stop.rounds = 100'000;
  job.worker.restart.max = 0;
  SupervisedRun run(job);
  run.crash(milliseconds(20), "worker-0");
  try {
    run.run();
    FAIL() << "it goes on";
  } catch (const runtime::ActorDied& error) {
    EXPECT_EQ(error.actor(), "worker-0");
    EXPECT_EQ(error.cause(), "its process has crashed");
  }
}

TEST(Supervisor, LeadsOnElsewhereWhenAHostIsLostWithItsDisk) {
  const JobSpec job = supervised_job("isaga");
  SupervisedRun undisturbed(job);
  const Summary expected = undisturbed.run();
  for (const std::string host : {"master", "worker-1"}) {
    SupervisedRun run(job);
    run.world().after(undisturbed.duration() / 2, [&] { run.stage().take_out(host); });
    EXPECT_EQ(run.run().iterate_hash, expected.iterate_hash) << host;
  }
}

}  // namespace
}  // namespace wisp::actors
