#include "optim/isaga.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/pack.h"
#include "tests/optim/compare_with_oracle.h"

namespace wisp::optim {
namespace {

double gamma_is_the_mean_step(double /*tau*/) { return 1; }
double gamma_of_mean_step(double tau) { return 1 / tau; }

TEST(Isaga, follows_the_oracle) {
  test::expect_follows_oracle<double, test::IsagaOracle>("isaga", 1e-12, gamma_of_mean_step,
                                                         {.dealt = test::Dealt::kRows});
}

TEST(Isaga, follows_the_oracle_in_float) {
  test::expect_follows_oracle<float, test::IsagaOracle>("isaga", 5e-5, gamma_of_mean_step);
}

TEST(Saga, follows_the_oracle) {
  test::expect_follows_oracle<double, test::SagaOracle>("saga", 1e-12, gamma_is_the_mean_step,
                                                        {.dealt = test::Dealt::kOneMachine});
}

TEST(Isaga, is_saga_on_one_machine_when_all_is_sent) {
  test::expect_is_the_same_when_all_is_sent("isaga", "saga", 1e-12, {.dealt = test::Dealt::kOneMachine});
}

TEST(Isaga, survives_a_restart) {
  test::expect_survives_restart<double>("isaga");
  test::expect_survives_restart<float>("isaga");
  test::expect_survives_restart<double>("saga", {.dealt = test::Dealt::kOneMachine});
}

// What goes wrong on the way is not kept: the table has the gradients themselves, and the rounding is right
// in the mean, so the run stays near the exact one.
TEST(Isaga, bears_rounded_updates) {
  const test::Case c = test::awkward_cases()[1];
  const auto problem = test::random_problem(c.loss, c.d, c.n, c.rows, 0.1, test::seed());
  const problems::Smoothness constants = test::constants_of(problem);
  optim::MethodSpec spec = test::method_spec("isaga", c, 0.02 / constants.L_sample);
  const std::vector<double> start = test::random_start(c.d, test::seed());
  test::MethodRun<double> exact(problem, spec, test::seed(), constants, start);
  spec.wire.values = "q8";
  test::MethodRun<double> rounded(problem, spec, test::seed(), constants, start);
  for (int step = 0; step < 1000; ++step) {
    exact.step();
    rounded.step();
  }
  EXPECT_LE(test::largest_difference(exact.x(), rounded.x()), 0.05);
  EXPECT_GT(test::largest_difference(exact.x(), rounded.x()), 0);
}

TEST(IsagaWorker, refuses_the_table_of_other_rows) {
  const sparse::Catalog sparsifiers;
  const WorkerPlace place{.dim = 2, .sparsifiers = &sparsifiers};
  test::DenseProblem two{.loss = test::Loss::kLeastSquares, .d = 2, .a = {1, 0, 0, 1}, .b = {1, 1}};
  test::DenseProblem one{.loss = test::Loss::kLeastSquares, .d = 2, .a = {1, 0}, .b = {1}};
  const std::vector<double> x{0, 0};
  IsagaWorker<double> worker(place);
  worker.step(0, x, *test::make_dense_objective<double>(two));
  Packer packer;
  worker.save(packer);
  Unpacker unpacker(packer.finish());
  IsagaWorker<double> other(place);
  other.restore(unpacker);
  EXPECT_THROW(other.step(1, x, *test::make_dense_objective<double>(one)), Error);
}

}  // namespace
}  // namespace wisp::optim
