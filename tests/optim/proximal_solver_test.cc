#include "optim/proximal_solver.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/optim/compare_with_oracle.h"

namespace wisp::optim {
namespace {

using problems::RegulariserSpec;
using test::Loss;

test::DenseProblem whole(Loss loss, std::size_t d, std::size_t rows, double l2) {
  return test::random_problem(loss, d, 1, rows, l2, test::seed()).front();
}

std::vector<RegulariserSpec> all_kinds() {
  return {{.kind = "l1", .weight = 0.02},
          {.kind = "elastic-net", .weight = 0.02, .l2 = 0.1},
          {.kind = "box", .low = -0.1, .high = 0.1},
          {.kind = "nonnegative"},
          {.kind = "ball", .radius = 0.3}};
}

// The minimiser, and only it, is where a proximal gradient step of any length leads nowhere.
TEST(ProximalSolver, finds_the_fixed_point_of_every_kind) {
  for (const Loss loss : {Loss::kLogistic, Loss::kLeastSquares}) {
    const test::DenseProblem problem = whole(loss, 30, 100, 1e-3);
    const auto f = test::make_dense_objective<double>(problem);
    for (const RegulariserSpec& spec : all_kinds()) {
      const auto r = problems::make_regulariser<double>(spec);
      const Solution solution = solve(*f, *r, std::vector<double>(30));
      ASSERT_TRUE(solution.gap_bound.has_value());
      EXPECT_LE(*solution.gap_bound, 1e-13) << spec.kind;
      EXPECT_DOUBLE_EQ(solution.loss, problem.value(solution.x) + r->value(solution.x));
      std::vector<double> moved = solution.x;
      const std::vector<double> gradient = problem.gradient(solution.x);
      for (std::size_t j = 0; j < moved.size(); ++j) moved[j] -= 0.3 * gradient[j];
      r->prox(0.3, moved);
      EXPECT_LE(test::largest_difference(moved, solution.x), 1e-9) << spec.kind;
    }
  }
}

TEST(ProximalSolver, agrees_with_the_solver_of_f_where_the_set_holds_its_minimiser) {
  const auto f = test::make_dense_objective<double>(whole(Loss::kLogistic, 20, 60, 1e-2));
  const Solution free = solve(*f, std::vector<double>(20));
  const auto ball = problems::make_regulariser<double>({.kind = "ball", .radius = 1e3});
  const Solution within = solve(*f, *ball, std::vector<double>(20, 1.0));
  EXPECT_NEAR(within.loss, free.loss, 1e-14);
  EXPECT_LE(test::largest_difference(within.x, free.x), 1e-7);
}

// f = ||x - b||^2 / (2 d): x* is b, soft-thresholded by weight d.
TEST(ProximalSolver, knows_the_lasso_of_an_orthogonal_design) {
  const std::size_t d = 6;
  test::DenseProblem problem{.loss = Loss::kLeastSquares,
                             .d = d,
                             .a = std::vector<double>(d * d),
                             .b = {3, -2, 0.5, -0.5, 0, 1.5},
                             .weight = 1.0 / d};
  for (std::size_t j = 0; j < d; ++j) problem.a[j * d + j] = 1;
  const auto f = test::make_dense_objective<double>(problem);
  const auto l1 = problems::make_regulariser<double>({.kind = "l1", .weight = 1.0 / d});
  const Solution solution = solve(*f, *l1, std::vector<double>(d, 1.0));
  const std::vector<double> expected{2, -1, 0, 0, 0, 0.5};
  EXPECT_LE(test::largest_difference(solution.x, expected), 1e-12);
}

TEST(ProximalSolver, gives_the_same_bits_again) {
  const auto f = test::make_dense_objective<double>(whole(Loss::kLogistic, 20, 60, 1e-2));
  const auto l1 = problems::make_regulariser<double>({.kind = "l1", .weight = 0.01});
  const std::vector<double> start = test::random_start(20, test::seed());
  EXPECT_EQ(solve(*f, *l1, start).x, solve(*f, *l1, start).x);
}

TEST(ProximalSolver, says_so_when_it_finds_none) {
  const auto f = test::make_dense_objective<double>(whole(Loss::kLogistic, 20, 60, 1e-8));
  const auto l1 = problems::make_regulariser<double>({.kind = "l1", .weight = 1e-4});
  EXPECT_THROW(solve(*f, *l1, std::vector<double>(20), 3), Error);
}

// P2 Theorem 3, claims 7 and 9: the way there by isega, with a prox that is a sum over coordinates and with
// one that is not. The gradients of the workers don't vanish at x*.
TEST(ProximalSolver, isega_and_gd_reach_what_it_finds) {
  const std::size_t d = 30;
  const std::size_t n = 5;
  const auto parts = test::random_problem(Loss::kLogistic, d, n, 100, 0.02, test::seed());
  test::DenseProblem all = parts.front();
  all.a.clear();
  all.b.clear();
  for (const test::DenseProblem& each : parts) {
    all.a.insert(all.a.end(), each.a.begin(), each.a.end());
    all.b.insert(all.b.end(), each.b.begin(), each.b.end());
  }
  all.weight = parts.front().weight / n;  // f is the mean of the f_i
  const auto f = test::make_dense_objective<double>(all);
  for (const RegulariserSpec& spec :
       {RegulariserSpec{.kind = "l1", .weight = 0.02}, RegulariserSpec{.kind = "ball", .radius = 0.3}}) {
    const Solution solution = solve(*f, *problems::make_regulariser<double>(spec), std::vector<double>(d));
    const auto squared_distance = [&](const std::vector<double>& x) {
      double sum = 0;
      for (std::size_t j = 0; j < d; ++j) sum += (x[j] - solution.x[j]) * (x[j] - solution.x[j]);
      return sum;
    };
    for (const char* kind : {"isega", "gd"}) {
      optim::MethodSpec method;
      method.kind = kind;
      method.step_size.kind = StepSizeSpec::Kind::kPaper;
      test::MethodRun<double> run(parts, method, test::seed(), test::constants_of(parts),
                                  std::vector<double>(d), spec);
      for (int round = 0; round < 4000; ++round) run.step();
      EXPECT_LE(squared_distance(run.x()), 1e-6 * squared_distance(std::vector<double>(d)))
          << kind << " with " << spec.kind;
    }
  }
}

}  // namespace
}  // namespace wisp::optim
