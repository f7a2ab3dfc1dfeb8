#include "problems/softmax.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "problems/logistic.h"
#include "tests/problems/classifier_cases.h"

namespace wisp::problems {
namespace {

using test::Classes;
using test::random_classes;
using test::random_vector;

constexpr double kL2 = 0.07;

std::vector<double> scores_at(const std::vector<double>& x, const std::vector<double>& a, std::size_t classes,
                              bool intercept) {
  std::vector<double> s(classes, 0.0);
  for (std::size_t c = 0; c < classes; ++c) {
    if (intercept) s[c] = x[a.size() * classes + c];
    for (std::size_t j = 0; j < a.size(); ++j) s[c] += a[j] * x[j * classes + c];
  }
  return s;
}

double naive_loss(const Classes& data, const std::vector<double>& x, bool intercept) {
  const std::size_t classes = data.info.classes();
  double squares = 0;
  for (std::size_t i = 0; i < data.info.dim * classes; ++i) squares += x[i] * x[i];
  return kL2 / 2 * squares + test::naive_cross_entropy(data, [&](const std::vector<double>& a) {
           return scores_at(x, a, classes, intercept);
         });
}

TEST(Softmax, agrees_with_the_formula_and_with_finite_differences) {
  for (const std::uint32_t classes : {2U, 3U, 7U, 10U}) {
    for (const bool intercept : {true, false}) {
      const Classes data = random_classes(40, 6, classes, classes);
      const auto f = make_softmax<double>(data.rows, data.info, 1, kL2, intercept);
      ASSERT_EQ(f->dim(), classes * (6 + (intercept ? 1 : 0)));
      const std::vector<double> x = random_vector(f->dim(), 3);
      EXPECT_NEAR(f->loss(x), naive_loss(data, x, intercept), 1e-13);
      const std::vector<double> gradient = test::gradient_at<double>(*f, x);
      EXPECT_LT(test::distance(gradient, test::difference_gradient(*f, x)), 1e-8);
    }
  }
}

// Of two classes it is logistic regression in w_1 - w_0.
TEST(Softmax, of_two_classes_is_logistic_regression) {
  const Classes data = random_classes(50, 5, 2, 9);
  const auto f = make_softmax<double>(data.rows, data.info, 1, 0, false);
  const auto logistic = make_logistic<double>(data.rows, data.info, 1, 0);
  const std::vector<double> x = random_vector(10, 4);
  std::vector<double> difference(5);
  for (std::size_t j = 0; j < 5; ++j) difference[j] = x[2 * j + 1] - x[2 * j];
  EXPECT_NEAR(f->loss(x), logistic->loss(difference), 1e-14);
  EXPECT_EQ(f->correct(x), logistic->correct(difference));
}

TEST(Softmax, workers_parts_have_the_whole_for_their_mean) {
  const Classes data = random_classes(31, 4, 3, 5);
  const auto whole = make_softmax<double>(data.rows, data.info, 1, kL2, true);
  const auto first = make_softmax<double>(test::part_of(data.rows, 0, 20), data.info, 2, kL2, true);
  const auto second = make_softmax<double>(test::part_of(data.rows, 20, 31), data.info, 2, kL2, true);
  const std::vector<double> x = random_vector(whole->dim(), 6);
  EXPECT_NEAR((first->loss(x) + second->loss(x)) / 2, whole->loss(x), 1e-14);
  std::vector<double> mean = test::gradient_at<double>(*first, x);
  const std::vector<double> other = test::gradient_at<double>(*second, x);
  for (std::size_t i = 0; i < mean.size(); ++i) mean[i] = (mean[i] + other[i]) / 2;
  EXPECT_LT(test::distance(mean, test::gradient_at<double>(*whole, x)), 1e-14);
  EXPECT_EQ(*first->correct(x) + *second->correct(x), *whole->correct(x));
}

TEST(Softmax, samples_have_the_gradient_for_their_mean) {
  const Classes data = random_classes(17, 4, 3, 5);
  const auto f = make_softmax<double>(data.rows, data.info, 2, kL2, true);
  const std::vector<double> x = random_vector(f->dim(), 6);
  std::vector<double> mean(f->dim(), 0.0);
  std::vector<double> each(f->dim());
  for (std::uint32_t row = 0; row < 17; ++row) {
    f->sample_gradient(std::vector<std::uint32_t>{row}, x, each);
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += each[i] / 17;
  }
  const std::vector<double> gradient = test::gradient_at<double>(*f, x);
  EXPECT_LT(test::distance(mean, gradient), 1e-14);
  std::vector<std::uint32_t> all(17);
  for (std::uint32_t row = 0; row < 17; ++row) all[row] = row;
  f->sample_gradient(all, x, each);
  EXPECT_EQ(each, gradient);
  f->sample_gradient(std::vector<std::uint32_t>{3, 3}, x, each);
  f->sample_gradient(std::vector<std::uint32_t>{3}, x, mean);
  EXPECT_LT(test::distance(mean, each), 1e-14);
}

// Curvature along any direction is at most L; the bound is met within a factor for a lone row.
TEST(Softmax, knows_its_smoothness) {
  for (const bool intercept : {true, false}) {
    const Classes data = random_classes(40, 6, 3, 8);
    const auto f = make_softmax<double>(data.rows, data.info, 1, kL2, intercept);
    const Smoothness s = f->smoothness();
    EXPECT_EQ(s.mu, intercept ? 0 : kL2);
    EXPECT_GE(s.L_sample, s.L - 1e-12);
    const std::vector<double> x(f->dim(), 0.0);
    const std::vector<double> at_x = test::gradient_at<double>(*f, x);
    for (std::uint64_t trial = 0; trial < 20; ++trial) {
      std::vector<double> y = random_vector(f->dim(), trial, 1e-3);
      const std::vector<double> at_y = test::gradient_at<double>(*f, y);
      EXPECT_LE(test::distance(at_x, at_y), s.L * test::norm(y) * (1 + 1e-9));
    }
  }
  // Two classes, one row a = (3, 4): at x = 0 the curvature along (a, -a) is ||a||^2 / 2, the bound itself.
  Classes one;
  one.info = {1, 2, 2, 2, -1, 1};
  one.rows.index = {0, 1};
  one.rows.value = {3, 4};
  one.rows.finish_row(1);
  const auto f = make_softmax<double>(one.rows, one.info, 1, 0, false);
  EXPECT_NEAR(f->smoothness().L, 12.5, 1e-9);
  EXPECT_NEAR(f->smoothness().L_sample, 12.5, 1e-12);
  const double step = 1e-4;
  const std::vector<double> y = {3 * step, -3 * step, 4 * step, -4 * step};
  const std::vector<double> zero(4, 0.0);
  const double change =
      test::distance(test::gradient_at<double>(*f, zero), test::gradient_at<double>(*f, y)) / test::norm(y);
  EXPECT_NEAR(change, 12.5, 1e-4);
}

TEST(Softmax, in_float_is_near_what_it_is_in_double) {
  const Classes data = random_classes(200, 20, 5, 2);
  const auto wide = make_softmax<double>(data.rows, data.info, 1, kL2, true);
  const auto narrow = make_softmax<float>(test::converted<float>(data.rows), data.info, 1, kL2, true);
  const std::vector<double> x = random_vector(wide->dim(), 3);
  const std::vector<float> x32(x.begin(), x.end());
  EXPECT_NEAR(narrow->loss(x32), wide->loss(x), 1e-5);
  const std::vector<float> gradient = test::gradient_at<float>(*narrow, x32);
  EXPECT_LT(test::distance(std::vector<double>(gradient.begin(), gradient.end()),
                           test::gradient_at<double>(*wide, x)),
            1e-5);
}

TEST(Softmax, large_scores_overflow_nothing) {
  const Classes data = random_classes(10, 3, 3, 2);
  const auto f = make_softmax<double>(data.rows, data.info, 1, 0, false);
  const std::vector<double> x = random_vector(f->dim(), 3, 1e5);
  EXPECT_TRUE(std::isfinite(f->loss(x)));
  for (const double each : test::gradient_at<double>(*f, x)) EXPECT_TRUE(std::isfinite(each));
}

TEST(Softmax, refuses_a_label_that_is_no_class_and_a_dimension_that_is_none) {
  Classes data = random_classes(10, 3, 3, 2);
  data.rows.label[7] = 3.5;
  EXPECT_EQ(test::config_error([&] { make_softmax<double>(data.rows, data.info, 1, 0, false); }),
            "a row has label 3.5, which is no class: those are 3 to 5");
  data.info.dim = 4'000'000'000;
  EXPECT_THROW(softmax_dim(data.info, true), Error);
}

}  // namespace
}  // namespace wisp::problems
