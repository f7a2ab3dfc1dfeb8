#include "cli/method_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/experiment.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

// Four rows of least squares, one non-zero entry each: worker i of 2 has the diagonal Hessian (n/N) diag(a^2)
// + l2.
config::Experiment diagonal(const test::Scratch& scratch, std::vector<std::string> sets = {}) {
  scratch.write("rows.libsvm", "1 1:1\n1 2:2\n1 3:1\n1 4:4\n");
  const std::string file =
      scratch.write("job.yaml",
                    "version: 1\n"
                    "problem: { kind: least-squares, l2: 0.5, data: { path: rows.libsvm } }\n"
                    "method: isega\n"
                    "actors: { worker: { replicas: 2 } }\n"
                    "stop: { rounds: 3 }\n");
  GlobalOptions options;
  options.sets = std::move(sets);
  return load_experiment(options, {file}, test::inventory());
}

TEST(MethodPlan, constants_are_the_worst_of_the_workers) {
  const test::Scratch scratch;
  const MethodPlan plan = plan_method(diagonal(scratch), test::inventory().catalogs());
  EXPECT_EQ(plan.data.rows, 4u);
  EXPECT_EQ(plan.data.dim, 4u);
  EXPECT_EQ(plan.data.nnz, 4u);
  EXPECT_NEAR(plan.L, 16.0 * 2 / 4 + 0.5, 1e-6);
  EXPECT_NEAR(plan.mu, 0.5, 1e-9);
  EXPECT_NEAR(plan.numbers.constants.tau, 0.5, 0);
}

TEST(MethodPlan, bytes_of_a_round) {
  const test::Scratch scratch;
  const MethodPlan sparse = plan_method(diagonal(scratch), test::inventory().catalogs());
  EXPECT_EQ(sparse.uplink_bytes, 2 * 2 * 8);  // half of four float64, twice; blocks are drawn again
  EXPECT_EQ(sparse.dense_uplink_bytes, 2 * 4 * 8);
  EXPECT_EQ(sparse.downlink_bytes, 2 * 4 * 8);
  const MethodPlan narrow =
      plan_method(diagonal(scratch, {"dtype=float32", "method=gd"}), test::inventory().catalogs());
  EXPECT_EQ(narrow.uplink_bytes, 2 * 4 * 4);
  EXPECT_EQ(narrow.uplink_bytes, narrow.dense_uplink_bytes);
}

TEST(MethodPlan, says_what_goes_down) {
  const test::Scratch scratch;
  const auto line_of = [&](std::vector<std::string> sets) {
    const config::Experiment experiment = diagonal(scratch, std::move(sets));
    return method_text(experiment, plan_method(experiment, test::inventory().catalogs()));
  };
  EXPECT_THAT(line_of({}), HasSubstr("broadcast  dense: whole models"));
  EXPECT_THAT(line_of({"method=ibcd"}), HasSubstr("broadcast  delta: what has changed, exactly"));
  EXPECT_THAT(line_of({"method.broadcast={kind: sparse, density: 0.25}"}),
              HasSubstr("broadcast  sparse: the 1 of 4 coordinates that lag most; wisp's own extension"));
  const MethodPlan ibcd = plan_method(diagonal(scratch, {"method=ibcd"}), test::inventory().catalogs());
  EXPECT_LT(ibcd.downlink_bytes, ibcd.dense_downlink_bytes);  // of two blocks one moves, or both
  EXPECT_GE(ibcd.downlink_bytes, 2 * 3 * 8);                  // three quarters in the mean
}

TEST(MethodPlan, counts_what_goes_down_by_a_chain_once_a_host) {
  const test::Scratch scratch;
  const config::Experiment experiment = diagonal(scratch);
  MethodPlan plan = plan_method(experiment, test::inventory().catalogs());
  take_relays(1, plan);
  EXPECT_EQ(plan.downlink_bytes, 4 * 8);
  EXPECT_EQ(plan.dense_downlink_bytes, 2 * 4 * 8);
  EXPECT_THAT(method_text(experiment, plan),
              HasSubstr("dense: whole models; they go into each of 1 hosts once, by a chain of relays"));
  MethodPlan delta = plan_method(diagonal(scratch, {"method=ibcd"}), test::inventory().catalogs());
  const double star = delta.downlink_bytes;
  take_relays(1, delta);
  EXPECT_EQ(delta.downlink_bytes, star);  // small changes go straight to the workers
}

TEST(MethodPlan, sends_a_worker_what_changed_since_its_own_last_model) {
  const test::Scratch scratch;
  const std::vector<std::string> sets{
      "method={kind: async-sgd, step_size: 0.1, broadcast: {kind: sparse, density: 0.25}}",
      "actors.worker.replicas=3"};
  const MethodPlan plan = plan_method(diagonal(scratch, sets), test::inventory().catalogs());
  EXPECT_FALSE(plan.in_rounds);
  EXPECT_GT(plan.downlink_bytes, 3 * 2 * 8);  // 4 (1 - 0.75^3) coordinates, with their numbers
}

