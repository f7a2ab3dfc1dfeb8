// Whole jobs in one process, compared with a loop over the rules that knows no actors.
#include "actors/job.h"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "optim/catalog.h"
#include "tests/actors/cluster.h"

namespace wisp::actors {
namespace {

using test::Cluster;
using test::kHang;
using test::layout_of;
using test::Reports;
using test::small_job;
using testing::ElementsAre;
using testing::HasSubstr;

struct Expected {
  std::string hash;
  std::string iterate;  // its bytes
  std::uint64_t uplink_bytes = 0;
  double step = 0;
  problems::Smoothness smoothness;
  std::vector<double> losses;  // at every tenth round, and at the end
};

// The method without actors, as optim/rule.h says it goes.
template <class T>
class PlainLoop {
 public:
  explicit PlainLoop(const JobSpec& job) : workers_(job.worker.replicas) {
    const problems::Source source = test::catalogs().problems.prepare(job.problem);
    for (std::uint32_t i = 0; i < workers_; ++i) {
      objectives_.push_back(
          test::catalogs().problems.template make_objective<T>(job.problem, source, i, workers_, job.seed));
      const problems::Smoothness own = objectives_.back()->smoothness();
      if (i == 0) expected_.smoothness = own;
      expected_.smoothness.join(own);
    }
    const std::uint32_t dim = objectives_.front()->dim();
    for (std::uint32_t i = 0; i < workers_; ++i) {
      rules_.push_back(
          test::catalogs().methods.template make_worker<T>(job.seed, i, workers_, dim, job.method));
    }
    master_ = test::catalogs().methods.template make_master<T>(workers_, dim, job.method,
                                                               expected_.smoothness, {}, job.seed);
    expected_.step = test::catalogs().methods.numbers(workers_, dim, job.method, expected_.smoothness).step;
    iterate_.assign(dim, T(job.problem.init == "ones" ? 1 : 0));
  }

  Expected run(std::uint64_t rounds) {
    for (std::uint64_t round = 0; round < rounds; ++round) {
      if (round % 10 == 0) evaluate();
      for (std::uint32_t i = 0; i < workers_; ++i) {
        const sparse::Vector<T> update = rules_[i]->step(round, iterate_, *objectives_[i]);
        expected_.uplink_bytes += sparse::encode(update).payload_bytes();
        master_->absorb(i, update);
      }
      master_->advance(iterate_);
    }
    evaluate();
    const auto bytes = std::as_bytes(std::span(iterate_));
    expected_.hash = sha256_hex(bytes).substr(0, 16);
    expected_.iterate.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return expected_;
  }

 private:
  void evaluate() {
    double sum = 0;
    for (const auto& objective : objectives_) sum += objective->loss(iterate_);
    expected_.losses.push_back(sum / static_cast<double>(workers_));
  }

