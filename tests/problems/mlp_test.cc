#include "problems/mlp.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <Eigen/Core>

#include "base/hash.h"
#include "tests/problems/classifier_cases.h"

namespace wisp::problems {
namespace {

using test::Classes;
using test::random_classes;
using test::random_vector;

constexpr double kL2 = 0.07;

std::vector<double> scores_at(const std::vector<double>& x, const std::vector<double>& a, std::size_t hidden,
                              std::size_t classes) {
  const std::size_t b1 = a.size() * hidden;
  const std::size_t w2 = b1 + hidden;
  const std::size_t b2 = w2 + hidden * classes;
  std::vector<double> s(x.begin() + static_cast<std::ptrdiff_t>(b2), x.end());
  for (std::size_t h = 0; h < hidden; ++h) {
    double sum = x[b1 + h];
    for (std::size_t j = 0; j < a.size(); ++j) sum += a[j] * x[j * hidden + h];
    for (std::size_t c = 0; c < classes; ++c) s[c] += std::tanh(sum) * x[w2 + h * classes + c];
  }
  return s;
}

TEST(Mlp, agrees_with_the_formula_and_with_finite_differences) {
  for (const std::uint32_t classes : {2U, 5U}) {
    for (const std::uint32_t hidden : {1U, 3U, 8U}) {
      const Classes data = random_classes(30, 6, classes, classes);
      const auto f = make_mlp<double>(data.rows, data.info, 1, kL2, hidden);
      ASSERT_EQ(f->dim(), hidden * 7 + classes * (hidden + 1));
      const std::vector<double> x = random_vector(f->dim(), 3, 0.7);
      double squares = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const bool offset = (i >= hidden * 6 && i < hidden * 7) || i >= x.size() - classes;
        if (!offset) squares += x[i] * x[i];
      }
      const double expected = kL2 / 2 * squares + test::naive_cross_entropy(data, [&](const auto& a) {
                                return scores_at(x, a, hidden, classes);
                              });
      EXPECT_NEAR(f->loss(x), expected, 1e-13);
      EXPECT_LT(test::distance(test::gradient_at<double>(*f, x), test::difference_gradient(*f, x)), 1e-8);
    }
  }
}

TEST(Mlp, samples_have_the_gradient_for_their_mean) {
  const Classes data = random_classes(17, 4, 3, 5);
  const auto f = make_mlp<double>(data.rows, data.info, 2, kL2, 5);
  const std::vector<double> x = random_vector(f->dim(), 6);
  std::vector<double> mean(f->dim(), 0.0);
  std::vector<double> each(f->dim());
  for (std::uint32_t row = 0; row < 17; ++row) {
    f->sample_gradient(std::vector<std::uint32_t>{row}, x, each);
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += each[i] / 17;
  }
  EXPECT_LT(test::distance(mean, test::gradient_at<double>(*f, x)), 1e-14);
}

TEST(Mlp, starts_at_random_the_same_for_all_workers) {
  const Classes data = random_classes(40, 10, 3, 1);
  const auto f = make_mlp<double>(data.rows, data.info, 1, 0, 50);
  const auto part = make_mlp<double>(test::part_of(data.rows, 0, 10), data.info, 4, 0, 50);
  std::vector<double> x(f->dim(), 7.0);
  std::vector<double> other(f->dim());
  f->random_start(5, x);
  part->random_start(5, other);
  EXPECT_EQ(x, other);
  f->random_start(6, other);
  EXPECT_NE(x, other);
  EXPECT_TRUE(std::all_of(x.begin() + 500, x.begin() + 550, [](double each) { return each == 0; }));
  const std::vector<double> first(x.begin(), x.begin() + 500);
  EXPECT_NEAR(test::norm(first), std::sqrt(500.0 / (static_cast<double>(data.info.nnz) / 40)), 2);
  const std::vector<double> second(x.begin() + 550, x.end() - 3);
  EXPECT_NEAR(test::norm(second), std::sqrt(150.0 / 50), 0.5);
}

// Gradient steps from there learn what a linear model can't: the exclusive or.
TEST(Mlp, learns_the_exclusive_or) {
  Classes data;
  data.info.dim = 2;
  for (int row = 0; row < 4; ++row) {
    for (std::uint32_t j = 0; j < 2; ++j) {
      data.rows.index.push_back(j);
      data.rows.value.push_back((row >> j & 1) == 1 ? 1.0 : -1.0);
      ++data.info.nnz;
    }
    const double label = row == 1 || row == 2 ? 1 : 0;
    data.info.count_row(label);
    data.rows.finish_row(2 * label - 1);
  }
  const auto f = make_mlp<double>(data.rows, data.info, 1, 0, 8);
  std::vector<double> x(f->dim());
  f->random_start(1, x);
  for (int step = 0; step < 2000; ++step) {
    const std::vector<double> gradient = test::gradient_at<double>(*f, x);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] -= 0.5 * gradient[i];
  }
  EXPECT_EQ(f->correct(x), 4U);
  EXPECT_LT(f->loss(x), 0.01);
}

template <class T>
std::string gradient_hash() {
  const Classes data = random_classes(50, 33, 5, 4);
  const auto f = make_mlp<T>(test::converted<T>(data.rows), data.info, 1, kL2, 19);
  std::vector<T> x(f->dim());
  f->random_start(3, x);
  const std::vector<T> gradient = test::gradient_at<T>(*f, std::span<const T>(x));
  return sha256_hex(std::as_bytes(std::span(gradient))).substr(0, 16);
}

// The bits are numbers of this file: another processor, or an Eigen that takes its instructions from it,
// would show. What Eigen knows of the caches must not matter.
TEST(Mlp, has_the_same_bits_on_every_processor) {
  const std::string wide = gradient_hash<double>();
  const std::string narrow = gradient_hash<float>();
  EXPECT_EQ(wide, "f0bbe4837319ac8f");
  EXPECT_EQ(narrow, "078e94fc1eaa82b9");
  Eigen::setCpuCacheSizes(4096, 8192, 16384);
  EXPECT_EQ(gradient_hash<double>(), wide);
  EXPECT_EQ(gradient_hash<float>(), narrow);
}

TEST(Mlp, has_no_smoothness_and_no_dimension_that_is_too_large) {
  const Classes data = random_classes(10, 3, 3, 2);
  const Smoothness s = make_mlp<double>(data.rows, data.info, 1, kL2, 4)->smoothness();
  EXPECT_EQ(s.L, 0);
  EXPECT_EQ(s.L_sample, 0);
  DataInfo info = data.info;
  EXPECT_EQ(mlp_dim(info, 4), 4U * 4 + 3 * 5);
  info.dim = 4'000'000'000;
  EXPECT_THROW(mlp_dim(info, 4'000'000'000), Error);
  EXPECT_THROW(mlp_dim(info, 2), Error);
}

}  // namespace
}  // namespace wisp::problems
