// One worker, on a node whose clock moves on by each look at it.
#include "actors/worker.h"

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/timed_objective.h"
#include "optim/catalog.h"
#include "tests/actors/cluster.h"
#include "tests/support/temporary_folder.h"

namespace wisp::actors {
namespace {

using test::Cluster;
using test::kHang;
using test::small_job;

class WorkerTest : public testing::Test {
 protected:
  WorkerTest() {
    parameters_.problem = job_.problem;
    parameters_.source = test::catalogs().problems.prepare(job_.problem);
    parameters_.method = job_.method;
    parameters_.seed = job_.seed;
    parameters_.worker = 1;
    parameters_.workers = 3;
    objective_ =
        test::catalogs().problems.make_objective<double>(job_.problem, parameters_.source, 1, 3, job_.seed);
  }
  runtime::Handle<Worker<double>> spawn(std::chrono::nanoseconds look = std::chrono::microseconds(250)) {
    clock_ = std::make_unique<test::TickingClock>(look);
    cluster_.start("there", nullptr, clock_.get());
    return cluster_.system()
        .spawn<Worker<double>>(runtime::Options("worker-1").on("there"), parameters_)
        .get(kHang);
  }
  template <class R>
  std::string refusal(runtime::Future<R> future) {
    try {
      (void)future.get(kHang);
    } catch (const runtime::ActorError& error) {
      return error.what();
    }
    return "";
  }
  std::size_t lines_with(const std::string& part) const {
    const auto lines = cluster_.journal().lines();
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    }));
  }

  const JobSpec job_ = small_job("isega");
  WorkerParameters parameters_;
  std::unique_ptr<problems::Objective<double>> objective_;
  std::unique_ptr<test::TickingClock> clock_;  // outlives the nodes
  Cluster cluster_;
};

TEST_F(WorkerTest, tells_what_it_found_in_its_rows) {
  const Shard shard = spawn().call<&Worker<double>::set_up>(0U).get(kHang);
  EXPECT_EQ(shard.rows, objective_->rows());
  EXPECT_EQ(shard.dim, 13u);
  EXPECT_EQ(shard.L, objective_->smoothness().L);
  EXPECT_EQ(shard.mu, objective_->smoothness().mu);
  EXPECT_TRUE(cluster_.journal().holds("worker-1 info 13 rows, dimension 13, L "));
}

TEST_F(WorkerTest, measures_a_model_on_its_share_of_the_test_rows) {
  const wisp::test::TemporaryFolder folder;
  const std::string path = (folder.path() / "rows").string();
  std::ofstream(path) << "1 1:1\n-1 1:1\n1 2:1\n1 13:1\n-1 2:1\n1 1:2\n";
  parameters_.problem.data.format = "libsvm";
  parameters_.problem.data.path = path;
  parameters_.problem.data.rows = 0;
  parameters_.problem.test.path = path;
  parameters_.source = test::catalogs().problems.prepare(parameters_.problem);
  parameters_.test = test::catalogs().problems.prepare_test(parameters_.problem, parameters_.source.info);
  const auto worker = spawn();
  (void)worker.call<&Worker<double>::set_up>(0U).get(kHang);
  std::vector<double> x(13, 0.0);
  x[1] = 1;  // its rows are the third and the fourth: margins 1 and 0
  const auto answer = worker.call<&Worker<double>::test>(Model<double>(0, x)).get(kHang);
  ASSERT_TRUE(answer);
  const TestResult& result = *answer;
  EXPECT_EQ(result.rows, 2U);
  EXPECT_EQ(result.correct, 1U);
  EXPECT_NEAR(result.loss, (std::log1p(std::exp(-1.0)) + std::log(2.0)) / 2, 1e-14);  // without l2
}

TEST_F(WorkerTest, starts_at_random_as_its_function_does) {
  const auto worker = spawn();
  (void)worker.call<&Worker<double>::set_up>(0U).get(kHang);
  std::vector<double> expected(13);
  objective_->random_start(job_.seed, expected);
  EXPECT_EQ(worker.call<&Worker<double>::random_start>().get(kHang), expected);
}

