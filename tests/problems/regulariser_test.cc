#include "problems/regulariser.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp::problems {
namespace {

using testing::HasSubstr;
using Dense = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<RegulariserSpec> all_kinds() {
  return {{.kind = "l1", .weight = 0.3},
          {.kind = "elastic-net", .weight = 0.2, .l2 = 0.7},
          {.kind = "box", .low = -0.5, .high = 0.25},
          {.kind = "box", .low = 0.4, .high = 0.4},
          {.kind = "nonnegative"},
          {.kind = "ball", .radius = 0.8}};
}

Dense random_point(std::size_t d, std::uint64_t number) {
  Rng rng(test::seed(), 0, number, Purpose::kData);
  Dense x(d);
  for (double& each : x) each = rng.normal();
  return x;
}

double distance(const Dense& a, const Dense& b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return std::sqrt(sum);
}

// step R(z) + ||z - x||^2 / 2
double prox_value(const Regulariser<double>& r, double step, const Dense& z, const Dense& x) {
  return step * r.value(z) + distance(z, x) * distance(z, x) / 2;
}

// argmin of a convex function of one number that is infinite outside of an interval, by trisection.
double naive_argmin(const std::function<double(double)>& f, double low, double high) {
  for (int i = 0; i < 300; ++i) {
    const double third = (high - low) / 3;
    (f(low + third) <= f(high - third) ? high : low) =
        f(low + third) <= f(high - third) ? high - third : low + third;
  }
  return (low + high) / 2;
}

// In one dimension every kind is a function of one number; in more, all but the ball are sums of those.
TEST(Regulariser, prox_is_the_minimiser_that_a_naive_search_finds) {
  for (const RegulariserSpec& spec : all_kinds()) {
    const auto r = make_regulariser<double>(spec);
    for (const double step : {0.1, 1.0, 3.0}) {
      for (const double x : {-2.0, -0.31, -0.05, 0.0, 0.2, 0.33, 1.7}) {
        Dense z{x};
        r->prox(step, z);
        if (spec.kind == "box" && spec.low == spec.high) {
          EXPECT_EQ(z[0], spec.low);
          continue;
        }
        const double low = spec.kind == "box" ? spec.low : spec.kind == "ball" ? -0.8 : -3;
        const double high = spec.kind == "box" ? spec.high : spec.kind == "ball" ? 0.8 : 3;
        const double from = spec.kind == "nonnegative" ? 0 : low;
        const double naive =
            naive_argmin([&](double t) { return prox_value(*r, step, {t}, {x}); }, from, high);
        EXPECT_NEAR(z[0], naive, 1e-7) << spec.kind << " step " << step << " x " << x;
      }
    }
  }
}

// No point near the prox has a smaller value: the definition, in several dimensions.
TEST(Regulariser, prox_beats_every_other_point) {
  for (const RegulariserSpec& spec : all_kinds()) {
    const auto r = make_regulariser<double>(spec);
    for (std::uint64_t trial = 0; trial < 50; ++trial) {
      const Dense x = random_point(4, trial);
      Dense z = x;
      r->prox(0.7, z);
      const double least = prox_value(*r, 0.7, z, x);
      EXPECT_TRUE(std::isfinite(least)) << spec.kind;
      for (std::uint64_t other = 0; other < 50; ++other) {
        Dense near = random_point(4, 1000 + 50 * trial + other);
        for (std::size_t j = 0; j < 4; ++j) near[j] = z[j] + 0.01 * near[j];
        EXPECT_LE(least, prox_value(*r, 0.7, near, x) + 1e-12) << spec.kind;
      }
    }
  }
}

TEST(Regulariser, prox_brings_no_two_points_further_apart) {
  for (const RegulariserSpec& spec : all_kinds()) {
    const auto r = make_regulariser<double>(spec);
    for (std::uint64_t trial = 0; trial < 200; ++trial) {
      Dense a = random_point(5, 2 * trial);
      Dense b = random_point(5, 2 * trial + 1);
      const double before = distance(a, b);
      r->prox(0.4, a);
      r->prox(0.4, b);
      EXPECT_LE(distance(a, b), before * (1 + 1e-14)) << spec.kind;
    }
  }
}

TEST(Regulariser, has_the_value_of_its_formula) {
  const auto value = [](const RegulariserSpec& spec, const Dense& x) {
    return make_regulariser<double>(spec)->value(x);
  };
  EXPECT_DOUBLE_EQ(value({.kind = "l1", .weight = 2}, {1, -3}), 8);
  EXPECT_DOUBLE_EQ(value({.kind = "elastic-net", .weight = 2, .l2 = 3}, {1, -3}), 8 + 15);
  EXPECT_EQ(value({.kind = "box", .low = -1, .high = 2}, {-1, 2}), 0);
  EXPECT_EQ(value({.kind = "box", .low = -1, .high = 2}, {-1.01, 2}), kInfinity);
  EXPECT_EQ(value({.kind = "nonnegative"}, {0, 7}), 0);
  EXPECT_EQ(value({.kind = "nonnegative"}, {-1e-300}), kInfinity);
  EXPECT_EQ(value({.kind = "ball", .radius = 5}, {3, 4}), 0);
  EXPECT_EQ(value({.kind = "ball", .radius = 5}, {3, 4.001}), kInfinity);
  EXPECT_EQ(make_regulariser<double>({}), nullptr);
}

// What a projection has rounded still counts as within.
template <class T>
void expect_projections_are_within() {
  for (const RegulariserSpec& spec : all_kinds()) {
    if (spec.kind == "l1" || spec.kind == "elastic-net") continue;
    const auto r = make_regulariser<T>(spec);
    for (std::uint64_t trial = 0; trial < 200; ++trial) {
      const Dense x = random_point(1 + trial % 97, trial);
      std::vector<T> z(x.begin(), x.end());
      r->prox(T{1}, z);
      EXPECT_EQ(r->value(z), 0) << spec.kind;
      const std::vector<T> once = z;
      r->prox(T{1}, z);
      EXPECT_LE(std::abs(r->value(once) - r->value(z)), 0);
    }
  }
}

TEST(Regulariser, a_projection_is_within) {
  expect_projections_are_within<double>();
  expect_projections_are_within<float>();
}

TEST(Regulariser, what_is_not_a_number_stays_so) {
  for (const RegulariserSpec& spec : all_kinds()) {
    const auto r = make_regulariser<double>(spec);
    Dense x{std::nan(""), 1};
    r->prox(0.5, x);
    EXPECT_TRUE(std::isnan(x[0])) << spec.kind;
    EXPECT_FALSE(std::isfinite(r->value(x))) << spec.kind;
  }
}

TEST(Regulariser, moves_a_start_into_its_set_and_no_other) {
  ProblemSpec spec;
  spec.init = "ones";
  EXPECT_EQ(first_iterate<double>(spec, 2), (Dense{1, 1}));
  spec.regulariser = {.kind = "l1", .weight = 0.5};
  EXPECT_EQ(first_iterate<double>(spec, 2), (Dense{1, 1}));
  spec.regulariser = {.kind = "box", .low = -1, .high = 0.5};
  EXPECT_EQ(first_iterate<double>(spec, 2), (Dense{0.5, 0.5}));
  spec.init = "zeros";
  EXPECT_EQ(first_iterate<double>(spec, 2), (Dense{0, 0}));
}

TEST(Regulariser, refuses_numbers_without_sense) {
  const auto why = [](const RegulariserSpec& spec) -> std::string {
    try {
      spec.check();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(why({}), "");
  for (const RegulariserSpec& spec : all_kinds()) EXPECT_EQ(why(spec), "");
  EXPECT_THAT(why({.kind = "l2"}), HasSubstr("unknown 'l2' (none | l1"));
  EXPECT_THAT(why({.kind = "elasticnet"}), HasSubstr("did you mean 'elastic-net'?"));
  EXPECT_THAT(why({.kind = "l1"}), HasSubstr("problem.regulariser.weight: must be a number above 0"));
  EXPECT_THAT(why({.kind = "elastic-net", .weight = 1}), HasSubstr("without it take l1"));
  EXPECT_THAT(why({.kind = "box", .low = 2, .high = 1}), HasSubstr("at most high"));
  EXPECT_THAT(why({.kind = "ball", .radius = kInfinity}), HasSubstr("radius"));
}

}  // namespace
}  // namespace wisp::problems
