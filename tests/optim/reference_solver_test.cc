#include "optim/reference_solver.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/optim/compare_with_oracle.h"

namespace wisp::optim {
namespace {

using test::Loss;

// f as one function of all rows.
test::DenseProblem whole(Loss loss, std::size_t d, std::size_t rows, double l2) {
  return test::random_problem(loss, d, 1, rows, l2, test::seed()).front();
}

TEST(ReferenceSolver, reaches_the_certificate_on_every_loss) {
  for (const Loss loss : {Loss::kLogistic, Loss::kLeastSquares, Loss::kQuadratic}) {
    for (const double l2 : {1.0, 1e-3, 1e-6}) {
      const auto problem = whole(loss, 30, 100, l2);
      const auto f = test::make_dense_objective<double>(problem);
      const Solution solution = solve(*f, test::random_start(30, test::seed()));
      ASSERT_TRUE(solution.gap_bound.has_value());
      EXPECT_LE(*solution.gap_bound, 1e-15);
      EXPECT_DOUBLE_EQ(solution.gradient_norm, std::sqrt(test::squared_norm(problem.gradient(solution.x))));
      EXPECT_DOUBLE_EQ(solution.loss, problem.value(solution.x));
    }
  }
}

TEST(ReferenceSolver, knows_the_optimum_of_a_quadratic) {
  const auto f = test::make_dense_objective<double>(test::quadratic17(20, 30, 1, test::seed()).front());
  const Solution solution = solve(*f, std::vector<double>(20, 1.0));
  EXPECT_LE(solution.loss, 1e-18);
  EXPECT_LE(test::squared_norm(solution.x), 1e-15);
}

// Condition number 1e6: x* = b / diagonal.
TEST(ReferenceSolver, copes_with_bad_conditioning) {
  const std::size_t d = 40;
  test::DenseProblem problem{
      .loss = Loss::kLeastSquares, .d = d, .a = std::vector<double>(d * d), .b = std::vector<double>(d, 1.0)};
  for (std::size_t j = 0; j < d; ++j) {
    problem.a[j * d + j] = std::pow(10.0, -3.0 * static_cast<double>(j) / static_cast<double>(d - 1));
  }
  const auto f = test::make_dense_objective<double>(problem);
  const Solution solution = solve(*f, std::vector<double>(d));
  EXPECT_LE(solution.loss, 1e-13);  // f* = 0
}

TEST(ReferenceSolver, without_strong_convexity_there_is_no_certificate) {
  const auto f =
      test::make_dense_objective<double>(whole(Loss::kLeastSquares, 50, 20, 0));  // more unknowns than rows
  const Solution solution = solve(*f, std::vector<double>(50));
  EXPECT_LE(solution.loss, 1e-20);  // every row is fitted
}

TEST(ReferenceSolver, stays_where_the_gradient_vanishes) {
  const auto f = test::make_dense_objective<double>(whole(Loss::kQuadratic, 5, 10, 0.1));
  const Solution solution = solve(*f, std::vector<double>(5));
  EXPECT_EQ(solution.x, std::vector<double>(5));
  EXPECT_EQ(solution.gradients, 1U);
}

TEST(ReferenceSolver, gives_equal_bits_for_equal_arguments) {
  const auto f = test::make_dense_objective<double>(whole(Loss::kLogistic, 10, 50, 1e-3));
  const std::vector<double> start(10);
  EXPECT_EQ(solve(*f, start).x, solve(*f, start).x);
}

// f(x) = -x: falls for ever.
class Slope : public problems::Objective<double> {
 public:
  explicit Slope(double gradient) : gradient_(gradient) {}
  std::uint32_t dim() const override { return 1; }
  std::uint64_t rows() const override { return 1; }
  double loss(std::span<const double> x) override { return gradient_ * x[0]; }
  void gradient(std::span<const double> /*x*/, std::span<double> gradient) override {
    gradient[0] = gradient_;
  }
  problems::Smoothness smoothness() override { return {}; }

 private:
  double gradient_;
};

TEST(ReferenceSolver, says_so_when_there_is_no_minimum) {
  Slope falling(-1);
  EXPECT_THROW(solve(falling, std::vector<double>{0}), Error);
  Slope broken(std::nan(""));
  EXPECT_THROW(solve(broken, std::vector<double>{0}), Error);
}

}  // namespace
}  // namespace wisp::optim
