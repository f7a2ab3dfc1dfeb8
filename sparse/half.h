#pragma once
// The 16-bit floating-point formats in integers: what processors have instructions for, on any processor.
#include <bit>
#include <cmath>
#include <cstdint>

namespace wisp::sparse {

namespace half_detail {

// One of the two without a branch, and without the compiler's making one of it.
inline std::uint32_t choose(bool which, std::uint32_t one, std::uint32_t other) {
  return other ^ ((one ^ other) & (0 - std::uint32_t{which}));
}

}  // namespace half_detail

// The nearest half (binary16 of IEEE 754), ties to even. A NaN becomes quiet and keeps its sign and upper
// bits. A loop of it becomes one of vectors.
inline std::uint16_t to_half(float value) {
  using half_detail::choose;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t magnitude = bits & 0x7fffffff;
  // The carry of rounding goes into the exponent, and from the largest one to infinity.
  const std::uint32_t normal = (magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13;
  // Above 1/2 floats are 2^-24 apart, as halves are below 2^-14.
  const std::uint32_t subnormal =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - 0x3f000000;
  const std::uint32_t nan = 0x7e00 | (magnitude >> 13 & 0x1ff);
  const std::uint32_t finite = choose(magnitude < 0x38800000, subnormal, normal);
  const std::uint32_t half = choose(magnitude >= 0x47800000, 0x7c00, finite);
  return static_cast<std::uint16_t>((bits >> 16 & 0x8000) | choose(magnitude > 0x7f800000, nan, half));
}

// Exact. A NaN becomes quiet.
inline float from_half(std::uint16_t half) {
  using half_detail::choose;
  const std::uint32_t magnitude = half & 0x7fffU;
  const std::uint32_t normal = (magnitude << 13) + 0x38000000;
  const auto subnormal =
      std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::int32_t>(magnitude)) * 0x1p-24F);
  const std::uint32_t special = (magnitude << 13) | 0x7f800000 | choose(magnitude > 0x7c00, 0x400000, 0);
  const std::uint32_t finite = choose(magnitude < 0x400, subnormal, normal);
  return std::bit_cast<float>(choose(magnitude >= 0x7c00, special, finite) | (half & 0x8000U) << 16);
}

// The nearest bfloat16, the upper half of a float, ties to even. A NaN as above.
inline std::uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t nearest = bits + 0x7fff + (bits >> 16 & 1);
  const std::uint32_t quiet = bits | 0x400000;
  return static_cast<std::uint16_t>(((bits & 0x7fffffff) > 0x7f800000 ? quiet : nearest) >> 16);
}

inline float from_bfloat16(std::uint16_t upper) { return std::bit_cast<float>(std::uint32_t{upper} << 16); }

// The next float towards zero, with its last bit set unless it is the same: then it can be rounded to a
// shorter format as if it were the double itself.
inline float to_odd_float(double value) {
  const auto nearest = static_cast<float>(value);
  const auto back = static_cast<double>(nearest);
  const std::uint32_t away = std::abs(back) > std::abs(value) ? 1 : 0;
  const std::uint32_t inexact = back != value ? 1 : 0;
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(nearest) - away) | inexact);
}

}  // namespace wisp::sparse
