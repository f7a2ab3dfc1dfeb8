#include "sparse/half.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

// A format of 16 bits by its definition: an exponent of `exponent_bits`, the rest fraction.
struct Format {
  int exponent_bits;

  int fraction_bits() const { return 15 - exponent_bits; }
  // What a pattern of 15 bits means: infinite for the first that isn't finite, as if exponents went on.
  double magnitude(int pattern) const {
    const int field = pattern >> fraction_bits();
    const int fraction = pattern & ((1 << fraction_bits()) - 1);
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const int significand = field == 0 ? fraction : fraction + (1 << fraction_bits());
    return std::ldexp(significand, std::max(field, 1) - bias - fraction_bits());
  }
  int infinity() const { return ((1 << exponent_bits) - 1) << fraction_bits(); }
  // The nearest, ties to the even pattern; not for NaN.
  int nearest(double value) const {
    const double wanted = std::abs(value);
    int low = 0;
    int high = infinity();
    while (high - low > 1) {  // magnitude(low) <= wanted
      const int middle = (low + high) / 2;
      (magnitude(middle) <= wanted ? low : high) = middle;
    }
    const double up = magnitude(high) - wanted;
    const double down = wanted - magnitude(low);
    const int chosen = up < down || (up == down && high % 2 == 0) ? high : low;
    return (std::signbit(value) ? 0x8000 : 0) | chosen;
  }
};

constexpr Format kHalf{5};
constexpr Format kBfloat16{8};

std::uint32_t bits_of(float value) { return std::bit_cast<std::uint32_t>(value); }
float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

TEST(Half, means_what_the_format_says) {
  for (int pattern = 0; pattern < 0x10000; ++pattern) {
    const float found = from_half(static_cast<std::uint16_t>(pattern));
    ASSERT_EQ(std::signbit(found), pattern >= 0x8000) << pattern;
    const int magnitude = pattern & 0x7fff;
    if (magnitude < kHalf.infinity()) {
      ASSERT_EQ(std::abs(found), kHalf.magnitude(magnitude)) << pattern;
    } else if (magnitude == kHalf.infinity()) {
      ASSERT_EQ(std::abs(found), std::numeric_limits<float>::infinity());
    } else {
      ASSERT_EQ(bits_of(found) & 0x7fffffff, 0x7fc00000U | static_cast<std::uint32_t>(magnitude & 0x3ff)
                                                               << 13);
    }
  }
}

TEST(Half, comes_back_from_a_float) {
  for (int pattern = 0; pattern < 0x10000; ++pattern) {
    const int quiet = (pattern & 0x7fff) > kHalf.infinity() ? 0x200 : 0;
    ASSERT_EQ(to_half(from_half(static_cast<std::uint16_t>(pattern))), pattern | quiet);
  }
}

TEST(Bfloat16, is_the_upper_half_of_a_float) {
  for (std::uint32_t pattern = 0; pattern < 0x10000; ++pattern) {
    const float value = from_bfloat16(static_cast<std::uint16_t>(pattern));
    ASSERT_EQ(bits_of(value), pattern << 16);
    const std::uint32_t quiet = std::isnan(value) ? 0x40 : 0;
    ASSERT_EQ(to_bfloat16(value), pattern | quiet);
  }
}

// Each pattern, what lies halfway to the next one, and the neighbours of both; and any floats.
std::vector<float> telling_values(const Format& format) {
  std::vector<float> values;
  for (int pattern = 0; pattern < format.infinity(); ++pattern) {
    const double here = format.magnitude(pattern);
    const auto tie = static_cast<float>((here + format.magnitude(pattern + 1)) / 2);
    for (const float value : {static_cast<float>(here), tie}) {
      values.push_back(value);
      values.push_back(std::nextafter(value, 0.0F));
      values.push_back(std::nextafter(value, std::numeric_limits<float>::infinity()));
    }
  }
  Rng rng(test::seed(), 0, 0, Purpose::kInit);
  for (int i = 0; i < 100'000; ++i) values.push_back(float_of(rng.next32()));
  return values;
}

TEST(Half, is_the_nearest_with_ties_to_even) {
  for (const float value : telling_values(kHalf)) {
    if (std::isnan(value)) continue;
    ASSERT_EQ(to_half(value), kHalf.nearest(value)) << value;
    ASSERT_EQ(to_half(-value), kHalf.nearest(-value)) << value;
  }
}

TEST(Bfloat16, is_the_nearest_with_ties_to_even) {
  for (const float value : telling_values(kBfloat16)) {
    if (std::isnan(value)) continue;
    ASSERT_EQ(to_bfloat16(value), kBfloat16.nearest(value)) << value;
    ASSERT_EQ(to_bfloat16(-value), kBfloat16.nearest(-value)) << value;
  }
}

TEST(Half, keeps_the_upper_bits_of_a_nan_and_makes_it_quiet) {
  for (const std::uint32_t bits : {0x7f800001U, 0x7fc00000U, 0xffc00001U, 0x7fa5a5a5U, 0xffffffffU}) {
    const std::uint32_t sign = bits >> 16 & 0x8000;
    EXPECT_EQ(to_half(float_of(bits)), sign | 0x7e00 | (bits >> 13 & 0x3ff));
    EXPECT_EQ(to_bfloat16(float_of(bits)), bits >> 16 | 0x40);
  }
}

// A double, through the float that is odd unless it is exact, is rounded once.
TEST(ToOddFloat, rounds_on_like_the_double) {
  for (const Format& format : {kHalf, kBfloat16}) {
    const auto short_of = [&](double value) {
      const float odd = to_odd_float(value);
      return format.exponent_bits == 5 ? to_half(odd) : to_bfloat16(odd);
    };
    const std::vector<float> values = telling_values(format);
    for (std::size_t i = 0; i < values.size(); i += 7) {  // each kind of them by turns
      const float each = values[i];
      if (!std::isfinite(each)) continue;
      const double value = each;
      ASSERT_EQ(to_odd_float(value), each);
      for (const double near : {value, std::nextafter(value, 0.0), std::nextafter(value, 1e300)}) {
        ASSERT_EQ(short_of(near), format.nearest(near)) << near;
        ASSERT_EQ(short_of(-near), format.nearest(-near)) << near;
      }
    }
    EXPECT_EQ(short_of(1e300), format.infinity());
    EXPECT_EQ(short_of(-1e-300), 0x8000);
    EXPECT_EQ(short_of(std::numeric_limits<double>::infinity()), format.infinity());
  }
  for (const double nan :
       {std::numeric_limits<double>::quiet_NaN(), std::bit_cast<double>(0xfff0000000000001),
        std::bit_cast<double>(0x7ff4000000000000)}) {
    EXPECT_TRUE(std::isnan(to_odd_float(nan)));
    EXPECT_EQ(std::signbit(to_odd_float(nan)), std::signbit(nan));
    EXPECT_EQ(bits_of(to_odd_float(nan)) >> 22 & 1, 1U);
  }
}

}  // namespace
}  // namespace wisp::sparse