TEST(MethodPlan, both_steps_are_shown_whichever_is_used) {
  const test::Scratch scratch;
  const config::Experiment experiment = diagonal(scratch, {"method.step_size=0.01"});
  const MethodPlan plan = plan_method(experiment, test::inventory().catalogs());
  EXPECT_EQ(plan.numbers.step, 0.01);
  const std::string text = method_text(experiment, plan);
  EXPECT_THAT(text, testing::ContainsRegex("step       theory .*, paper .*, used 0.01 .number."));
  EXPECT_THAT(text, HasSubstr("N 4 rows, d 4, nnz 4 (25 %), contiguous shards"));
  const auto json = nlohmann::json::parse(method_json(experiment, plan));
  EXPECT_EQ(json["step"], 0.01);
  EXPECT_EQ(json["theory_step"], *plan.numbers.theory_step);
  EXPECT_EQ(json["predicted_rounds"], *plan.numbers.rounds);
}

TEST(MethodPlan, a_caution_and_a_rate_that_is_not_there_are_said) {
  const test::Scratch scratch;
  const config::Experiment experiment = diagonal(scratch, {"method=ibcd"});
  EXPECT_THAT(method_text(experiment, plan_method(experiment, test::inventory().catalogs())),
              HasSubstr("caution    ibcd reaches the minimiser only"));
  const config::Experiment convex = diagonal(scratch, {"problem.l2=0"});
  EXPECT_THAT(method_text(convex, plan_method(convex, test::inventory().catalogs())),
              HasSubstr("not predicted: without strong convexity"));
}

TEST(MethodPlan, steps_of_a_method_that_goes_by_rows) {
  const test::Scratch scratch;
  const config::Experiment experiment = diagonal(scratch, {"method=isaga"});
  const MethodPlan plan = plan_method(experiment, test::inventory().catalogs());
  EXPECT_EQ(plan.L_sample, 16.0 * 2 * 2 / 4 + 0.5);  // two rows a worker
  const std::string text = method_text(experiment, plan);
  EXPECT_THAT(text, HasSubstr("L 16.5 of a single row, from which the steps follow"));
  EXPECT_THAT(text, HasSubstr("table      64 B at a worker: a gradient of each row"));
  EXPECT_THAT(text, HasSubstr("not predicted: the step is too long for it"));
  const config::Experiment shared =
      diagonal(scratch, {"method=isaga-shared", "problem.data.shard=all", "method.step_size=0.01"});
  const MethodPlan of_all = plan_method(shared, test::inventory().catalogs());
  EXPECT_TRUE(of_all.numbers.rounds);
  EXPECT_THAT(method_text(shared, of_all), HasSubstr("table      128 B at the master"));
  EXPECT_THAT(method_text(shared, of_all), HasSubstr("(25 %), all at every worker"));
}

TEST(MethodPlan, a_step_that_falls) {
  const test::Scratch scratch;
  const config::Experiment experiment = diagonal(scratch, {"method=isgd", "method.batch_size=1"});
  const std::string text = method_text(experiment, plan_method(experiment, test::inventory().catalogs()));
  EXPECT_THAT(text, testing::ContainsRegex("step       theory .* / .1 . .* t., paper .*, used .* .theory."));
  EXPECT_THAT(text, HasSubstr("not predicted: the step falls"));
}

TEST(MethodPlan, what_a_method_cannot_have_is_an_error_of_the_job_file) {
  const test::Scratch scratch;
  const auto complaint = [&](std::vector<std::string> sets) {
    return test::error_of([&] { diagonal(scratch, std::move(sets)); }).second;
  };
  EXPECT_THAT(complaint({"method=saga"}), HasSubstr("saga is the baseline of one machine"));
  EXPECT_THAT(complaint({"method=isaga-shared"}), HasSubstr("needs all rows at every worker"));
  EXPECT_THAT(complaint({"method.batch_size=2"}), HasSubstr("it goes by whole gradients"));
}

TEST(MethodPlan, a_run_that_is_shorter_than_its_memory_is_said) {
  const test::Scratch scratch;
  std::vector<std::string> sets{"method=async-sgd", "method.sparsifier=top-k",
                                "method.sparsifier.density=0.5", "method.error_feedback=true"};
  const auto caution = [&] {
    return plan_method(diagonal(scratch, sets), test::inventory().catalogs()).caution;
  };
  EXPECT_THAT(caution(), testing::Optional(HasSubstr("6 updates are few")));
  EXPECT_THAT(caution(), testing::Optional(HasSubstr("less than 5 n/tau = 20 lags")));
  sets.push_back("stop.rounds=10");
  EXPECT_EQ(caution(), std::nullopt);
}

TEST(MethodPlan, data_that_is_not_there_is_an_error_of_the_job_file) {
  const test::Scratch scratch;
  const auto [fault, text] = test::error_of([&] {
    plan_method(diagonal(scratch, {"problem.data.path=/nowhere/rows.libsvm"}), test::inventory().catalogs());
  });
  EXPECT_EQ(fault, Fault::kConfig);
  EXPECT_THAT(text, HasSubstr("cannot read /nowhere/rows.libsvm: No such file or directory"));
}

TEST(MethodPlan, more_workers_than_rows) {
  const test::Scratch scratch;
  const auto error = test::error_of(
      [&] { plan_method(diagonal(scratch, {"actors.worker.replicas=5"}), test::inventory().catalogs()); });
  EXPECT_EQ(error.first, Fault::kConfig);
}

}  // namespace
}  // namespace wisp::cli
