#include "problems/least_squares.h"

#include <vector>

#include "problems/synthetic.h"
#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

constexpr double kL2 = 0.2;

template <class T>
Rows<T> rows_of(const DataInfo& info) {
  std::vector<std::uint64_t> all(info.rows);
  for (std::uint64_t i = 0; i < info.rows; ++i) all[i] = i;
  return synthetic_rows<T>(info, SyntheticLabels::kReal, 4, all);
}

TEST(LeastSquares, one_row_by_hand) {
  Rows<double> rows;
  rows.index = {1};
  rows.value = {2};
  rows.finish_row(3);
  const DataInfo info{4, 2, 4, 3, 0, 9};  // one of four rows, held by one of two workers: weight 2/4
  const auto f = make_least_squares<double>(rows, info, 2, kL2);
  const std::vector<double> x = {1, 5};  // 2 * 5 - 3 = 7
  EXPECT_DOUBLE_EQ(f->loss(x), 0.5 * 49 / 2 + 0.1 * 26);
  EXPECT_EQ(test::gradient_at<double>(*f, x), (std::vector<double>{0.2, 0.5 * 14 + 1}));
  EXPECT_DOUBLE_EQ(f->smoothness().L, 0.5 * 4 + kL2);
  EXPECT_EQ(f->smoothness().mu, kL2);
}

TEST(LeastSquares, agrees_with_the_formulas) {
  const DataInfo info = synthetic_info(600, 60, SyntheticLabels::kReal);
  const Rows<double> data = rows_of<double>(info);
  const auto f = make_least_squares<double>(data, info, 1, kL2);
  const std::vector<double> x = test::random_vector(60, 5, 2);
  const auto wanted = test::naive(data, false, 1.0 / 600, kL2, x);
  EXPECT_NEAR(f->loss(x), wanted.loss, 1e-14 * wanted.loss);
  EXPECT_LT(test::distance(test::gradient_at<double>(*f, x), wanted.gradient),
            1e-14 * test::norm(wanted.gradient));
  EXPECT_LT(test::distance(test::gradient_at<double>(*f, x), test::difference_gradient(*f, x)), 1e-7);
}

TEST(LeastSquares, float_is_near_double) {
  const DataInfo info = synthetic_info(600, 60, SyntheticLabels::kReal);
  const auto wide = make_least_squares<double>(rows_of<double>(info), info, 1, kL2);
  const auto narrow = make_least_squares<float>(rows_of<float>(info), info, 1, kL2);
  const std::vector<double> x = test::random_vector(60, 2);
  const std::vector<float> x_narrow(x.begin(), x.end());
  EXPECT_NEAR(narrow->loss(x_narrow), wide->loss(x), 1e-5);
  const std::vector<float> gradient = test::gradient_at<float>(*narrow, x_narrow);
  EXPECT_LT(test::distance(std::vector<double>(gradient.begin(), gradient.end()),
                           test::gradient_at<double>(*wide, x)),
            1e-5);
}

}  // namespace
}  // namespace wisp::problems
