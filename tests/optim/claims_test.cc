// What P2 claims and a run must show, on small problems. The margins come from reference runs of the same
// kind.
#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "optim/catalog.h"
#include "optim/reference_solver.h"
#include "tests/optim/convergence.h"

namespace wisp::test {
namespace {

optim::MethodSpec named(const char* kind, optim::StepSizeSpec::Kind step, std::uint32_t blocks = 0) {
  optim::MethodSpec spec;
  spec.kind = kind;
  spec.step_size.kind = step;
  spec.sparsifier_given = spec.kind != "gd";
  if (spec.sparsifier_given) spec.sparsifier = {.kind = "random-blocks", .density = 0, .blocks = blocks};
  return spec;
}

constexpr auto kTheory = optim::StepSizeSpec::Kind::kTheory;
constexpr auto kPaper = optim::StepSizeSpec::Kind::kPaper;

class Quadratic17 : public testing::Test {
 protected:
  static constexpr std::size_t kDim = 50;
  static constexpr std::size_t kWorkers = 10;

  Quadratic17() : problem_(quadratic17(kDim, 20, kWorkers, seed())), start_(random_start(kDim, seed())) {
    std::vector<double> mean(kDim * kDim);  // the Hessian of f
    std::vector<double> unit(kDim);
    for (std::size_t j = 0; j < kDim; ++j) {
      unit.assign(kDim, 0.0);
      unit[j] = 1;
      for (const DenseProblem& each : problem_) {
        const std::vector<double> column = each.gradient(unit);
        for (std::size_t i = 0; i < kDim; ++i) mean[i * kDim + j] += column[i] / kWorkers;
      }
    }
    constants_ = {.L = 1, .mu = spectrum(mean, kDim).smallest};
  }

  Outcome run(const optim::MethodSpec& spec) {
    return run_to_tolerance(problem_, spec, constants_, start_, std::vector<double>(kDim), 20'000);
  }
  double bound(const optim::MethodSpec& spec) {
    return *methods().numbers(kWorkers, kDim, spec, constants_).rounds;
  }

  std::vector<DenseProblem> problem_;
  std::vector<double> start_;
  problems::Smoothness constants_;
};

// Claim 1: a tenth of the entries, about twice the rounds of gd (2 - 1/n in expectation), never above the
// theorem.
TEST_F(Quadratic17, ibcd_needs_at_most_about_twice_the_rounds_of_gd) {
  const Outcome gd = run(named("gd", kTheory));
  const Outcome half_gd = run(named("gd", kPaper));
  const Outcome derived = run(named("ibcd", kPaper, kDim));
  const Outcome theorem = run(named("ibcd", kTheory, kDim));
  EXPECT_LE(derived.rounds, 2.6 * gd.rounds);
  EXPECT_LE(theorem.rounds, 3.5 * half_gd.rounds);
  EXPECT_LE(derived.rounds, bound(named("ibcd", kPaper, kDim)));
  EXPECT_LE(theorem.rounds, bound(named("ibcd", kTheory, kDim)));
}

// Claim 2: the entries sent until the tolerance is reached fall by a factor of n/3 at least.
TEST_F(Quadratic17, ibcd_sends_much_less_until_then) {
  const Outcome gd = run(named("gd", kTheory));
  const Outcome ibcd = run(named("ibcd", kPaper, kDim));
  EXPECT_GE(static_cast<double>(gd.values_sent), kWorkers / 3.0 * static_cast<double>(ibcd.values_sent));
}

// Without A2: workers disagree about the optimum, ibcd levels off, isega does not (claims 6 and 7).
TEST(Logistic, isega_converges_where_ibcd_levels_off) {
  const std::size_t d = 20;
  const auto problem = random_problem(Loss::kLogistic, d, 5, 60, 1e-3, seed());
  const problems::Smoothness constants = constants_of(problem);
  DenseProblem whole = problem.front();
  for (std::size_t i = 1; i < problem.size(); ++i) {
    whole.a.insert(whole.a.end(), problem[i].a.begin(), problem[i].a.end());
    whole.b.insert(whole.b.end(), problem[i].b.begin(), problem[i].b.end());
  }
  whole.weight = 1.0 / static_cast<double>(whole.b.size());
  const auto f = make_dense_objective<double>(whole);
  const std::vector<double> start(d);
  const std::vector<double> x_star = optim::solve(*f, start).x;
  const auto run = [&](const optim::MethodSpec& spec) {
    return run_to_tolerance(problem, spec, constants, start, x_star, 60'000).rounds;
  };
  const int gd = run(named("gd", kPaper));
  EXPECT_LT(gd, 30'000);
  EXPECT_LE(run(named("isega", kPaper)), 1.15 * gd);
  EXPECT_EQ(run(named("ibcd", kPaper)), 60'000);
}

}  // namespace
}  // namespace wisp::test