  const std::uint32_t workers_;
  std::vector<std::unique_ptr<problems::Objective<T>>> objectives_;
  std::vector<std::unique_ptr<optim::WorkerRule<T>>> rules_;
  std::unique_ptr<optim::MasterRule<T>> master_;
  std::vector<T> iterate_;
  Expected expected_;
};

Expected plain_loop(const JobSpec& job, std::uint64_t rounds) {
  return job.dtype == Dtype::kFloat64 ? PlainLoop<double>(job).run(rounds)
                                      : PlainLoop<float>(job).run(rounds);
}

std::vector<double> losses_of(const std::vector<Progress>& reports) {
  std::vector<double> losses;
  for (const Progress& each : reports) losses.push_back(each.loss);
  return losses;
}

Summary run_on(Cluster& cluster, const JobSpec& job, const Layout& layout,
               std::optional<double> optimum = std::nullopt) {
  return start(cluster.system(), job, layout, optimum, [](const Progress&) {}).summary.get(kHang);
}

// Everything on the driver's node.
Summary run_here(const JobSpec& job, std::optional<double> optimum = std::nullopt) {
  Cluster cluster;
  return run_on(cluster, job, layout_of(job, "", {""}), optimum);
}

struct Kind {
  const char* method;
  Dtype dtype;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.method << "/" << to_string(kind.dtype); }

class WholeJob : public testing::TestWithParam<Kind> {
 protected:
  const JobSpec job_ = small_job(GetParam().method, GetParam().dtype);
};

TEST_P(WholeJob, ends_with_the_bits_of_a_plain_loop) {
  const Expected expected = plain_loop(job_, 25);
  const Summary summary = run_here(job_);
  EXPECT_EQ(summary.iterate_hash, expected.hash);
  EXPECT_EQ(runtime::test::text_of(summary.iterate), expected.iterate);
  EXPECT_EQ(summary.step, expected.step);
  EXPECT_EQ(summary.L, expected.smoothness.L);
  EXPECT_EQ(summary.mu, expected.smoothness.mu);
  EXPECT_EQ(summary.last.loss, expected.losses.back());
}

TEST_P(WholeJob, gives_one_hash_wherever_its_actors_live) {
  const std::string hash = plain_loop(job_, 25).hash;
  Cluster one;
  one.start("all");
  EXPECT_EQ(run_on(one, job_, layout_of(job_, "all", {"all"})).iterate_hash, hash);

  Cluster many;
  many.start("m");
  many.start("a");
  many.start("b", nullptr, nullptr, 2);  // two workers and two threads
  EXPECT_EQ(run_on(many, job_, layout_of(job_, "m", {"b", "a"})).iterate_hash, hash);
}

TEST_P(WholeJob, counts_what_the_mathematics_sent) {
  const Summary summary = run_here(job_);
  const std::uint64_t dense = 25u * 3 * 13 * (job_.dtype == Dtype::kFloat64 ? 8 : 4);
  EXPECT_EQ(summary.workers, 3u);
  EXPECT_EQ(summary.dim, 13u);
  EXPECT_EQ(summary.last.round, 25u);
  EXPECT_EQ(summary.last.uplink_bytes, plain_loop(job_, 25).uplink_bytes);
  if (job_.method.kind == "ibcd") {
    EXPECT_LT(summary.last.downlink_bytes, dense) << "blocks that nobody has chosen do not move";
  } else {
    EXPECT_EQ(summary.last.downlink_bytes, dense);
  }
  EXPECT_EQ(summary.last.master_downlink_bytes, summary.last.downlink_bytes);
  EXPECT_EQ(summary.last.dense_uplink_bytes, dense);
  EXPECT_EQ(summary.last.dense_downlink_bytes, dense);
}

TEST_P(WholeJob, reports_every_evaluation) {
  Reports reports;
  Cluster cluster;
  cluster.start("workers");
  const double optimum = 0.25;
  const Summary summary =
      start(cluster.system(), job_, layout_of(job_, "", {"workers"}), optimum, reports.sink())
          .summary.get(kHang);
  const std::vector<Progress> told = reports.wait_for(4);
  EXPECT_EQ(losses_of(told), plain_loop(job_, 25).losses);
  std::vector<std::uint64_t> rounds;
  for (const Progress& each : told) {
    rounds.push_back(each.round);
    EXPECT_EQ(each.gap, each.loss - optimum);
    EXPECT_GE(each.wire_bytes, each.uplink_bytes + each.master_downlink_bytes);
  }
  EXPECT_THAT(rounds, ElementsAre(0, 10, 20, 25));
  EXPECT_EQ(told[0].uplink_bytes, 0u);
  EXPECT_EQ(told[0].seconds, 0);
  EXPECT_EQ(told[3].uplink_bytes, summary.last.uplink_bytes);
  EXPECT_EQ(told[3].seconds, summary.last.seconds);
  EXPECT_LE(summary.last.seconds, summary.total_seconds);
}

INSTANTIATE_TEST_SUITE_P(Methods, WholeJob,
                         testing::Values(Kind{"gd", Dtype::kFloat64}, Kind{"gd", Dtype::kFloat32},
                                         Kind{"ibcd", Dtype::kFloat64}, Kind{"ibcd", Dtype::kFloat32},
                                         Kind{"isega", Dtype::kFloat64}, Kind{"isega", Dtype::kFloat32}),
                         [](const auto& each) {
                           return std::string(each.param.method) + "_" + to_string(each.param.dtype);
                         });

// The other methods on two nodes: state, draws and tables are where the plain loop has them.
TEST(Job, gives_the_bits_of_a_plain_loop_with_every_method) {
  for (const std::string& method : test::catalogs().methods.names()) {
    for (const Dtype dtype : {Dtype::kFloat64, Dtype::kFloat32}) {
      JobSpec job = small_job(method, dtype);
      const optim::Method& row = *test::catalogs().methods.find(method);
      if (row.consistencies.front() != "sync") continue;  // async_master_test.cc
      if (!row.paper_step) job.method.step_size.kind = optim::StepSizeSpec::Kind::kTheory;
      if (row.takes_batches) job.method.batch_size = 2;
      if (row.one_machine) job.worker.replicas = 1;
      if (row.shares_data) job.problem.data.shard = "all";
      job.check(test::catalogs());
      Cluster cluster;
      cluster.start("m");
      cluster.start("a");
      const Expected expected = plain_loop(job, 25);
      const Summary summary = run_on(cluster, job, layout_of(job, "m", {"a", "m"}));
      EXPECT_EQ(summary.iterate_hash, expected.hash) << method;
      EXPECT_EQ(summary.last.uplink_bytes, expected.uplink_bytes) << method;
      EXPECT_EQ(summary.last.loss, expected.losses.back()) << method;
      EXPECT_LT(summary.last.loss, expected.losses.front()) << method;
    }
  }
}

TEST(Job, sends_less_with_a_sparse_method) {
  const Summary dense = run_here(small_job("gd"));
  const Summary sparse = run_here(small_job("isega"));
  EXPECT_EQ(dense.last.uplink_bytes, dense.last.dense_uplink_bytes);
  EXPECT_LT(2 * sparse.last.uplink_bytes, sparse.last.dense_uplink_bytes);
}

// The settings of a sparsifier are what lies deepest in the messages that start a job.
TEST(Job, has_sparsifiers_of_coordinates) {
  for (const char* kind : {"random-k", "bernoulli"}) {
    JobSpec job = small_job("isega");
    job.method.sparsifier = {.kind = kind};
    job.method.sparsifier_given = true;
    if (kind == std::string("random-k")) job.method.sparsifier.settings.set("k", 2);
    Cluster cluster;
    cluster.start("m");
    cluster.start("a");
    const Summary summary = run_on(cluster, job, layout_of(job, "m", {"a"}));
    EXPECT_EQ(summary.iterate_hash, plain_loop(job, 25).hash) << kind;
    EXPECT_EQ(summary.last.uplink_bytes, plain_loop(job, 25).uplink_bytes) << kind;
  }
}

// Rounded at the workers, drawn again at the master, in every form: the bits of the plain loop.
TEST(Job, says_the_same_in_every_form_of_the_wire) {
  for (const char* values : {"float32", "float16", "bfloat16", "q8", "q4", "ternary"}) {
    for (const char* indices : {"auto", "raw", "rice", "bitmap", "seeded"}) {
      JobSpec job = small_job("isega");
      job.method.wire.values = values;
      job.method.wire.indices = indices;
      const Summary summary = run_here(job);
      EXPECT_EQ(summary.iterate_hash, plain_loop(job, 25).hash) << values << " " << indices;
    }
  }
}

// Three workers on two hosts, and a relay on each.
Layout chained(const JobSpec& job) {
  Layout layout = layout_of(job, "m", {"a", "b"});
  layout.relays = {{"ra", {0, 2}}, {"rb", {1}}};
  return layout;
}

void start_two_hosts(Cluster& cluster) {
  for (const char* name : {"m", "a", "b", "ra", "rb"}) cluster.start(name);
}

Summary run_chained(const JobSpec& job) {
  Cluster cluster;
  start_two_hosts(cluster);
  return run_on(cluster, job, chained(job));
}

class TwoHosts : public testing::TestWithParam<const char*> {
 protected:
  JobSpec job(const std::string& broadcast) const {
    JobSpec job = small_job(GetParam());
    job.method.broadcast.kind = broadcast;
    return job;
  }
};

TEST_P(TwoHosts, have_one_hash_whatever_goes_down_which_way) {
  const std::string hash = plain_loop(job(""), 25).hash;
  std::vector<std::uint64_t> bytes;
  for (const char* kind : {"", "dense", "delta"}) {
    JobSpec each = job(kind);
    const Summary star = run_here(each);
    EXPECT_EQ(star.iterate_hash, hash) << kind;
    EXPECT_EQ(star.last.master_downlink_bytes, star.last.downlink_bytes);
    each.method.broadcast.way = "chain";
    const Summary chain = run_chained(each);
    EXPECT_EQ(chain.iterate_hash, hash) << kind;
    EXPECT_EQ(3 * chain.last.downlink_bytes, 2 * star.last.downlink_bytes) << "once into each host";
    EXPECT_EQ(2 * chain.last.master_downlink_bytes, chain.last.downlink_bytes);
    bytes.push_back(star.last.downlink_bytes);
    each.method.broadcast.way = "auto";
    EXPECT_EQ(run_chained(each).last.master_downlink_bytes, star.last.downlink_bytes)
        << "a chain is not sooner for so little";
  }
  EXPECT_LE(bytes[2], bytes[1]);
}

TEST_P(TwoHosts, have_one_hash_with_a_sparse_model) {
  JobSpec sparse = job("sparse");
  sparse.method.broadcast.density = 0.25;
  const Summary star = run_here(sparse);
  EXPECT_EQ(star.status, "finished");
  EXPECT_NE(star.iterate_hash, plain_loop(sparse, 25).hash);
  EXPECT_LT(2 * star.last.downlink_bytes, star.last.dense_downlink_bytes);
  sparse.method.broadcast.way = "chain";
  EXPECT_EQ(run_chained(sparse).iterate_hash, star.iterate_hash);
  sparse.method.broadcast.density = 1;
  EXPECT_EQ(run_here(sparse).iterate_hash, plain_loop(sparse, 25).hash) << "nothing is left behind";
}

INSTANTIATE_TEST_SUITE_P(Methods, TwoHosts, testing::Values("gd", "ibcd", "isega"));

// 400 kB, so that each model is many pieces.
TEST(Job, sends_a_large_model_from_host_to_host) {
  JobSpec job = small_job("isega");
  job.problem.data.dim = 50'000;
  job.stop.rounds = 5;
  const Summary chain = run_chained(job);
  EXPECT_EQ(chain.iterate_hash, plain_loop(job, 5).hash);
  EXPECT_EQ(chain.last.master_downlink_bytes, 5u * 50'000 * 8);
  EXPECT_EQ(chain.last.downlink_bytes, 2 * chain.last.master_downlink_bytes);
}

TEST(Job, ends_with_the_name_of_a_relay_that_is_lost) {
  JobSpec job = small_job("gd");
  job.stop.rounds = 1'000'000'000;
  job.method.broadcast.way = "chain";
  Reports reports;
  Cluster cluster;
  start_two_hosts(cluster);
  auto running = start(cluster.system(), job, chained(job), std::nullopt, reports.sink());
  (void)reports.wait_for(2);
  cluster.system().lose(cluster.end("rb"), "killed by signal 9 (Killed)");
  try {
    (void)running.summary.get(kHang);
    FAIL() << "no exception";
  } catch (const runtime::ActorDied& died) {
    EXPECT_EQ(died.actor(), "relay-1");
  }
}

TEST(Job, has_no_tap_where_there_are_no_sockets) {
  JobSpec job = small_job("gd");
  job.metrics.tap = "127.0.0.1:9465";
  EXPECT_THAT([&] { (void)run_here(job); },
              testing::ThrowsMessage<runtime::ActorError>(HasSubstr("this world has no sockets")));
}

TEST(Job, starts_from_ones_where_asked) {
  JobSpec job = small_job("gd");
  job.problem.kind = "quadratic";
  job.problem.data.rows = 5;
  job.problem.init = "ones";
  EXPECT_EQ(run_here(job).iterate_hash, plain_loop(job, 25).hash);
}

TEST(Job, stops_at_the_number_of_rounds) {
  JobSpec job = small_job("gd");
  const Summary summary = run_here(job);
  EXPECT_EQ(summary.status, "finished");
  EXPECT_EQ(summary.reason, "25 rounds");
  EXPECT_EQ(summary.last.gap, std::nullopt);
  job.stop.rounds = 0;
  const Summary none = run_here(job);
  EXPECT_EQ(none.reason, "0 rounds");
  EXPECT_EQ(none.last.loss, plain_loop(job, 0).losses.front());
  EXPECT_EQ(none.last.uplink_bytes, 0u);
}

TEST(Job, stops_at_the_gap) {
  JobSpec job = small_job("gd");
  const std::vector<double> losses = plain_loop(job, 40).losses;  // at 0, 10, 20, ...
  ASSERT_LT(losses[2], losses[1]);
  job.stop.rounds = 1000;
  job.stop.gap = losses[2] - 0.125;
  const Summary summary = run_here(job, 0.125);
  EXPECT_EQ(summary.status, "converged");
  EXPECT_EQ(summary.last.round, 20u);
  EXPECT_EQ(summary.last.gap, losses[2] - 0.125);
  EXPECT_THAT(summary.reason, HasSubstr("gap "));
}

TEST(Job, stops_when_its_time_is_up) {
  JobSpec job = small_job("gd");
  job.stop.rounds.reset();
  job.stop.time = std::chrono::milliseconds(1500);
  const test::TickingClock clock(std::chrono::milliseconds(10));
  Cluster cluster;
  cluster.start("m", nullptr, &clock);
  const Summary summary = run_on(cluster, job, layout_of(job, "m", {""}));
  EXPECT_EQ(summary.status, "finished");
  EXPECT_EQ(summary.reason, "1.5 s");
  EXPECT_GT(summary.last.round, 0u);
  EXPECT_EQ(summary.last.loss, plain_loop(job, summary.last.round).losses.back());  // taken at the end
  EXPECT_GE(summary.total_seconds, 1.5);
  EXPECT_LT(summary.total_seconds, 1.7);
}

TEST(Job, stops_when_asked_to) {
  JobSpec job = small_job("isega");
  job.stop.rounds = 1'000'000'000;
  Reports reports;
  Cluster cluster;
  RunningJob running = start(cluster.system(), job, layout_of(job, "", {""}), std::nullopt, reports.sink());
  (void)reports.wait_for(2);
  running.stop();
  const Summary summary = running.summary.get(kHang);
  EXPECT_EQ(summary.status, "cancelled");
  EXPECT_EQ(summary.reason, "asked to stop");
  EXPECT_EQ(summary.iterate_hash, plain_loop(job, summary.last.round).hash);  // after a whole round
}

TEST(Job, stops_when_it_diverges) {
  JobSpec job = small_job("gd");
  job.problem.kind = "least-squares";
  job.method.step_size.kind = optim::StepSizeSpec::Kind::kNumber;
  job.method.step_size.value = 1e3;
  job.stop.rounds = 1000;
  const Summary summary = run_here(job);
  EXPECT_EQ(summary.status, "diverged");
  EXPECT_THAT(summary.reason, HasSubstr("is above 1000 times the first"));
  EXPECT_EQ(summary.last.round, 10u);
}

TEST(Job, fails_with_the_name_of_the_worker_whose_data_are_wrong) {
  JobSpec job = small_job("gd");
  Layout layout = layout_of(job, "", {"workers"});
  job.problem.data.format = "libsvm";
  for (problems::Source& source : layout.sources) source.path = "/nonexistent/rows";
  Cluster cluster;
  cluster.start("workers");
  auto running = start(cluster.system(), job, layout, std::nullopt, [](const Progress&) {});
  try {
    (void)running.summary.get(kHang);
    FAIL() << "no exception";
  } catch (const runtime::ActorError& error) {
    EXPECT_EQ(error.actor(), "worker-0");
    EXPECT_EQ(error.fault(), Fault::kConfig);
    EXPECT_THAT(error.what(), HasSubstr("/nonexistent/rows"));
  }
}

TEST(Job, does_not_start_on_a_node_that_is_not_there) {
  const JobSpec job = small_job("gd");
  Cluster cluster;
  try {
    (void)start(cluster.system(), job, layout_of(job, "", {"nowhere"}), std::nullopt, [](const Progress&) {});
    FAIL() << "no exception";
  } catch (const runtime::ActorError& error) {
    EXPECT_STREQ(error.what(), "driver: no node is called nowhere");
  }
}

TEST(Job, names_the_classes_of_its_actors) {
  runtime::Registry registry;
  register_actors(registry, test::catalogs());
  EXPECT_EQ(master_class(Dtype::kFloat64), "master/float64");
  EXPECT_EQ(worker_class(Dtype::kFloat32), "worker/float32");
  EXPECT_EQ(async_master_class(Dtype::kFloat64), "async-master/float64");
  EXPECT_EQ(relay_class(Dtype::kFloat32), "relay/float32");
  EXPECT_THAT(registry.class_names(),
              ElementsAre("async-master/float32", "async-master/float64", "keeper", "master/float32",
                          "master/float64", "monitor", "relay/float32", "relay/float64", "worker/float32",
                          "worker/float64"));
}

class Counter : public runtime::Actor {
 public:
  using Constructor = void(std::int64_t);
  explicit Counter(std::int64_t start) : value_(start) {}
  std::int64_t add(std::int64_t amount) { return value_ += amount; }

 private:
  std::int64_t value_;
};

// Sums up two counters that it finds by name; fails if that is not what is expected.
class Teller : public runtime::Actor {
 public:
  using Constructor = void(std::int64_t);
  explicit Teller(std::int64_t expected) : expected_(expected) {}
  runtime::Task<void> run() {
    std::int64_t sum = 0;
    for (const char* name : {"counter-0", "counter-1"}) {
      const auto counter = co_await runtime::get_actor<Counter>(context(), name);
      auto answer = counter.call<&Counter::add>(1);
      sum += co_await answer;
    }
    if (sum != expected_) throw Error("the sum is " + std::to_string(sum));
  }
  void stop() { expected_ = 0; }

 private:
  std::int64_t expected_;
};

void register_counters(runtime::Registry& registry) {
  registry.actor<Counter>("counter").parameters({{"start", 5}}).method<&Counter::add>("add");
  registry.actor<Teller>("teller")
      .parameters({"expected"})
      .method<&Teller::run>("run")
      .method<&Teller::stop>("stop");
}

std::vector<GroupSpec> tellers(std::int64_t expected) {
  GroupSpec counters;
  counters.name = "counter";
  counters.class_name = "counter";
  counters.actor.replicas = 2;
  GroupSpec teller;
  teller.name = "teller";
  teller.class_name = "teller";
  teller.main = true;
  teller.arguments.set("expected", expected);
  return {teller, counters};
}

const std::map<std::string, std::string> kHere = {
    {"teller", ""}, {"counter-0", "there"}, {"counter-1", "there"}};

TEST(PlainActors, run_until_main_returns) {
  Cluster cluster(register_counters);
  cluster.start("there");
  RunningActors running = start(cluster.system(), tellers(12), kHere);
  EXPECT_NO_THROW(running.finished.get(kHang));
  running.stop();
  EXPECT_THROW(start(cluster.system(), tellers(12), kHere), runtime::ActorError);  // the names are taken
}

TEST(PlainActors, fail_with_main) {
  Cluster cluster(register_counters);
  cluster.start("there");
  RunningActors running = start(cluster.system(), tellers(13), kHere);
  try {
    running.finished.get(kHang);
    FAIL() << "no exception";
  } catch (const runtime::ActorError& error) {
    EXPECT_EQ(error.actor(), "teller");
    EXPECT_STREQ(error.what(), "teller: the sum is 12");
  }
}

TEST(Monitor, hands_over_what_it_is_told) {
  Progress seen;
  Monitor monitor([&seen](const Progress& progress) { seen = progress; });
  Progress progress;
  progress.round = 5;
  monitor.report(progress);
  EXPECT_EQ(seen.round, 5u);
  Monitor().report(progress);  // nobody listens
}

}  // namespace
}  // namespace wisp::actors
