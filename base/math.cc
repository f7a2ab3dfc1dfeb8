#include "base/math.h"

#include <limits>

namespace wisp::math {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Split {
  double exponent;  // k
  double fraction;  // m, in [sqrt(1/2), sqrt(2)): x = 2^k m
};

// For a normal, positive, finite x.
Split split(double x) {
  constexpr std::uint64_t root_half = 0x3fe6a09e667f3bcd;  // the bits of sqrt(1/2)
  const std::uint64_t above = std::bit_cast<std::uint64_t>(x) - root_half;
  const std::int64_t k = static_cast<std::int64_t>(above) >> 52;
  const double m = std::bit_cast<double>((above & 0x000fffffffffffff) + root_half);
  return {static_cast<double>(k), m};
}

// k ln 2 + log(m) + extra.
double compose(double k, double m, double extra) {
  return k * detail::kLn2High + (detail::log_one_plus(m - 1) + (k * detail::kLn2Low + extra));
}

double tanh_of_positive(double x) {
  if (x > 0.55) {
    const double e = exp(-2 * x);
    return 1 - 2 * e / (1 + e);
  }
  // The eighth convergent of Lambert's continued fraction x / (1 + x^2 / (3 + x^2 / (5 + ...))), as x minus
  // the rest.
  const double z = x * x;
  const double z2 = z * z;
  const double above = (675675 + 45045 * z) + (594 + z) * z2;
  const double below = (2027025 + 945945 * z) + ((51975 + 630 * z) + z2) * z2;
  return x - x * (z * above / below);
}

}  // namespace

double log(double x) {
  if (!(x > 0)) return x == 0 ? -kInfinity : kNan;
  if (x == kInfinity) return x;
  const bool subnormal = x < std::numeric_limits<double>::min();
  const Split parts = split(subnormal ? x * 0x1p54 : x);
  return compose(subnormal ? parts.exponent - 54 : parts.exponent, parts.fraction, 0);
}

double log1p(double x) {
  if (!(x > -1)) return x == -1 ? -kInfinity : kNan;
  if (x == kInfinity) return x;
  if (x > -0.29 && x < 0.41) return detail::log_one_plus(x);
  const double u = 1 + x;
  const double lost = x > 1 ? 1 - (u - x) : x - (u - 1);  // 1 + x = u + lost, exactly
  const Split parts = split(u);
  return compose(parts.exponent, parts.fraction, lost / u);
}

double tanh(double x) {
  constexpr std::uint64_t sign = 0x8000000000000000;
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  const double value = tanh_of_positive(std::bit_cast<double>(bits & ~sign));
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) | (bits & sign));
}

}  // namespace wisp::math
