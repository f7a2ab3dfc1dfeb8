#pragma once
// The inner loops of value_codec.h, one version for each kind of instructions.
#include <cstddef>
#include <cstdint>

#include "base/cpu.h"
#include "sparse/top_k_kernels.h"

namespace wisp::sparse {

// Every loop is over so many values: a whole block.
constexpr std::size_t kValueBlock = 256;

// The words of chance that a block takes, each for two values, and how far they are apart.
constexpr std::size_t kValueBlockWords = kValueBlock / 2;
constexpr std::uint64_t kGoldenStep = 0x9e3779b97f4a7c15;

// A power of two that T need not have, as a product: multiplying by one after the other rounds once at most.
template <class T>
struct PowerOfTwo {
  T first = 1;
  T second = 1;
};

struct LevelKernels {
  // Codes of value_codec.h, from levels that there are.
  void (*pack)(const std::int8_t* levels, std::byte* codes);
  // False if one of them is the code of no level; the levels are then unspecified.
  bool (*unpack)(const std::byte* codes, std::int8_t* levels);
};

// Bytes need no alignment. Nothing overlaps.
struct ValueKernels {
  // The largest bits without the sign: NaN > infinity > finite.
  top_k::Magnitude<float> (*max_magnitude)(const float* values);
  top_k::Magnitude<double> (*max_magnitude_double)(const double* values);
  // In sixteen sums side by side, sum j of the values j, 16 + j, ...; then the upper half of the sums is
  // added to the lower, until it is one.
  double (*sum_of_magnitudes)(const float* values);

  // Levels by chance. No quotient of a value and the scale is above 127. The first word of chance is that
  // after `state`.
  void (*quantise)(const float* values, float scale, std::uint64_t state, std::int8_t* levels);
  void (*dequantise)(const std::int8_t* levels, float scale, float* values);
  LevelKernels q8;
  LevelKernels q4;
  LevelKernels ternary;
  void (*pack_signs)(const float* values, std::byte* codes);
  void (*unpack_signs)(const std::byte* codes, float scale, float* values);

  // Of the products.
  void (*to_halves)(const float* values, PowerOfTwo<float> by, std::byte* halves);
  // Products of the halves. The largest magnitude of those that are finite, as a half.
  std::uint16_t (*from_halves)(const std::byte* halves, PowerOfTwo<float> by, float* values);
  void (*to_bfloat16s)(const float* values, std::byte* halves);
  void (*from_bfloat16s)(const std::byte* halves, float* values);

  void (*narrow)(const double* values, float* floats);
  // Of the products, as to_odd_float().
  void (*narrow_to_odd)(const double* values, PowerOfTwo<double> by, float* floats);
  // Products of the floats.
  void (*widen)(const float* floats, PowerOfTwo<double> by, double* values);
};

// The instructions are available.
const ValueKernels& value_kernels(Instructions instructions);

#ifdef __x86_64__
extern const ValueKernels kValueAvx2;
extern const ValueKernels kValueAvx512;
#endif

}  // namespace wisp::sparse
