#include "problems/quadratic.h"

#include <cmath>
#include <vector>

#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

constexpr std::uint32_t kDim = 30;

QuadraticParameters parameters(double l2 = 0, std::uint32_t inner = 0) { return {kDim, inner, l2, 9}; }

// The matrix, column by column, as the gradient shows it.
std::vector<std::vector<double>> matrix_of(Objective<double>& f) {
  std::vector<std::vector<double>> columns;
  for (std::uint32_t i = 0; i < f.dim(); ++i) {
    std::vector<double> unit(f.dim(), 0.0);
    unit[i] = 1;
    columns.push_back(test::gradient_at<double>(f, unit));
  }
  return columns;
}

TEST(Quadratic, is_symmetric) {
  const auto columns = matrix_of(*make_quadratic<double>(parameters(), 2));
  for (std::size_t i = 0; i < kDim; ++i) {
    for (std::size_t j = 0; j < kDim; ++j) EXPECT_EQ(columns[i][j], columns[j][i]);
  }
}

TEST(Quadratic, largest_eigenvalue_is_one_and_none_is_negative) {
  for (std::uint32_t worker = 0; worker < 5; ++worker) {
    for (const std::uint32_t inner : {0u, 1u, 4u, 29u}) {
      const Smoothness s = make_quadratic<double>(parameters(0.25, inner), worker)->smoothness();
      EXPECT_NEAR(s.L, 1.25, 1e-12);
      EXPECT_GE(s.mu, 0.25);
      EXPECT_LT(s.mu, s.L);
      if (inner != 0 && inner < kDim - 1) {
        EXPECT_NEAR(s.mu, 0.25, 1e-12);  // M_i has no full rank
      }
    }
  }
}

TEST(Quadratic, workers_share_v_and_nothing_else) {
  const auto first = make_quadratic<double>(parameters(), 0);
  const auto second = make_quadratic<double>(parameters(), 1);
  // v is the eigenvector of 1: repeated products of one worker find it.
  std::vector<double> v = test::random_vector(kDim, 1);
  for (int i = 0; i < 20000; ++i) v = test::gradient_at<double>(*first, v);
  const std::vector<double> product = test::gradient_at<double>(*second, v);
  EXPECT_GT(test::norm(v), 0);
  EXPECT_LT(test::distance(product, v), 1e-9 * test::norm(v));
  EXPECT_NE(matrix_of(*first), matrix_of(*second));
}

TEST(Quadratic, is_least_at_zero_and_its_gradient_is_that_of_the_loss) {
  const auto f = make_quadratic<double>(parameters(0.1), 3);
  const std::vector<double> zero(kDim, 0.0);
  EXPECT_EQ(f->loss(zero), 0);
  EXPECT_EQ(test::gradient_at<double>(*f, zero), zero);
  const std::vector<double> x = test::random_vector(kDim, 2);
  EXPECT_GT(f->loss(x), 0);
  const std::vector<double> gradient = test::gradient_at<double>(*f, x);
  EXPECT_LT(test::distance(gradient, test::difference_gradient(*f, x)), 1e-8);
  double half = 0;
  for (std::size_t i = 0; i < kDim; ++i) half += x[i] * gradient[i] / 2;
  EXPECT_NEAR(f->loss(x), half, 1e-13 * half);
  EXPECT_EQ(f->rows(), 0u);
}

TEST(Quadratic, mean_is_the_mean_of_the_workers) {
  const auto mean = make_mean_quadratic<double>(parameters(0.1, 5), 7);
  const std::vector<double> x = test::random_vector(kDim, 2);
  double loss = 0;
  std::vector<double> gradient(kDim, 0.0);
  for (std::uint32_t worker = 0; worker < 7; ++worker) {
    const auto f = make_quadratic<double>(parameters(0.1, 5), worker);
    loss += f->loss(x) / 7;
    const std::vector<double> each = test::gradient_at<double>(*f, x);
    for (std::size_t i = 0; i < kDim; ++i) gradient[i] += each[i] / 7;
  }
  EXPECT_NEAR(mean->loss(x), loss, 1e-13 * loss);
  EXPECT_LT(test::distance(test::gradient_at<double>(*mean, x), gradient), 1e-13);
}

TEST(Quadratic, inner_dimension_governs_the_condition) {
  const auto kappa = [](std::uint32_t inner) {
    const Smoothness s = make_mean_quadratic<double>({60, inner, 0, 1}, 20)->smoothness();
    return s.L / s.mu;
  };
  EXPECT_LT(kappa(0), 10);
  EXPECT_GT(kappa(3), 20);
}

TEST(Quadratic, float_is_near_double) {
  const auto wide = make_quadratic<double>(parameters(0.1), 0);
  const auto narrow = make_quadratic<float>(parameters(0.1), 0);
  const std::vector<double> x = test::random_vector(kDim, 2);
  const std::vector<float> x_narrow(x.begin(), x.end());
  EXPECT_NEAR(narrow->loss(x_narrow), wide->loss(x), 1e-5);
  EXPECT_NEAR(narrow->smoothness().L, 1.1, 1e-6);
  const std::vector<float> gradient = test::gradient_at<float>(*narrow, x_narrow);
  EXPECT_LT(test::distance(std::vector<double>(gradient.begin(), gradient.end()),
                           test::gradient_at<double>(*wide, x)),
            1e-5);
}

}  // namespace
}  // namespace wisp::problems
