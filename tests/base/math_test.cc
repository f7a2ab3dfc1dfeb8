#include "base/math.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp::math {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kTiny = std::numeric_limits<double>::denorm_min();

// How far `got` is from `want`, in units of the last place of a double near `want`.
double ulps(double got, long double want) {
  const double nearest = static_cast<double>(want);
  if (std::isinf(nearest) || std::isinf(got)) return got == nearest ? 0 : kInfinity;
  int exponent = 0;
  std::frexp(want, &exponent);
  const int place = std::max(exponent - 53, -1074);
  return static_cast<double>(std::fabs(std::ldexp(static_cast<long double>(got) - want, -place)));
}

struct Function {
  std::string name;
  double (*own)(double);
  long double (*reference)(long double);
  double low;
  double high;
  double ulps_max = 2;
};

long double reference_log1p_exp(long double x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

const std::vector<Function>& functions() {
  static const std::vector<Function> all = {
      {"exp", exp, [](long double x) { return std::exp(x); }, -745.2, 709.8},
      {"log1p_exp", log1p_exp, reference_log1p_exp, -745.2, 1000, 3},
      {"log", log, [](long double x) { return std::log(x); }, kTiny, 1e308},
      {"log1p", log1p, [](long double x) { return std::log1p(x); }, -1 + 0x1p-53, 1e308},
      {"tanh", tanh, [](long double x) { return std::tanh(x); }, -25, 25},
  };
  return all;
}

class MathTest : public testing::TestWithParam<Function> {
 protected:
  // Checks `x` if it is in the function's range, and keeps the worst point.
  void check(double x) {
    const Function& function = GetParam();
    if (!(x >= function.low && x <= function.high)) return;
    const double error = ulps(function.own(x), function.reference(x));
    if (error <= worst_) return;
    worst_ = error;
    worst_at_ = x;
  }
  void TearDown() override {
    RecordProperty("worst_ulps", std::to_string(worst_));
    EXPECT_LE(worst_, GetParam().ulps_max)
        << GetParam().name << " is worst at " << std::hexfloat << worst_at_;
  }

 private:
  double worst_ = 0;
  double worst_at_ = 0;
};

TEST_P(MathTest, points_spread_evenly_over_the_range_are_close) {
  Rng rng(test::seed(), 0, 0, Purpose::kData);
  for (int i = 0; i < 200'000; ++i) {
    check(GetParam().low + (GetParam().high - GetParam().low) * rng.uniform());
  }
}

TEST_P(MathTest, points_of_every_magnitude_and_sign_are_close) {
  Rng rng(test::seed(), 0, 1, Purpose::kData);
  for (int i = 0; i < 400'000; ++i) check(std::bit_cast<double>(rng.next64()));
}

TEST_P(MathTest, ordinary_points_are_close) {
  Rng rng(test::seed(), 0, 2, Purpose::kData);
  for (int i = 0; i < 400'000; ++i) {
    const double x = 4 * rng.uniform() - 2;
    check(x);
    check(16 * x);
    check(x / 1024);
  }
}

TEST_P(MathTest, neighbours_of_every_power_of_two_are_close) {
  for (int exponent = -1074; exponent < 1024; ++exponent) {
    double above = std::ldexp(1.0, exponent);
    double below = above;
    for (int i = 0; i < 4; ++i) {
      check(above);
      check(-above);
      check(below);
      check(-below);
      above = std::nextafter(above, kInfinity);
      below = std::nextafter(below, -kInfinity);
    }
  }
}

// Where the branches and the reductions of the implementation change over.
TEST_P(MathTest, neighbours_of_the_seams_are_close) {
  std::vector<double> seams = {0.55, -0.29, 0.41, std::sqrt(2.0) - 1, std::sqrt(0.5), std::sqrt(2.0), 1, 1.5};
  for (int k = -1075; k <= 1024; ++k) {
    seams.push_back((k + 0.5) * std::log(2.0));
    seams.push_back(k * std::log(2.0));
  }
  for (int k = -1000; k <= 1000; k += 7) seams.push_back(std::ldexp(std::sqrt(0.5), k));
  for (const double seam : seams) {
    double above = seam;
    double below = seam;
    for (int i = 0; i < 8; ++i) {
      check(above);
      check(-above);
      check(below);
      check(-below);
      above = std::nextafter(above, kInfinity);
      below = std::nextafter(below, -kInfinity);
    }
  }
}

TEST_P(MathTest, grows_with_its_argument) {
  const Function& function = GetParam();
  const double low = std::max(function.low, -40.0);
  const double step = (std::min(function.high, 40.0) - low) / 100'000;
  double last = function.own(low);
  for (int i = 1; i <= 100'000; ++i) {
    const double value = function.own(low + i * step);
    ASSERT_GE(value, last) << function.name << " at " << low + i * step;
    last = value;
  }
}

std::string name_of(const testing::TestParamInfo<Function>& function) { return function.param.name; }

INSTANTIATE_TEST_SUITE_P(Own, MathTest, testing::ValuesIn(functions()), name_of);

bool is_negative_zero(double x) { return x == 0 && std::signbit(x); }

TEST(Math, exp_knows_its_special_arguments) {
  EXPECT_EQ(exp(0.0), 1);
  EXPECT_EQ(exp(-0.0), 1);
  EXPECT_EQ(exp(kTiny), 1);
  EXPECT_EQ(exp(kInfinity), kInfinity);
  EXPECT_EQ(exp(-kInfinity), 0);
  EXPECT_TRUE(std::isnan(exp(kNan)));
  EXPECT_EQ(exp(709.78271289338397), 0x1.fffffffffff2ap+1023);
  EXPECT_EQ(exp(709.78271289338410), kInfinity);
  EXPECT_EQ(exp(1e300), kInfinity);
  EXPECT_EQ(exp(-745.13321910194110), kTiny);
  EXPECT_EQ(exp(-745.13321910194122), 0);
  EXPECT_EQ(exp(-1e300), 0);
}

TEST(Math, log_knows_its_special_arguments) {
  EXPECT_FALSE(std::signbit(log(1.0)));
  EXPECT_EQ(log(1.0), 0);
  EXPECT_EQ(log(0.0), -kInfinity);
  EXPECT_EQ(log(-0.0), -kInfinity);
  EXPECT_EQ(log(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(log(-1.0)));
  EXPECT_TRUE(std::isnan(log(-kInfinity)));
  EXPECT_TRUE(std::isnan(log(kNan)));
}

TEST(Math, log1p_knows_its_special_arguments) {
  EXPECT_EQ(log1p(0.0), 0);
  EXPECT_TRUE(is_negative_zero(log1p(-0.0)));
  EXPECT_EQ(log1p(kTiny), kTiny);
  EXPECT_EQ(log1p(-1.0), -kInfinity);
  EXPECT_EQ(log1p(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(log1p(-1.5)));
  EXPECT_TRUE(std::isnan(log1p(kNan)));
}

TEST(Math, tanh_knows_its_special_arguments) {
  EXPECT_EQ(tanh(0.0), 0);
  EXPECT_TRUE(is_negative_zero(tanh(-0.0)));
  EXPECT_EQ(tanh(kTiny), kTiny);
  EXPECT_EQ(tanh(kInfinity), 1);
  EXPECT_EQ(tanh(-kInfinity), -1);
  EXPECT_EQ(tanh(1e300), 1);
  EXPECT_TRUE(std::isnan(tanh(kNan)));
}

TEST(Math, log1p_exp_neither_overflows_nor_loses_what_is_small) {
  EXPECT_EQ(log1p_exp(kInfinity), kInfinity);
  EXPECT_EQ(log1p_exp(-kInfinity), 0);
  EXPECT_EQ(log1p_exp(1e300), 1e300);
  EXPECT_EQ(log1p_exp(-1e300), 0);
  EXPECT_EQ(log1p_exp(-700.0), exp(-700.0));
  EXPECT_EQ(log1p_exp(0.0), 0x1.62e42fefa39efp-1);
  EXPECT_TRUE(std::isnan(log1p_exp(kNan)));
}

TEST(Math, float_results_are_the_double_ones_rounded) {
  EXPECT_EQ(exp(0.1f), static_cast<float>(exp(double{0.1f})));
  EXPECT_EQ(log(0.1f), static_cast<float>(log(double{0.1f})));
  EXPECT_EQ(log1p(0.1f), static_cast<float>(log1p(double{0.1f})));
  EXPECT_EQ(tanh(0.1f), static_cast<float>(tanh(double{0.1f})));
  EXPECT_EQ(log1p_exp(0.1f), static_cast<float>(log1p_exp(double{0.1f})));
  EXPECT_EQ(exp(100.0f), std::numeric_limits<float>::infinity());
}

// The same bits on every machine and in every build.
TEST(Math, results_are_frozen) {
  EXPECT_EQ(exp(0x1p+0), 0x1.5bf0a8b14576ap+1);
  EXPECT_EQ(exp(-0x1p+0), 0x1.78b56362cef38p-2);
  EXPECT_EQ(exp(0x1.3333333333333p-2), 0x1.599058c8c1a96p+0);
  EXPECT_EQ(exp(-0x1.48p+4), 0x1.57a3afeed00acp-30);
  EXPECT_EQ(exp(0x1.5e0cccccccccdp+9), 0x1.058614179b2a5p+1010);
  EXPECT_EQ(exp(-0x1.6273333333333p+9), 0x0.9ab77c6e3d8a4p-1022);
  EXPECT_EQ(exp(-0x1.74p+9), 0x0.0000000000002p-1022);
  EXPECT_EQ(log1p_exp(-0x1.ep+4), 0x1.a56e0c2ac7e1ap-44);
  EXPECT_EQ(log1p_exp(-0x1.8p+0), 0x1.9c7e908f5420fp-3);
  EXPECT_EQ(log1p_exp(-0x1.999999999999ap-4), 0x1.49ee5be955d1cp-1);
  EXPECT_EQ(log1p_exp(0x1.999999999999ap-4), 0x1.7d218f1c8904fp-1);
  EXPECT_EQ(log1p_exp(0x1.6666666666666p-1), 0x1.1a6a66a15dd2ep+0);
  EXPECT_EQ(log1p_exp(0x1.4p+4), 0x1.400000008da43p+4);
  EXPECT_EQ(log(0x1.999999999999ap-4), -0x1.26bb1bbb55515p+1);
  EXPECT_EQ(log(0x1.ccccccccccccdp-1), -0x1.af8e8210a415cp-4);
  EXPECT_EQ(log(0x1.8p+1), 0x1.193ea7aad030bp+0);
  EXPECT_EQ(log(0x0.012688b70e62bp-1022), -0x1.64e69394d9508p+9);
  EXPECT_EQ(log(0x1.4e718d7d7625ap+664), 0x1.cc845b54b54f2p+8);
  EXPECT_EQ(log1p(-0x1.ccccccccccccdp-1), -0x1.26bb1bbb55516p+1);
  EXPECT_EQ(log1p(-0x1.999999999999ap-4), -0x1.af8e8210a415ep-4);
  EXPECT_EQ(log1p(0x1.4f8b588e368f1p-17), 0x1.4f8aea9ae7317p-17);
  EXPECT_EQ(log1p(0x1.999999999999ap-2), 0x1.588c2d913349p-2);
  EXPECT_EQ(log1p(0x1.8p+1), 0x1.62e42fefa39efp+0);
  EXPECT_EQ(log1p(0x1.bc16d674ec8p+59), 0x1.4b927f32bffb8p+5);
  EXPECT_EQ(tanh(0x1.999999999999ap-4), 0x1.983d7795f413ap-4);
  EXPECT_EQ(tanh(-0x1p-1), -0x1.d9353d7568af3p-2);
  EXPECT_EQ(tanh(0x1.3333333333333p-1), 0x1.12f8292d2ccfcp-1);
  EXPECT_EQ(tanh(0x1.8p+1), 0x1.fd77d111a0bp-1);
  EXPECT_EQ(tanh(0x1.2p+4), 0x1.ffffffffffffcp-1);
}

}  // namespace
}  // namespace wisp::math