TEST_F(WorkerTest, refuses_a_test_without_test_rows) {
  const auto worker = spawn();
  (void)worker.call<&Worker<double>::set_up>(0U).get(kHang);
  auto asked = worker.call<&Worker<double>::test>(Model<double>(0, std::vector<double>(13)));
  EXPECT_EQ(refusal(std::move(asked)), "worker-1: asked for a test without test rows");
}

TEST_F(WorkerTest, answers_a_model_with_the_update_of_its_method) {
  const auto worker = spawn();
  (void)worker.call<&Worker<double>::set_up>(0U).get(kHang);
  const auto rule = test::catalogs().methods.make_worker<double>(job_.seed, 1, 3, 13, job_.method);
  for (std::uint64_t round = 0; round < 5; ++round) {
    const std::vector<double> x(13, 0.5 * static_cast<double>(round));
    const auto answer = worker.call<&Worker<double>::step>(Model<double>(round, x)).get(kHang);
    ASSERT_TRUE(answer);
    const Update<double>& update = *answer;
    EXPECT_EQ(update.round, round);
    sparse::Vector<double> vector;
    sparse::decode(update.encoded(), 13, sparse::DrawKey{job_.seed, 1, round}, vector);
    EXPECT_EQ(vector, rule->step(round, x, *objective_));
    EXPECT_EQ(update.gradient_ns, 250'000u);  // one look at the clock after the other
    EXPECT_EQ(worker.call<&Worker<double>::evaluate>(Model<double>(round, x)).get(kHang)->loss,
              objective_->loss(x));
  }
}

TEST_F(WorkerTest, warns_of_a_memory_that_outweighs_its_steps) {
  parameters_.problem.kind = "least-squares";
  parameters_.method = small_job("push").method;
  parameters_.method.sparsifier = {.kind = "top-k", .density = 0.25};
  parameters_.method.sparsifier_given = true;
  const auto worker = spawn();
  (void)worker.call<&Worker<double>::set_up>(0U).get(kHang);
  const auto step_at = [&](std::uint64_t round, double x) {
    const Model<double> model(round, std::vector<double>(13, x));
    (void)worker.call<&Worker<double>::step>(model).get(kHang);
    (void)worker.call<&Worker<double>::evaluate>(model).get(kHang);
    return lines_with("worker-1 warn what was left out so far has norm ");
  };
  EXPECT_EQ(step_at(0, 1e8), 0u);
  EXPECT_EQ(step_at(1, 0), 1u);
  EXPECT_TRUE(cluster_.journal().holds("over 1000 times that of the last step"));
  EXPECT_EQ(step_at(2, 0), 1u);  // said once
}

TEST(Update, is_encoded_where_it_leaves_its_process) {
  Update<double> here;
  here.round = 7;
  const auto vector = sparse::Vector<double>::at(std::vector<double>(13, 0.5), {2, 3, 11});
  here.here.emplace(vector, sparse::IndexChoice::kRice,
                    sparse::payload_bytes(vector, sparse::IndexChoice::kRice));
  const auto there = unpack<Update<double>>(pack(here));
  EXPECT_EQ(there.round, 7u);
  EXPECT_FALSE(there.here);
  EXPECT_EQ(there.payload_bytes(), here.payload_bytes());
  sparse::Vector<double> decoded;
  sparse::decode(there.vector, 13, sparse::DrawKey{}, decoded);
  EXPECT_EQ(decoded, vector);
}

TEST_F(WorkerTest, does_nothing_for_a_master_before_the_one_that_it_was_rewound_for) {
  const auto worker = spawn();
  worker.call<&Worker<double>::rewind>(2U, std::optional<Bytes>()).get(kHang);
  EXPECT_EQ(refusal(worker.call<&Worker<double>::set_up>(1U)), "worker-1: asked by an earlier master");
  EXPECT_EQ(refusal(worker.call<&Worker<double>::recall>(1U, std::vector<Update<double>>())),
            "worker-1: asked by an earlier master");
  EXPECT_EQ(worker.call<&Worker<double>::set_up>(2U).get(kHang).round, 0u);
}

TEST_F(WorkerTest, does_not_work_before_it_is_set_up) {
  const auto worker = spawn();
  const Model<double> model(0, std::vector<double>(13, 0.0));
  EXPECT_EQ(refusal(worker.call<&Worker<double>::step>(model)), "worker-1: asked to work before set_up");
  EXPECT_EQ(refusal(worker.call<&Worker<double>::evaluate>(model)), "worker-1: asked to work before set_up");
}

TEST_F(WorkerTest, refuses_a_model_of_another_dimension) {
  const auto worker = spawn();
  (void)worker.call<&Worker<double>::set_up>(0U).get(kHang);
  const Model<double> model(0, std::vector<double>(12, 0.0));
  const std::string why = "worker-1: a model of dimension 12 where 13 is expected";
  EXPECT_EQ(refusal(worker.call<&Worker<double>::step>(model)), why);
  EXPECT_EQ(refusal(worker.call<&Worker<double>::evaluate>(model)), why);
}

// What the master would send to a worker that it takes to have version 1.
TEST_F(WorkerTest, says_that_it_lacks_the_base_of_a_model) {
  const auto worker = spawn();
  (void)worker.call<&Worker<double>::set_up>(0U).get(kHang);
  ModelEncoder<double> encoder(DownPlan{}, 13, 1);
  encoder.show(std::vector<double>(13, 0.0));
  (void)encoder.to(0, 0);
  const Model<double> nothing_new = encoder.to(0, 0);
  EXPECT_EQ(worker.call<&Worker<double>::step>(nothing_new).get(kHang), std::nullopt);
  EXPECT_EQ(worker.call<&Worker<double>::evaluate>(nothing_new).get(kHang), std::nullopt);
  EXPECT_TRUE(cluster_.journal().holds("worker-1 warn lacks version 1 of the model"));
  encoder.lost(0);
  EXPECT_TRUE(worker.call<&Worker<double>::step>(encoder.to(0, 0)).get(kHang));
  EXPECT_TRUE(worker.call<&Worker<double>::step>(encoder.to(0, 0)).get(kHang));
}

TEST_F(WorkerTest, waits_for_the_model_that_its_relay_brings) {
  const auto worker = spawn();
  (void)worker.call<&Worker<double>::set_up>(0U).get(kHang);
  ModelEncoder<double> encoder(DownPlan{}, 13, 1);
  const std::vector<double> x(13, 0.25);
  encoder.show(x);
  const Model<double> whole = encoder.to(0, 0);
  Model<double> number = encoder.to(0, 0);
  number.awaited = true;
  auto loss = worker.call<&Worker<double>::evaluate>(number);
  auto update = worker.call<&Worker<double>::step>(number);
  worker.call<&Worker<double>::receive>(whole).get(kHang);
  EXPECT_EQ(loss.get(kHang)->loss, objective_->loss(x));
  EXPECT_TRUE(update.get(kHang));
}

// The relay brings what it can't take: it is as if nothing had come, and nobody waits for ever.
TEST_F(WorkerTest, does_not_wait_for_a_model_that_came_and_was_refused) {
  const auto worker = spawn();
  (void)worker.call<&Worker<double>::set_up>(0U).get(kHang);
  ModelEncoder<double> encoder(DownPlan{}, 13, 1);
  encoder.show(std::vector<double>(13, 0.25));
  Model<double> whole = encoder.to(0, 0);
  Model<double> number = encoder.to(0, 0);
  number.awaited = true;
  whole.vector.values = Bytes();
  whole.shared = {};
  auto update = worker.call<&Worker<double>::step>(number);
  EXPECT_NE(refusal(worker.call<&Worker<double>::receive>(whole)), "");
  EXPECT_EQ(update.get(kHang), std::nullopt);
}

// An evaluation beside what the worker has leaves it that.
TEST_F(WorkerTest, evaluates_a_model_without_a_version_beside_its_own) {
  const auto worker = spawn();
  (void)worker.call<&Worker<double>::set_up>(0U).get(kHang);
  ModelEncoder<double> encoder(DownPlan{}, 13, 1);
  const std::vector<double> x(13, 0.25);
  const std::vector<double> y(13, 0.5);
  encoder.show(x);
  EXPECT_EQ(worker.call<&Worker<double>::evaluate>(encoder.to(0, 0)).get(kHang)->loss, objective_->loss(x));
  EXPECT_EQ(worker.call<&Worker<double>::evaluate>(Model<double>(0, y)).get(kHang)->loss,
            objective_->loss(y));
  EXPECT_EQ(worker.call<&Worker<double>::evaluate>(encoder.to(0, 0)).get(kHang)->loss, objective_->loss(x));
}

TEST_F(WorkerTest, has_little_to_say_while_it_works) {
  // The node looks at the clock as well, so how often a step does is not known: some ten times, a quarter of
  // a second.
  const auto worker = spawn(std::chrono::milliseconds(20));
  (void)worker.call<&Worker<double>::set_up>(0U).get(kHang);
  const Model<double> first(0, std::vector<double>(13, 0.0));
  (void)worker.call<&Worker<double>::step>(first).get(kHang);
  EXPECT_TRUE(cluster_.journal().holds("worker-1 info gradient 20 ms a round, "));
  EXPECT_TRUE(cluster_.journal().holds(" of 13 values sent, "));
  for (std::uint64_t round = 1; round <= 40; ++round) {
    (void)worker.call<&Worker<double>::step>(Model<double>(round, std::vector<double>(13, 0.0))).get(kHang);
  }
  EXPECT_GT(lines_with("gradient "), 1u);
  EXPECT_LT(lines_with("gradient "), 30u);
}

// f(x) = sum x.
class Sum : public problems::Objective<double> {
 public:
  std::uint32_t dim() const override { return 2; }
  std::uint64_t rows() const override { return 3; }
  double loss(std::span<const double> x) override { return x[0] + x[1]; }
  void gradient(std::span<const double>, std::span<double> gradient) override {
    gradient[0] = gradient[1] = 1;
  }
  void sample_gradient(std::span<const std::uint32_t> samples, std::span<const double>,
                       std::span<double> gradient) override {
    gradient[0] = gradient[1] = samples[0];
  }
  problems::Smoothness smoothness() override { return {4, 5}; }
};

TEST(TimedObjective, forwards_and_times_gradients_alone) {
  std::chrono::nanoseconds now{0};
  std::chrono::nanoseconds spent{0};
  std::uint64_t rows_used = 0;
  TimedObjective<double> timed(
      std::make_unique<Sum>(), [&now] { return now += std::chrono::nanoseconds(9); }, spent, rows_used);
  const std::vector<double> x = {1, 2};
  std::vector<double> gradient = {0, 0};
  EXPECT_EQ(timed.dim(), 2u);
  EXPECT_EQ(timed.rows(), 3u);
  EXPECT_EQ(timed.loss(x), 3);
  EXPECT_EQ(timed.smoothness().L, 4);
  EXPECT_EQ(spent.count(), 0);
  timed.gradient(x, gradient);
  timed.gradient(x, gradient);
  EXPECT_EQ(gradient, std::vector<double>({1, 1}));
  EXPECT_EQ(spent.count(), 18);
  EXPECT_EQ(rows_used, 6u);
  timed.sample_gradient(std::vector<std::uint32_t>{2, 2}, x, gradient);
  EXPECT_EQ(gradient, std::vector<double>({2, 2}));
  EXPECT_EQ(spent.count(), 27);
  EXPECT_EQ(rows_used, 8u);
}

}  // namespace
}  // namespace wisp::actors
