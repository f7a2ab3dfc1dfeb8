#include "problems/logistic.h"

#include <cmath>
#include <vector>

#include "problems/synthetic.h"
#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

using test::naive;
using test::random_vector;

constexpr double kL2 = 0.03;

template <class T>
Rows<T> rows_of(const DataInfo& info) {
  std::vector<std::uint64_t> all(info.rows);
  for (std::uint64_t i = 0; i < info.rows; ++i) all[i] = i;
  return synthetic_rows<T>(info, SyntheticLabels::kSign, 11, all);
}

DataInfo info_of(std::uint64_t rows, std::uint32_t dim) {
  return synthetic_info(rows, dim, SyntheticLabels::kSign);
}

// One row: a = (3, 0, -4), b = -1.
Rows<double> one_row() {
  Rows<double> rows;
  rows.index = {0, 2};
  rows.value = {3, -4};
  rows.finish_row(-1);
  return rows;
}

TEST(Logistic, one_row_by_hand) {
  const DataInfo info{1, 3, 2, 2, -1, 1};
  const auto f = make_logistic<double>(one_row(), info, 1, 0);
  const std::vector<double> x = {1, 100, 1};  // margin -1, so b a'x = 1
  EXPECT_NEAR(f->loss(x), std::log1p(std::exp(-1.0)), 1e-15);
  const double slope = 1 / (1 + std::exp(1.0));
  const std::vector<double> gradient = test::gradient_at<double>(*f, x);
  EXPECT_NEAR(gradient[0], 3 * slope, 1e-15);
  EXPECT_EQ(gradient[1], 0);
  EXPECT_NEAR(gradient[2], -4 * slope, 1e-15);
  EXPECT_NEAR(f->smoothness().L, 25.0 / 4, 1e-14);
  EXPECT_EQ(f->smoothness().mu, 0);
  EXPECT_EQ(f->dim(), 3u);
  EXPECT_EQ(f->rows(), 1u);
}

TEST(Logistic, agrees_with_the_formulas) {
  for (const std::uint64_t rows : {1u, 2u, 255u, 256u, 257u, 700u}) {
    for (const std::uint32_t dim : {1u, 3u, 20u, 75u}) {
      const DataInfo info = info_of(rows, dim);
      const Rows<double> data = rows_of<double>(info);
      const auto f = make_logistic<double>(data, info, 1, kL2);
      const std::vector<double> x = random_vector(dim, 5, 2);
      const auto wanted = naive(data, true, 1.0 / static_cast<double>(rows), kL2, x);
      EXPECT_NEAR(f->loss(x), wanted.loss, 1e-14 * wanted.loss);
      EXPECT_LT(test::distance(test::gradient_at<double>(*f, x), wanted.gradient),
                3e-14 * test::norm(wanted.gradient));
    }
  }
}

TEST(Logistic, gradient_is_that_of_the_loss) {
  const DataInfo info = info_of(90, 25);
  const auto f = make_logistic<double>(rows_of<double>(info), info, 3, kL2);
  const std::vector<double> x = random_vector(25, 1);
  EXPECT_LT(test::distance(test::gradient_at<double>(*f, x), test::difference_gradient(*f, x)), 1e-8);
}

TEST(Logistic, float_is_near_double) {
  const DataInfo info = info_of(3000, 40);
  const auto wide = make_logistic<double>(rows_of<double>(info), info, 1, kL2);
  const auto narrow = make_logistic<float>(rows_of<float>(info), info, 1, kL2);
  const std::vector<double> x = random_vector(40, 2);
  const std::vector<float> x_narrow(x.begin(), x.end());
  EXPECT_NEAR(narrow->loss(x_narrow), wide->loss(x), 1e-6);
  const std::vector<float> gradient = test::gradient_at<float>(*narrow, x_narrow);
  EXPECT_LT(test::distance(std::vector<double>(gradient.begin(), gradient.end()),
                           test::gradient_at<double>(*wide, x)),
            1e-6);
  EXPECT_NEAR(narrow->smoothness().L, wide->smoothness().L, 1e-6);
}

TEST(Logistic, margins_of_any_size_neither_overflow_nor_vanish) {
  const DataInfo info{1, 3, 2, 2, -1, 1};
  const auto f = make_logistic<double>(one_row(), info, 1, 0);
  const std::vector<double> wrong = {1e100, 0, 0};  // b a'x = -3e100
  EXPECT_EQ(f->loss(wrong), 3 * 1e100);
  EXPECT_EQ(test::gradient_at<double>(*f, wrong), (std::vector<double>{3, 0, -4}));
  const std::vector<double> right = {-200, 0, 0};  // b a'x = 600
  EXPECT_NEAR(f->loss(right) / std::exp(-600.0), 1, 1e-14);
  EXPECT_NEAR(test::gradient_at<double>(*f, right)[0] / (3 * std::exp(-600.0)), 1, 1e-14);
}

TEST(Logistic, L_is_the_largest_eigenvalue_whichever_side_is_smaller) {
  for (const auto& [rows, dim] : {std::pair{30u, 7u}, {7u, 30u}}) {
    const DataInfo info = info_of(rows, dim);
    const Rows<double> data = rows_of<double>(info);
    // Power iteration on A'A.
    std::vector<double> v = random_vector(dim, 3);
    double eigenvalue = 0;
    for (int iteration = 0; iteration < 5000; ++iteration) {
      std::vector<double> next(dim, 0.0);
      for (std::size_t row = 0; row < rows; ++row) {
        double margin = 0;
        for (std::size_t i = 0; i < data.indices(row).size(); ++i)
          margin += data.values(row)[i] * v[data.indices(row)[i]];
        for (std::size_t i = 0; i < data.indices(row).size(); ++i)
          next[data.indices(row)[i]] += margin * data.values(row)[i];
      }
      eigenvalue = test::norm(next);
      for (std::size_t i = 0; i < dim; ++i) v[i] = next[i] / eigenvalue;
    }
    const Smoothness smoothness = make_logistic<double>(data, info, 1, kL2)->smoothness();
    EXPECT_NEAR(smoothness.L, eigenvalue / (4.0 * rows) + kL2, 1e-10 * smoothness.L);
    EXPECT_EQ(smoothness.mu, kL2);
  }
}

TEST(Logistic, rows_without_entries_count) {
  Rows<double> rows;
  rows.finish_row(1);
  rows.finish_row(-1);
  const DataInfo info{2, 4, 0, 2, -1, 1};
  const auto f = make_logistic<double>(rows, info, 1, 0.5);
  const std::vector<double> x = {2, 0, 0, 0};
  EXPECT_NEAR(f->loss(x), std::log(2.0) + 1, 1e-15);
  EXPECT_EQ(test::gradient_at<double>(*f, x), (std::vector<double>{1, 0, 0, 0}));
  EXPECT_EQ(f->smoothness().L, 0.5);
}

}  // namespace
}  // namespace wisp::problems
