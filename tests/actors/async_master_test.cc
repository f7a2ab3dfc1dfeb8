#include "actors/async_master.h"

#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/simulated_world.h"
#include "tests/actors/cluster.h"

namespace wisp::actors {
namespace {

using std::chrono::milliseconds;
using test::Cluster;
using test::kHang;
using test::layout_of;
using test::pushed_job;
using testing::HasSubstr;

struct Ran {
  Summary summary;
  std::vector<Progress> reports;
  Bytes record;
};

// The pieces of a file of arrivals.
class File {
 public:
  Recording recording(Bytes replay = {}) {
    return {.on_record =
                [this](const Bytes& piece) {
                  bytes_.insert(bytes_.end(), piece.span().begin(), piece.span().end());
                },
            .replay = std::move(replay)};
  }
  Bytes bytes() const { return Bytes::copy(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

// In virtual time, everything on one node.
Ran simulated(const JobSpec& job, Bytes replay = {}) {
  runtime::Registry registry;
  runtime::register_services(registry);
  register_actors(registry, test::catalogs());
  runtime::WorldOptions options;
  options.events_most = 50'000'000;
  runtime::SimulatedWorld world(options, registry);
  Ran ran;
  File file;
  auto running = start(
      world.system(), job, layout_of(job, "", {""}), std::nullopt,
      [&](const Progress& progress) { ran.reports.push_back(progress); }, file.recording(std::move(replay)));
  ran.summary = running.summary.get();
  ran.record = file.bytes();
  return ran;
}

JobSpec timed_job(std::uint64_t seed = 1, const std::string& consistency = "async") {
  JobSpec job = pushed_job(consistency);
  job.simulation.given = true;
  job.simulation.seed = seed;
  job.simulation.compute = {.kind = "exponential", .mean = milliseconds(10)};
  job.record = "r";
  return job;
}

std::vector<Arrival> arrivals_of(const Ran& ran, const JobSpec& job) {
  return read_arrivals(ran.record, job, "record").all;
}

// The run as P1 says it goes: every iterate is kept, and update t is of the one that its worker had read.
std::string by_hand(const JobSpec& job, const std::vector<Arrival>& arrivals) {
  const std::uint32_t n = job.worker.replicas;
  const problems::Source source = test::catalogs().problems.prepare(job.problem);
  std::vector<std::unique_ptr<problems::Objective<double>>> objectives;
  std::vector<std::unique_ptr<optim::WorkerRule<double>>> rules;
  problems::Smoothness worst;
  for (std::uint32_t i = 0; i < n; ++i) {
    objectives.push_back(
        test::catalogs().problems.make_objective<double>(job.problem, source, i, n, job.seed));
    const problems::Smoothness own = objectives.back()->smoothness();
    worst.L = std::max(worst.L, own.L);
    worst.mu = i == 0 ? own.mu : std::min(worst.mu, own.mu);
    rules.push_back(test::catalogs().methods.make_worker<double>(job.seed, i, n, 13, job.method));
  }
  const auto master = test::catalogs().methods.make_master<double>(n, 13, job.method, worst);
  std::vector<std::vector<double>> iterates{std::vector<double>(13, 0.0)};
  std::vector<std::uint64_t> steps(n);
  for (const Arrival& arrival : arrivals) {
    const std::uint32_t i = arrival.worker;
    sparse::Vector<double> update = rules[i]->step(steps[i]++, iterates.at(arrival.read), *objectives[i]);
    const std::uint64_t staleness = iterates.size() - 1 - arrival.read;
    if (job.method.late == "damp") {
      for (double& value : update.values) value *= 1 / (1 + static_cast<double>(staleness));
    }
    if (job.method.late == "drop" && staleness > std::uint64_t{job.method.consistency.bound} * n) continue;
    iterates.push_back(iterates.back());
    master->absorb(i, update);
    master->advance(iterates.back());
  }
  return sha256_hex(std::as_bytes(std::span(iterates.back()))).substr(0, 16);
}

TEST(AsyncMaster, is_the_loop_of_the_paper) {
  for (const char* late : {"apply", "damp"}) {
    JobSpec job = timed_job();
    job.method.late = late;
    const Ran ran = simulated(job);
    EXPECT_EQ(ran.summary.status, "finished");
    EXPECT_EQ(ran.summary.reason, "25 rounds");
    EXPECT_EQ(ran.summary.last.updates, 75u);
    const std::vector<Arrival> arrivals = arrivals_of(ran, job);
    ASSERT_EQ(arrivals.size(), 75u);
    EXPECT_EQ(by_hand(job, arrivals), ran.summary.iterate_hash) << late;
  }
}

TEST(AsyncMaster, sends_what_a_sparsifier_chooses_and_measures_it) {
  JobSpec job = timed_job();
  job.method.sparsifier = {.kind = "top-k", .density = 0.25};
  job.method.sparsifier_given = true;
  const Ran ran = simulated(job);
  EXPECT_EQ(by_hand(job, arrivals_of(ran, job)), ran.summary.iterate_hash);
  const Progress& last = ran.summary.last;
  EXPECT_EQ(last.uplink_bytes < last.dense_uplink_bytes / 2, true);
  ASSERT_TRUE(last.kept_mass.has_value());
  EXPECT_GT(*last.kept_mass, 0.25);  // the largest are more than their share
  EXPECT_LT(*last.kept_mass, 1);
  ASSERT_TRUE(last.memory_norm.has_value());
  EXPECT_GT(*last.memory_norm, 0);
  EXPECT_GE(last.epochs, 25.0);  // and the steps that are under way
  EXPECT_LE(last.epochs, 26.0);
}

// Whatever the model goes down as, the loop is the same; on one node and where models are packed.
TEST(AsyncMaster, is_the_same_loop_with_models_that_only_say_what_has_changed) {
  JobSpec job = timed_job();
  job.method.sparsifier = {.kind = "top-k", .density = 1.0 / 13};
  job.method.sparsifier_given = true;
  job.method.broadcast.kind = "dense";
  const Ran dense = simulated(job);
  EXPECT_EQ(dense.summary.last.downlink_bytes, dense.summary.last.dense_downlink_bytes);
  job.method.broadcast.kind = "delta";
  const Ran delta = simulated(job);
  EXPECT_EQ(delta.summary.iterate_hash, dense.summary.iterate_hash);
  EXPECT_EQ(delta.summary.last.dense_downlink_bytes, dense.summary.last.dense_downlink_bytes);
  EXPECT_LT(2 * delta.summary.last.downlink_bytes, delta.summary.last.dense_downlink_bytes);
  EXPECT_EQ(delta.summary.last.master_downlink_bytes, delta.summary.last.downlink_bytes);
  JobSpec again = job;
  again.simulation = {};
  again.record.clear();
  again.replay = "r";
  Cluster cluster;
  for (const char* name : {"m", "a", "b", "c"}) cluster.start(name);
  const Summary real = start(cluster.system(), again, layout_of(again, "m", {"a", "b", "c"}), std::nullopt,
                             [](const Progress&) {}, {.replay = delta.record})
                           .summary.get(kHang);
  EXPECT_EQ(real.iterate_hash, delta.summary.iterate_hash);
  EXPECT_LT(2 * real.last.downlink_bytes, real.last.dense_downlink_bytes);
}

// wisp's own: workers compute at w, which is x at last if nothing is left behind.
TEST(AsyncMaster, sends_a_model_that_lags_where_it_is_asked_to) {
  JobSpec job = timed_job();
  job.method.broadcast = {.kind = "sparse", .density = 0.25};
  const Ran ran = simulated(job);
  EXPECT_EQ(ran.summary.status, "finished");
  EXPECT_NE(ran.summary.iterate_hash, by_hand(job, arrivals_of(ran, job)));
  EXPECT_EQ(simulated(job).summary.iterate_hash, ran.summary.iterate_hash);
  EXPECT_LT(ran.summary.last.downlink_bytes, ran.summary.last.dense_downlink_bytes);
  job.method.broadcast.density = 1;
  const Ran whole = simulated(job);
  EXPECT_EQ(whole.summary.iterate_hash, by_hand(job, arrivals_of(whole, job)));
}

TEST(AsyncMaster, gives_one_hash_for_one_seed) {
  const std::string hash = simulated(timed_job(1)).summary.iterate_hash;
  EXPECT_EQ(simulated(timed_job(1)).summary.iterate_hash, hash);
  EXPECT_NE(simulated(timed_job(2)).summary.iterate_hash, hash);
}

TEST(AsyncMaster, has_a_mean_staleness_of_one_less_than_the_workers) {
  for (const char* kind : {"exponential", "uniform", "lognormal"}) {
    JobSpec job = timed_job();
    job.simulation.compute.kind = kind;
    job.worker.replicas = 30;
    job.stop = {.updates = 20'000};
    job.evaluate = {.every_rounds = 0, .every_updates = 10'000};
    const Ran ran = simulated(job);
    const Staleness& staleness = ran.summary.last.staleness;
    EXPECT_EQ(staleness.count(), 20'000u);
    EXPECT_NEAR(staleness.mean(), 29, 0.02 * 29) << kind;
    EXPECT_EQ(ran.summary.staleness.size(), 30u);
    std::uint64_t sum = 0;
    for (const Staleness& each : ran.summary.staleness) sum += each.count();
    EXPECT_EQ(sum, 20'000u);
    EXPECT_EQ(ran.reports.size(), 3u);
  }
}

TEST(AsyncMaster, slow_workers_have_staler_updates) {
  JobSpec job = timed_job();
  job.worker.replicas = 10;
  job.simulation.spread = 10;
  job.stop = {.updates = 2000};
  const Summary summary = simulated(job).summary;
  EXPECT_GT(summary.staleness.front().count(), 5 * summary.staleness.back().count());
  EXPECT_GT(summary.staleness.back().mean(), 3 * summary.staleness.front().mean());
}

TEST(AsyncMaster, times_pass_in_virtual_seconds) {
  JobSpec job = timed_job();
  job.worker.replicas = 1;
  job.simulation.compute = {.kind = "constant", .mean = milliseconds(10)};
  job.simulation.latency = {.kind = "constant", .mean = milliseconds(1)};
  job.simulation.bandwidth = 13 * 64 * 1000;  // a vector takes a millisecond
  job.stop = {.updates = 10};
  const Progress last = simulated(job).summary.last;
  EXPECT_NEAR(last.seconds, 10 * 0.014, 1e-9);
  job.stop = {.time = milliseconds(55)};
  EXPECT_EQ(simulated(job).summary.last.updates, 4u);
}

TEST(AsyncMaster, ssp_keeps_workers_together) {
  for (const std::uint32_t bound : {1u, 4u}) {
    JobSpec job = timed_job(1, "ssp");
    job.method.consistency.bound = bound;
    job.worker.replicas = 5;
    job.simulation.spread = 100;
    job.stop = {.updates = 300};
    const Ran ran = simulated(job);
    std::vector<std::uint64_t> steps(5);
    std::uint64_t widest = 0;
    for (const Arrival& arrival : arrivals_of(ran, job)) {
      ++steps[arrival.worker];
      const auto [least, most] = std::minmax_element(steps.begin(), steps.end());
      widest = std::max(widest, *most - *least);
    }
    EXPECT_EQ(widest, bound + 1);  // it begins a step while it is no more than the bound ahead
    EXPECT_EQ(by_hand(job, arrivals_of(ran, job)), ran.summary.iterate_hash);
  }
}

TEST(AsyncMaster, drops_what_is_later_than_the_bound) {
  JobSpec job = timed_job();
  job.worker.replicas = 8;
  job.method.late = "drop";
  job.method.consistency.bound = 1;
  job.stop = {.updates = 400};
  const Ran ran = simulated(job);
  EXPECT_EQ(ran.summary.last.updates, 400u);
  EXPECT_GT(ran.summary.last.dropped, 0u);
  EXPECT_LE(ran.summary.last.staleness.max(), 8u);
  const std::vector<Arrival> arrivals = arrivals_of(ran, job);
  EXPECT_EQ(arrivals.size(), 400 + ran.summary.last.dropped);
  EXPECT_EQ(by_hand(job, arrivals), ran.summary.iterate_hash);
}

TEST(AsyncMaster, draws_the_staleness_that_is_asked_for) {
  for (const char* kind : {"geometric", "uniform"}) {
    JobSpec job = pushed_job();
    job.simulation.given = true;
    job.simulation.staleness = kind;
    job.simulation.staleness_mean = 12;
    job.record = "r";
    job.stop = {.updates = 10'000};
    job.evaluate = {.every_rounds = 0, .every_updates = 5000};
    const Ran ran = simulated(job);
    const Staleness& staleness = ran.summary.last.staleness;
    EXPECT_NEAR(staleness.mean(), 12, 0.04 * 12) << kind;
    EXPECT_EQ(staleness.max() > 24, std::string(kind) == "geometric");
    EXPECT_EQ(simulated(job).summary.iterate_hash, ran.summary.iterate_hash);
  }
}

TEST(AsyncMaster, refuses_to_keep_more_old_iterates_than_fit) {
  JobSpec job = pushed_job();
  job.simulation.given = true;
  job.simulation.staleness = "geometric";
  job.simulation.staleness_mean = 1e6 * 2;
  try {
    (void)simulated(job);
    FAIL() << "no exception";
  } catch (const runtime::ActorError& error) {
    EXPECT_THAT(error.what(), HasSubstr("take a lower mean, kind uniform, or simulated times"));
  }
}

TEST(AsyncMaster, replays_what_was_recorded_to_the_same_bits) {
  for (const char* consistency : {"async", "ssp"}) {
    JobSpec job = timed_job(3, consistency);
    job.simulation.spread = 5;
    const Ran ran = simulated(job);
    JobSpec again = pushed_job(consistency);
    again.stop = {.updates = 10};  // it is the record that ends a replay
    again.replay = "r";
    const Ran replayed = simulated(again, ran.record);
    EXPECT_EQ(replayed.summary.iterate_hash, ran.summary.iterate_hash);
    EXPECT_EQ(replayed.summary.reason, "75 updates, all that were recorded");
    EXPECT_EQ(replayed.summary.last.staleness.mean(), ran.summary.last.staleness.mean());
  }
}

TEST(AsyncMaster, records_and_replays_real_workers) {
  JobSpec job = pushed_job();
  job.record = "r";
  Cluster cluster;
  for (const char* name : {"m", "a", "b", "c"}) cluster.start(name);
  const Layout layout = layout_of(job, "m", {"a", "b", "c"});
  File file;
  const Summary first =
      start(
          cluster.system(), job, layout, std::nullopt, [](const Progress&) {}, file.recording())
          .summary.get(kHang);
  EXPECT_EQ(by_hand(job, read_arrivals(file.bytes(), job, "r").all), first.iterate_hash);
  Cluster another;
  another.start("all");
  File none;
  JobSpec again = job;
  again.record.clear();
  const Summary second = start(
                             another.system(), again, layout_of(job, "all", {"all", "", "all"}), std::nullopt,
                             [](const Progress&) {}, none.recording(file.bytes()))
                             .summary.get(kHang);
  EXPECT_EQ(second.iterate_hash, first.iterate_hash);
  EXPECT_TRUE(another.journal().holds("the replay gives what the recorded run gave"));
}

TEST(AsyncMaster, refuses_the_record_of_another_job) {
  const Ran ran = simulated(timed_job());
  JobSpec other = pushed_job();
  other.seed = 8;
  other.replay = "/jobs/r";
  try {
    (void)simulated(other, ran.record);
    FAIL() << "no exception";
  } catch (const runtime::ActorError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the record /jobs/r was recorded by another job"));
  }
}

TEST(AsyncMaster, stops_when_it_is_asked_to) {
  JobSpec job = pushed_job();
  job.stop = {.updates = 1'000'000'000};
  Cluster cluster;
  test::Reports reports;
  auto running = start(cluster.system(), job, layout_of(job, "", {""}), std::nullopt, reports.sink());
  (void)reports.wait_for(2);
  running.stop();
  EXPECT_EQ(running.summary.get(kHang).status, "cancelled");
}

TEST(AsyncMaster, is_not_for_rounds) {
  JobSpec job = pushed_job();
  job.method.kind = "gd";
  Cluster cluster;
  auto running = start(cluster.system(), job, layout_of(job, "", {""}), std::nullopt, [](const Progress&) {});
  EXPECT_THROW(running.summary.get(kHang), runtime::ActorError);
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Sends what is no number from its third step on.
template <class T>
class BreakingWorker : public test::PushWorker<T> {
 public:
  using test::PushWorker<T>::PushWorker;
  sparse::Vector<T> step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) override {
    sparse::Vector<T> update = test::PushWorker<T>::step(round, x, f);
    if (is_broken(round)) update.values[5] = static_cast<T>(kNan);
    return update;
  }

 private:
  virtual bool is_broken(std::uint64_t round) const { return round >= 2; }
};

// As often as nonfinite: reject lets a worker be.
template <class T>
class OftenBreakingWorker final : public BreakingWorker<T> {
 public:
  using BreakingWorker<T>::BreakingWorker;

 private:
  bool is_broken(std::uint64_t round) const override { return round % 11 != 0; }
};

template <template <class> class BrokenWorker = BreakingWorker>
Summary broken(const std::string& nonfinite) {
  Catalogs catalogs;
  optim::Method method = *test::catalogs().methods.find("push");
  method.name = "breaking";
  catalogs.methods.add(method.made_of<BrokenWorker, test::PushMaster>());
  runtime::Registry registry;
  runtime::register_services(registry);
  register_actors(registry, catalogs);
  runtime::SimulatedWorld world({}, registry);
  JobSpec job = pushed_job();
  job.method.kind = "breaking";
  job.method.nonfinite = nonfinite;
  job.simulation.given = true;
  job.simulation.compute = {.kind = "constant", .mean = milliseconds(1)};
  job.stop = {.time = milliseconds(20)};
  return start(world.system(), job, layout_of(job, "", {""}), std::nullopt, [](const Progress&) {})
      .summary.get();
}

TEST(AsyncMaster, says_who_sent_what_is_not_finite) {
  const Summary ended = broken("error");
  EXPECT_EQ(ended.status, "diverged");
  EXPECT_EQ(ended.reason, "worker-0 sent a value that is not finite, at coordinate 5 in round 2");
  EXPECT_EQ(ended.last.updates, 6u);
  EXPECT_EQ(ended.model_updates, 6u);
  const Summary rejected = broken("reject");
  EXPECT_EQ(rejected.status, "diverged");
  EXPECT_EQ(rejected.reason,
            "worker-2 sent a value that is not finite, at coordinate 5 in round 12, the 11th of its "
            "updates in a row");
  EXPECT_EQ(rejected.last.updates, 6u);
  EXPECT_EQ(rejected.last.rejected, 31u);
  EXPECT_EQ(rejected.iterate_hash, ended.iterate_hash);
  const Summary often = broken<OftenBreakingWorker>("reject");
  EXPECT_EQ(often.status, "finished");
  EXPECT_EQ(often.last.updates, 6u);
  EXPECT_EQ(often.last.rejected, 52u);  // 19 ms, and the first of the twentieth
  const Summary mended = broken("zero");
  EXPECT_EQ(mended.last.updates, 58u);
  EXPECT_EQ(mended.last.rejected, 52u);
  EXPECT_TRUE(std::isfinite(mended.last.loss));
}

TEST(AsyncMaster, keeps_the_last_model_that_is_finite) {
  JobSpec job = timed_job();
  job.problem.kind = "least-squares";
  job.method.step_size = {.kind = optim::StepSizeSpec::Kind::kNumber, .value = 1e100};
  job.stop = {.updates = 1000};
  job.stop.diverged = std::numeric_limits<double>::max();
  job.evaluate = {.every_rounds = 0, .every_updates = 1};
  const Summary summary = simulated(job).summary;
  EXPECT_EQ(summary.status, "diverged");
  EXPECT_LT(summary.model_updates, summary.last.updates);
  std::vector<double> x(summary.iterate.size() / sizeof(double));
  std::memcpy(x.data(), summary.iterate.data(), summary.iterate.size());
  for (const double value : x) EXPECT_TRUE(std::isfinite(value));
}

}  // namespace
}  // namespace wisp::actors
