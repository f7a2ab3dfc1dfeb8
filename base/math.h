#pragma once
// exp, log, log1p and tanh that give the same bits on every processor.
//
// glibc chooses among several versions by the processor, and they differ in the last bits. These are made of
// + - * / and integer operations on bits only, without fused multiply-add (-ffp-contract=off), rounding to
// nearest. At most 2 ulp (log1p_exp: 3) from the true value over the whole range, subnormal results included;
// NaN, infinities and zeros as in C's annex F; errno and the floating-point flags mean nothing. The float
// overloads go through double.
//
// exp and log1p_exp are inline: they are the inner loop of the logistic loss. They have no branch that an
// ordinary argument could take either way.
#include <bit>
#include <cstdint>

namespace wisp::math {

namespace detail {

// ln 2 = kLn2High + kLn2Low; k * kLn2High is exact for |k| < 2^11.
constexpr double kLn2High = 0x1.62e42fefa38p-1;
constexpr double kLn2Low = 0x1.ef35793c7673p-45;
// x + kRounder - kRounder is x rounded to an integer, for |x| < 2^51.
constexpr double kRounder = 0x1.8p52;

inline std::uint64_t all_ones_if_negative(std::uint64_t bits) { return ~((bits >> 63) - 1); }

// x, but no more than 710 and no less than -746. By masks: g++ makes branches of comparisons with a constant,
// and then no vectors of the loop around them. 710 - |x| of a NaN is one without a sign, so a NaN stays.
inline double clamped(double x) {
  constexpr double high = 710, low = -746;
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  const double magnitude = std::bit_cast<double>(bits & 0x7fffffffffffffff);
  const std::uint64_t negative = all_ones_if_negative(bits);
  const std::uint64_t over = all_ones_if_negative(std::bit_cast<std::uint64_t>(high - magnitude)) & ~negative;
  const std::uint64_t under = all_ones_if_negative(std::bit_cast<std::uint64_t>(-low - magnitude)) & negative;
  return std::bit_cast<double>((bits & ~(over | under)) | (std::bit_cast<std::uint64_t>(high) & over) |
                               (std::bit_cast<std::uint64_t>(low) & under));
}

// e^r - 1 for |r| <= 0.35: its Taylor polynomial of degree 13, remainder below 5e-18.
inline double exp_minus_one(double r) {
  constexpr double c2 = 1.0 / 2, c3 = 1.0 / 6, c4 = 1.0 / 24, c5 = 1.0 / 120, c6 = 1.0 / 720, c7 = 1.0 / 5040;
  constexpr double c8 = 1.0 / 40320, c9 = 1.0 / 362880, c10 = 1.0 / 3628800, c11 = 1.0 / 39916800;
  constexpr double c12 = 1.0 / 479001600, c13 = 1.0 / 6227020800;
  const double r2 = r * r;
  const double r4 = r2 * r2;
  const double low = (c2 + c3 * r) + (c4 + c5 * r) * r2;
  const double middle = (c6 + c7 * r) + (c8 + c9 * r) * r2;
  const double high = (c10 + c11 * r) + (c12 + c13 * r) * r2;
  return r + r2 * (low + r4 * (middle + r4 * high));
}

// log(1 + f) for sqrt(1/2) <= 1 + f <= sqrt(2): with s = f / (2 + f) it is 2 atanh(s), and f - s (f - tail)
// with the series' terms from s^3 on in `tail`, which spares the rounding error of s.
inline double log_one_plus(double f) {
  constexpr double c1 = 2.0 / 3, c2 = 2.0 / 5, c3 = 2.0 / 7, c4 = 2.0 / 9, c5 = 2.0 / 11, c6 = 2.0 / 13;
  constexpr double c7 = 2.0 / 15, c8 = 2.0 / 17, c9 = 2.0 / 19;
  const double s = f / (2 + f);
  const double z = s * s;
  const double z2 = z * z;
  const double z4 = z2 * z2;
  const double low = (c1 + c2 * z) + (c3 + c4 * z) * z2;
  const double high = (c5 + c6 * z) + ((c7 + c8 * z) + c9 * z2) * z2;
  const double tail = z * (low + z4 * high);
  return f - s * (f - tail);
}

}  // namespace detail

// e^x.
inline double exp(double x) {
  constexpr double inverse_ln2 = 0x1.71547652b82fep+0;
  // Beyond these it is 0 and infinity; within them 2^k below is made of two representable factors.
  const double within = detail::clamped(x);
  const double rounded = within * inverse_ln2 + detail::kRounder;
  const double k = rounded - detail::kRounder;
  const double r = (within - k * detail::kLn2High) - k * detail::kLn2Low;
  const double mantissa = 1 + detail::exp_minus_one(r);
  // k + 2048 as an unsigned integer; 2^k = 2^(k/2) 2^(k - k/2), so that the last product rounds subnormals
  // once.
  const std::uint64_t shifted =
      std::bit_cast<std::uint64_t>(rounded) - std::bit_cast<std::uint64_t>(detail::kRounder) + 2048;
  const std::uint64_t half = shifted >> 1;
  const double first = std::bit_cast<double>((half - 1) << 52);
  const double second = std::bit_cast<double>((shifted - half - 1) << 52);
  return mantissa * first * second;
}

// log(1 + e^x), the logistic loss: neither overflows nor loses what is small.
inline double log1p_exp(double x) {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t negative = detail::all_ones_if_negative(bits);
  const double positive_part = std::bit_cast<double>(bits & ~negative);
  const double magnitude = std::bit_cast<double>(bits & 0x7fffffffffffffff);
  const double u = exp(-magnitude);  // in [0, 1]
  // log(1 + u) = k ln 2 + log(1 + f), with 1 + f near 1 and f exact but for half a unit of u's last place; k
  // is 1 above sqrt(2) - 1. Choosing by a mask: a branch here would go either way at random.
  constexpr std::uint64_t root_two_minus_one = 0x3fda827999fcef32;
  const std::uint64_t upper =
      detail::all_ones_if_negative(root_two_minus_one - std::bit_cast<std::uint64_t>(u));
  const std::uint64_t halved = std::bit_cast<std::uint64_t>((u - 1) * 0.5);
  const double f = std::bit_cast<double>((halved & upper) | (std::bit_cast<std::uint64_t>(u) & ~upper));
  const double high = std::bit_cast<double>(std::bit_cast<std::uint64_t>(detail::kLn2High) & upper);
  const double low = std::bit_cast<double>(std::bit_cast<std::uint64_t>(detail::kLn2Low) & upper);
  return positive_part + (high + (detail::log_one_plus(f) + low));
}

double log(double x);
double log1p(double x);  // log(1 + x)
double tanh(double x);

inline float exp(float x) { return static_cast<float>(exp(static_cast<double>(x))); }
inline float log1p_exp(float x) { return static_cast<float>(log1p_exp(static_cast<double>(x))); }
inline float log(float x) { return static_cast<float>(log(static_cast<double>(x))); }
inline float log1p(float x) { return static_cast<float>(log1p(static_cast<double>(x))); }
inline float tanh(float x) { return static_cast<float>(tanh(static_cast<double>(x))); }

}  // namespace wisp::math
