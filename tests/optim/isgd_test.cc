#include "optim/isgd.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/pack.h"
#include "tests/optim/compare_with_oracle.h"

namespace wisp::optim {
namespace {

double gamma_is_the_mean_step(double /*tau*/) { return 1; }
double gamma_of_mean_step(double tau) { return 1 / tau; }

TEST(Isgd, follows_the_oracle) {
  for (const std::uint32_t batch : {0u, 1u, 3u}) {
    test::expect_follows_oracle<double, test::IsgdOracle>("isgd", 1e-12, gamma_of_mean_step,
                                                          {.batch_size = batch});
  }
}

TEST(Isgd, follows_the_oracle_in_float) {
  test::expect_follows_oracle<float, test::IsgdOracle>("isgd", 5e-5, gamma_of_mean_step, {.batch_size = 2});
}

TEST(Sgd, follows_the_oracle) {
  for (const auto dealt : {test::Dealt::kRows, test::Dealt::kAll, test::Dealt::kOneMachine}) {
    test::expect_follows_oracle<double, test::IsgdOracle>("sgd", 1e-12, gamma_is_the_mean_step,
                                                          {.dealt = dealt, .batch_size = 2});
  }
}

TEST(Isgd, is_sgd_when_all_is_sent) {
  test::expect_is_the_same_when_all_is_sent("isgd", "sgd", 1e-12, {.batch_size = 2});
}

TEST(Isgd, is_gd_without_a_batch_when_all_is_sent) {
  test::expect_is_gd_when_all_is_sent("isgd", 1e-12);
  test::expect_is_gd_when_all_is_sent("sgd", 1e-12);
}

// 50 steps with the step size that `choose` sets, of the method and of its oracle.
void expect_follows_with_steps(const std::string& kind,
                               const std::function<void(StepSizeSpec&, test::OracleSetting&)>& choose) {
  const test::Case c = test::awkward_cases()[1];
  const auto problem = test::random_problem(c.loss, c.d, c.n, c.rows, 0.5, test::seed());
  const problems::Smoothness constants = test::constants_of(problem);
  MethodSpec spec = test::method_spec(kind.c_str(), c, 1);
  spec.batch_size = 1;
  test::OracleSetting setting = test::oracle_setting(c, problem, test::seed(), 0);
  setting.L = constants.L;
  setting.mu = constants.mu;
  setting.batch = 1;
  if (kind == "sgd") setting.k = setting.m;
  choose(spec.step_size, setting);
  const std::vector<double> start = test::random_start(c.d, test::seed());
  test::IsgdOracle oracle(setting, start);
  test::MethodRun<double> run(problem, spec, test::seed(), constants, start);
  for (int step = 0; step < 50; ++step) {
    oracle.step();
    run.step();
    ASSERT_LE(test::largest_difference(run.x(), oracle.x()), 1e-12) << step;
  }
}

// Theorem 6: gamma_t = 1/(a + c t), by the theory step of the catalogue.
TEST(Isgd, follows_the_oracle_with_the_steps_of_the_theorem) {
  expect_follows_with_steps("isgd", [](StepSizeSpec& step, test::OracleSetting& setting) {
    const double tau = static_cast<double>(setting.k) / static_cast<double>(setting.m);
    const double a = 2 * (tau + 2 * (1 - tau) / static_cast<double>(setting.n)) * setting.L;
    step = {};
    setting.gamma = 1 / a;
    setting.decay = setting.mu * tau / 4 / a;
  });
}

TEST(Isgd, follows_the_oracle_with_a_step_that_falls) {
  for (const char* kind : {"isgd", "sgd"}) {
    expect_follows_with_steps(kind, [](StepSizeSpec& step, test::OracleSetting& setting) {
      step = {.kind = StepSizeSpec::Kind::kInvSqrt, .value = 0.05 / setting.L};
      setting.gamma = step.value * static_cast<double>(setting.m) / static_cast<double>(setting.k);
      setting.falling = true;
    });
  }
}

TEST(Isgd, survives_a_restart) {
  for (const char* kind : {"isgd", "sgd"}) {
    test::expect_survives_restart<double>(kind, {.batch_size = 2});
    test::expect_survives_restart<float>(kind, {.batch_size = 2});
  }
}

TEST(IsgdMaster, goes_on_with_the_step_of_the_round_that_was_saved) {
  const MasterPlace place{.workers = 1, .dim = 1, .step = 1, .decay = 1};
  IsgdMaster<double> master(place);
  std::vector<double> x{0};
  const auto round = [&](IsgdMaster<double>& rule) {
    rule.absorb(0, sparse::Vector<double>::all({-6}));
    rule.advance(x);
  };
  round(master);
  round(master);
  EXPECT_EQ(x[0], 6 + 3);
  Packer packer;
  master.save(packer);
  Unpacker unpacker(packer.finish());
  IsgdMaster<double> next(place);
  next.restore(unpacker);
  round(next);
  EXPECT_EQ(x[0], 6 + 3 + 2);
}

}  // namespace
}  // namespace wisp::optim
