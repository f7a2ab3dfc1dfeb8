#pragma once
// The loops of value_kernels.h in C++ that compilers make vectors of: their length is fixed, nothing
// overlaps, nothing branches. Arrays in between keep each of them to one kind of lanes.
//
// Each of the few sources that include this has a version of its own, in the instructions that it names
// before: so all versions have the same arithmetic, operations of IEEE 754 and integers, by construction.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sparse/half.h"
#include "sparse/value_kernels.h"

#ifndef WISP_VALUE_TARGET
#define WISP_VALUE_TARGET
#endif

namespace wisp::sparse {
namespace {

template <class E>
WISP_VALUE_TARGET inline E element(const void* elements, std::size_t i) {
  E found;
  std::memcpy(&found, static_cast<const std::byte*>(elements) + i * sizeof(E), sizeof(E));
  return found;
}

template <class E>
WISP_VALUE_TARGET inline void put(void* elements, std::size_t i, E each) {
  std::memcpy(static_cast<std::byte*>(elements) + i * sizeof(E), &each, sizeof(E));
}

// Compared as signed numbers, which magnitudes are too: more processors have that.
template <class T, class Signed>
WISP_VALUE_TARGET inline top_k::Magnitude<T> max_magnitude(const T* values) {
  Signed most = 0;
  for (std::size_t i = 0; i < kValueBlock; ++i) {
    const auto magnitude = static_cast<Signed>(top_k::magnitude(values[i]));
    most = magnitude > most ? magnitude : most;
  }
  return static_cast<top_k::Magnitude<T>>(most);
}

WISP_VALUE_TARGET inline double sum_of_magnitudes(const float* values) {
  double sums[16];
  for (std::size_t j = 0; j < 16; ++j) sums[j] = std::abs(static_cast<double>(values[j]));
  for (std::size_t i = 16; i < kValueBlock; i += 16) {
    for (std::size_t j = 0; j < 16; ++j) sums[j] += std::abs(static_cast<double>(values[i + j]));
  }
  for (std::size_t half = 8; half > 0; half /= 2) {
    for (std::size_t j = 0; j < half; ++j) sums[j] += sums[half + j];
  }
  return sums[0];
}

WISP_VALUE_TARGET inline void quantise(const float* __restrict values, float scale, std::uint64_t state,
                                       std::int8_t* __restrict levels) {
  alignas(64) std::uint64_t words[kValueBlockWords];
  for (std::size_t i = 0; i < kValueBlockWords; ++i) {
    std::uint64_t word = state + (i + 1) * kGoldenStep;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
    word = (word ^ word >> 27) * 0x94d049bb133111eb;
    words[i] = word ^ word >> 31;
  }
  for (std::size_t i = 0; i < kValueBlock; ++i) {
    const auto quotient = static_cast<std::int32_t>(values[i] / scale * 0x1p23F);
    levels[i] = static_cast<std::int8_t>(
        (quotient + static_cast<std::int32_t>(element<std::uint32_t>(words, i) >> 9)) >> 23);
  }
}

WISP_VALUE_TARGET inline void dequantise(const std::int8_t* __restrict levels, float scale,
                                         float* __restrict values) {
  for (std::size_t i = 0; i < kValueBlock; ++i) values[i] = static_cast<float>(levels[i]) * scale;
}

WISP_VALUE_TARGET inline bool none_below(const std::int8_t* levels, std::int8_t least) {
  std::int8_t found = 0;
  for (std::size_t i = 0; i < kValueBlock; ++i) found = levels[i] < found ? levels[i] : found;
  return found >= least;
}

WISP_VALUE_TARGET inline void pack_q8(const std::int8_t* __restrict levels, std::byte* __restrict codes) {
  for (std::size_t i = 0; i < kValueBlock; ++i) codes[i] = static_cast<std::byte>(levels[i]);
}

WISP_VALUE_TARGET inline bool unpack_q8(const std::byte* __restrict codes, std::int8_t* __restrict levels) {
  for (std::size_t i = 0; i < kValueBlock; ++i) levels[i] = static_cast<std::int8_t>(codes[i]);
  return none_below(levels, -127);
}

WISP_VALUE_TARGET inline void pack_q4(const std::int8_t* __restrict levels, std::byte* __restrict codes) {
  for (std::size_t i = 0; i < kValueBlock / 2; ++i) {
    const auto two = element<std::uint16_t>(levels, i);
    codes[i] = static_cast<std::byte>((two & 0x0f) | (two >> 4 & 0xf0));
  }
}

WISP_VALUE_TARGET inline bool unpack_q4(const std::byte* __restrict codes, std::int8_t* __restrict levels) {
  alignas(64) std::uint16_t twos[kValueBlock / 2];
  for (std::size_t i = 0; i < kValueBlock / 2; ++i) {
    const auto code = static_cast<std::uint16_t>(codes[i]);
    twos[i] = static_cast<std::uint16_t>((code | code << 4) & 0x0f0f);
  }
  for (std::size_t i = 0; i < kValueBlock; ++i) {
    levels[i] = static_cast<std::int8_t>((element<std::uint8_t>(twos, i) ^ 8) - 8);
  }
  return none_below(levels, -7);
}

WISP_VALUE_TARGET inline void pack_ternary(const std::int8_t* __restrict levels,
                                           std::byte* __restrict codes) {
  alignas(64) std::uint8_t crumbs[kValueBlock];
  for (std::size_t i = 0; i < kValueBlock; ++i) {
    crumbs[i] = static_cast<std::uint8_t>((levels[i] & 3) + (levels[i] >> 7));
  }
  for (std::size_t i = 0; i < kValueBlock / 4; ++i) {
    const auto four = element<std::uint32_t>(crumbs, i);
    codes[i] = static_cast<std::byte>(four | four >> 6 | four >> 12 | four >> 18);
  }
}

WISP_VALUE_TARGET inline bool unpack_ternary(const std::byte* __restrict codes,
                                             std::int8_t* __restrict levels) {
  std::uint8_t spare = 0;
  for (std::size_t i = 0; i < kValueBlock / 4; ++i) {
    const auto code = static_cast<std::uint8_t>(codes[i]);
    spare = static_cast<std::uint8_t>(spare | (code & code >> 1 & 0x55));
  }
  alignas(64) std::uint32_t fours[kValueBlock / 4];
  for (std::size_t i = 0; i < kValueBlock / 4; ++i) {
    const auto code = static_cast<std::uint32_t>(codes[i]);
    const std::uint32_t twos = (code | code << 12) & 0x000f000f;
    fours[i] = (twos | twos << 6) & 0x03030303;
  }
  for (std::size_t i = 0; i < kValueBlock; ++i) {
    const auto crumb = element<std::uint8_t>(fours, i);
    levels[i] = static_cast<std::int8_t>((crumb & 1) - (crumb >> 1));
  }
  return spare == 0;
}

WISP_VALUE_TARGET inline void pack_signs(const float* __restrict values, std::byte* __restrict codes) {
  alignas(64) std::uint8_t signs[kValueBlock];
  for (std::size_t i = 0; i < kValueBlock; ++i) {
    signs[i] = static_cast<std::uint8_t>(std::bit_cast<std::uint32_t>(values[i]) >> 31);
  }
  // The highest byte of the product is the sum of the bytes, byte j shifted by j.
  for (std::size_t i = 0; i < kValueBlock / 8; ++i) {
    codes[i] = static_cast<std::byte>(element<std::uint64_t>(signs, i) * 0x0102040810204080 >> 56);
  }
}

WISP_VALUE_TARGET inline void unpack_signs(const std::byte* __restrict codes, float scale,
                                           float* __restrict values) {
  alignas(64) std::uint64_t eights[kValueBlock / 8];
  for (std::size_t i = 0; i < kValueBlock / 8; ++i) {
    eights[i] = static_cast<std::uint64_t>(codes[i]) * 0x0101010101010101 & 0x8040201008040201;
  }
  for (std::size_t i = 0; i < kValueBlock; ++i) {
    const std::uint32_t sign = element<std::uint8_t>(eights, i) != 0 ? 0x80000000 : 0;
    values[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(scale) | sign);
  }
}

WISP_VALUE_TARGET inline void to_halves(const float* __restrict values, PowerOfTwo<float> by,
                                        std::byte* __restrict halves) {
  for (std::size_t i = 0; i < kValueBlock; ++i) put(halves, i, to_half(values[i] * by.first * by.second));
}

WISP_VALUE_TARGET inline std::uint16_t from_halves(const std::byte* __restrict halves, PowerOfTwo<float> by,
                                                   float* __restrict values) {
  for (std::size_t i = 0; i < kValueBlock; ++i) {
    values[i] = from_half(element<std::uint16_t>(halves, i)) * by.first * by.second;
  }
  std::int16_t most = 0;
  for (std::size_t i = 0; i < kValueBlock; ++i) {
    const auto magnitude = static_cast<std::int16_t>(element<std::uint16_t>(halves, i) & 0x7fff);
    const auto finite = static_cast<std::int16_t>(magnitude < 0x7c00 ? magnitude : 0);
    most = finite > most ? finite : most;
  }
  return static_cast<std::uint16_t>(most);
}

WISP_VALUE_TARGET inline void to_bfloat16s(const float* __restrict values, std::byte* __restrict halves) {
  for (std::size_t i = 0; i < kValueBlock; ++i) put(halves, i, to_bfloat16(values[i]));
}

WISP_VALUE_TARGET inline void from_bfloat16s(const std::byte* __restrict halves, float* __restrict values) {
  for (std::size_t i = 0; i < kValueBlock; ++i) values[i] = from_bfloat16(element<std::uint16_t>(halves, i));
}

WISP_VALUE_TARGET inline void narrow(const double* __restrict values, float* __restrict floats) {
  for (std::size_t i = 0; i < kValueBlock; ++i) floats[i] = static_cast<float>(values[i]);
}

WISP_VALUE_TARGET inline void narrow_to_odd(const double* __restrict values, PowerOfTwo<double> by,
                                            float* __restrict floats) {
  for (std::size_t i = 0; i < kValueBlock; ++i) floats[i] = to_odd_float(values[i] * by.first * by.second);
}

WISP_VALUE_TARGET inline void widen(const float* __restrict floats, PowerOfTwo<double> by,
                                    double* __restrict values) {
  for (std::size_t i = 0; i < kValueBlock; ++i) values[i] = floats[i] * by.first * by.second;
}

// All loops; for some processors there are other versions of these two.
constexpr ValueKernels value_loops(decltype(ValueKernels::to_halves) to,
                                   decltype(ValueKernels::from_halves) from) {
  return {
      .max_magnitude = max_magnitude<float, std::int32_t>,
      .max_magnitude_double = max_magnitude<double, std::int64_t>,
      .sum_of_magnitudes = sum_of_magnitudes,
      .quantise = quantise,
      .dequantise = dequantise,
      .q8 = {pack_q8, unpack_q8},
      .q4 = {pack_q4, unpack_q4},
      .ternary = {pack_ternary, unpack_ternary},
      .pack_signs = pack_signs,
      .unpack_signs = unpack_signs,
      .to_halves = to,
      .from_halves = from,
      .to_bfloat16s = to_bfloat16s,
      .from_bfloat16s = from_bfloat16s,
      .narrow = narrow,
      .narrow_to_odd = narrow_to_odd,
      .widen = widen,
  };
}

}  // namespace
}  // namespace wisp::sparse
