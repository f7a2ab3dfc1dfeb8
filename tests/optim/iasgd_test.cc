#include "optim/iasgd.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/pack.h"
#include "tests/optim/compare_with_oracle.h"

namespace wisp::optim {
namespace {

double gamma_is_the_mean_step(double /*tau*/) { return 1; }

TEST(Iasgd, follows_the_oracle) {
  for (const std::uint32_t batch : {0u, 2u}) {
    test::expect_follows_oracle<double, test::IasgdOracle>("iasgd", 1e-12, gamma_is_the_mean_step,
                                                           {.batch_size = batch});
  }
}

TEST(Iasgd, follows_the_oracle_in_float) {
  test::expect_follows_oracle<float, test::IasgdOracle>("iasgd", 2e-4, gamma_is_the_mean_step);
}

// At gamma = 1/L, where rho = 1; at other steps the two have other momenta.
TEST(Iasgd, is_nesterov_when_all_is_sent_and_rho_is_1) {
  const test::Case c = test::awkward_cases()[7];
  const auto problem = test::random_problem(c.loss, c.d, c.n, c.rows, 0.01, test::seed());
  const problems::Smoothness constants = test::constants_of(problem);
  optim::MethodSpec nesterov = test::method_spec("nesterov", c, 1 / constants.L);
  optim::MethodSpec by_step = test::method_spec("iasgd", c, 1 / constants.L);
  optim::MethodSpec by_rho = by_step;
  by_rho.step_size = {};
  by_rho.settings.set("rho", 1.0);
  const std::vector<double> start = test::random_start(c.d, test::seed());
  test::MethodRun<double> one(problem, nesterov, test::seed(), constants, start);
  test::MethodRun<double> two(problem, by_step, test::seed(), constants, start);
  test::MethodRun<double> three(problem, by_rho, test::seed(), constants, start);
  for (int step = 0; step < 50; ++step) {
    one.step();
    two.step();
    three.step();
    ASSERT_LE(test::largest_difference(one.x(), two.x()), 1e-12) << step;
    ASSERT_LE(test::largest_difference(one.x(), three.x()), 1e-12) << step;
  }
}

TEST(Iasgd, survives_a_restart) {
  test::expect_survives_restart<double>("iasgd", {.batch_size = 1});
  test::expect_survives_restart<float>("iasgd", {.batch_size = 1});
}

TEST(IasgdMaster, refuses_state_of_another_dimension) {
  IasgdMaster<double> small({.workers = 1, .dim = 2, .step = 1, .L = 1, .mu = 1});
  IasgdMaster<double> large({.workers = 1, .dim = 3, .step = 1, .L = 1, .mu = 1});
  Packer packer;
  small.save(packer);
  Unpacker unpacker(packer.finish());
  EXPECT_THROW(large.restore(unpacker), DecodeError);
}

}  // namespace
}  // namespace wisp::optim
