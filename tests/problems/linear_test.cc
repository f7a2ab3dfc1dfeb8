#include "problems/linear.h"

#include <algorithm>
#include <type_traits>

#include "problems/logistic.h"
#include "problems/synthetic.h"
#include "tests/problems/any_rows.h"
#include "tests/support/same_bits.h"
#include "tests/support/seed.h"

namespace wisp::problems {
namespace {

// One with a state and a branch.
struct Clipped {
  static constexpr double kCurvature = 1;
  double bound = 0.3;
  static double value(double margin, double label) { return margin - label; }
  template <class T>
  T slope(T margin, T label) const {
    const T off = margin - label;
    return off > static_cast<T>(bound) ? static_cast<T>(bound) : off;
  }
};

template <class T>
class LinearTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(LinearTest, Scalars);

// Row by row and entry by entry.
template <class T, class Loss>
std::vector<T> naive(const Rows<T>& rows, const LinearParameters& parameters, const Loss& loss,
                     const std::vector<T>& x) {
  std::vector<double> sum(x.size(), 0.0);
  for (std::size_t row = 0; row < rows.count(); ++row) {
    T parts[4] = {0, 0, 0, 0};
    const auto indices = rows.indices(row);
    for (std::size_t i = 0; i < indices.size(); ++i) parts[i % 4] += rows.values(row)[i] * x[indices[i]];
    const T margin = (parts[0] + parts[1]) + (parts[2] + parts[3]);
    const double slope = static_cast<double>(loss.slope(margin, rows.label[row]));
    for (std::size_t i = 0; i < indices.size(); ++i) {
      sum[indices[i]] += slope * static_cast<double>(rows.values(row)[i]);
    }
  }
  std::vector<T> gradient;
  for (std::size_t i = 0; i < x.size(); ++i) {
    gradient.push_back(
        static_cast<T>(parameters.weight * sum[i] + parameters.l2 * static_cast<double>(x[i])));
  }
  return gradient;
}

template <class T, class Loss>
void check(const Rows<T>& rows, std::uint32_t dim, const Loss& loss, Rng& rng) {
  const LinearParameters parameters{dim, 0.01, 0.003};
  std::vector<T> x(dim);
  for (T& each : x) each = rng.below(9) == 0 ? T(-0.0) : static_cast<T>(rng.normal());
  const std::vector<T> want = naive(rows, parameters, loss, x);
  for (const Layout layout : {Layout::kBest, Layout::kRows, Layout::kColumns}) {
    LinearModel<T, Loss> model(rows, parameters, loss, layout);
    for (int again = 0; again < 2; ++again) {
      std::vector<T> gradient(dim, T(7));
      model.gradient(x, gradient);
      wisp::test::expect_same_bits(gradient, want);
    }
  }
}

TYPED_TEST(LinearTest, layouts_have_one_gradient) {
  using T = TypeParam;
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kData);
  for (const bool ones : {false, true}) {
    for (const std::uint32_t dim : {1U, 20U, 131U}) {
      for (const std::size_t count : {0U, 1U, 255U, 256U, 257U, 900U}) {
        const Rows<T> rows = test::any_rows<T>(rng, count, dim, 1 + rng.below(15), rng.below(2) == 0, ones);
        check(rows, dim, LogisticLoss(), rng);
        check(rows, dim, Clipped(), rng);
      }
    }
  }
}

TYPED_TEST(LinearTest, layouts_have_one_gradient_where_x_is_large) {
  using T = TypeParam;
  Rng rng(wisp::test::seed(), 0, 1, Purpose::kData);
  check(test::any_rows<T>(rng, 300, 80'000, 2'000, false, false), 80'000, LogisticLoss(), rng);
  check(test::any_rows<T>(rng, 300, 80'000, 2'000, false, true), 80'000, LogisticLoss(), rng);
}

// With values of about 1.
template <class T>
Rows<T> ordinary_rows(std::uint64_t count, std::uint32_t dim) {
  std::vector<std::uint64_t> all(count);
  for (std::uint64_t i = 0; i < count; ++i) all[i] = i;
  const DataInfo info = synthetic_info(count, dim, SyntheticLabels::kSign);
  return synthetic_rows<T>(info, SyntheticLabels::kSign, wisp::test::seed(), all);
}

// f_i is the mean of its f_ij: all of them once are the gradient, twice as well; one is that of its row
// alone.
TYPED_TEST(LinearTest, gradient_is_the_mean_of_the_samples) {
  using T = TypeParam;
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  Rng rng(wisp::test::seed(), 0, 3, Purpose::kData);
  const LinearParameters parameters{30, 0.02, 0.1};
  const Rows<T> rows = ordinary_rows<T>(70, 30);
  LinearModel<T, LogisticLoss> model(rows, parameters);
  std::vector<T> x(30), whole(30), mean(30, T(7)), one(30, T(7));
  for (T& each : x) each = static_cast<T>(rng.normal());
  model.gradient(x, whole);
  std::vector<std::uint32_t> twice;
  for (std::uint32_t row = 0; row < 140; ++row) twice.push_back(row % 70);
  model.sample_gradient(twice, x, mean);
  std::vector<double> sum(30, 0.0);
  for (std::uint32_t row = 0; row < 70; ++row) {
    model.sample_gradient(std::vector<std::uint32_t>{row}, x, one);
    Rows<T> alone;
    alone.index.assign(rows.indices(row).begin(), rows.indices(row).end());
    alone.value.assign(rows.values(row).begin(), rows.values(row).end());
    alone.finish_row(rows.label[row]);
    wisp::test::expect_same_bits(one, naive(alone, LinearParameters{30, 0.02 * 70, 0.1}, LogisticLoss(), x));
    for (std::size_t i = 0; i < 30; ++i) sum[i] += static_cast<double>(one[i]) / 70;
  }
  for (std::size_t i = 0; i < 30; ++i) {
    EXPECT_NEAR(static_cast<double>(mean[i]), static_cast<double>(whole[i]), tolerance);
    EXPECT_NEAR(sum[i], static_cast<double>(whole[i]), tolerance);
  }
}

// The L of a sample is that of an objective which has only its row.
TYPED_TEST(LinearTest, L_sample_is_the_largest_of_the_rows_alone) {
  using T = TypeParam;
  const Rows<T> rows = ordinary_rows<T>(25, 40);
  const Smoothness found = LinearModel<T, LogisticLoss>(rows, {40, 0.1, 0.5}).smoothness();
  EXPECT_EQ(found.samples, 25u);
  double largest = 0;
  for (std::size_t row = 0; row < 25; ++row) {
    Rows<T> alone;
    alone.index.assign(rows.indices(row).begin(), rows.indices(row).end());
    alone.value.assign(rows.values(row).begin(), rows.values(row).end());
    alone.finish_row(rows.label[row]);
    const Smoothness own = LinearModel<T, LogisticLoss>(alone, {40, 0.1 * 25, 0.5}).smoothness();
    EXPECT_NEAR(own.L_sample, own.L, 1e-6 * own.L);
    largest = std::max(largest, own.L_sample);
  }
  EXPECT_EQ(found.L_sample, largest);
  EXPECT_LE(found.L, found.L_sample * (1 + 1e-6));
}

TEST(LinearDeathTest, a_sample_is_a_row) {
  Rng rng(1, 0, 0, Purpose::kData);
  LinearModel<double, LogisticLoss> model(test::any_rows<double>(rng, 2, 3, 2, false, false), {3, 1, 0});
  std::vector<double> x(3), gradient(3);
  EXPECT_DEATH(model.sample_gradient(std::vector<std::uint32_t>{2}, x, gradient), "a row of this worker");
  EXPECT_DEATH(model.sample_gradient({}, x, gradient), "one sample at least");
}

TYPED_TEST(LinearTest, logistic_is_made_of_it) {
  using T = TypeParam;
  Rng rng(wisp::test::seed(), 0, 2, Purpose::kData);
  const Rows<T> rows = test::any_rows<T>(rng, 500, 40, 3, false, true);
  const DataInfo info{500, 40, rows.nnz(), 2, -1, 1};
  std::vector<T> x(40, T(0.3)), gradient(40);
  make_logistic<T>(rows, info, 1, 0.5)->gradient(x, gradient);
  wisp::test::expect_same_bits(gradient, naive(rows, linear_parameters(info, 1, 0.5), LogisticLoss(), x));
}

}  // namespace
}  // namespace wisp::problems
