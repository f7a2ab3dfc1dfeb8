#pragma once
// The least that a kernel over a vector can take, with the best instructions there are: a pass that reads it,
// and one that adds another to it.

#include <cstddef>
#include <cstdint>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/cpu.h"

namespace wisp::bench {

inline std::uint64_t read_portable(const float* values, std::size_t size) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i + 2 <= size; i += 2) {
    std::uint64_t two = 0;
    __builtin_memcpy(&two, values + i, sizeof(two));
    sum += two;
  }
  return sum;
}

#ifdef __x86_64__
WISP_AVX2 inline std::uint64_t read_avx2(const float* values, std::size_t size) {
  __m256i sums[4] = {};
  for (std::size_t i = 0; i + 32 <= size; i += 32) {
    for (std::size_t j = 0; j < 4; ++j) {
      const auto* at = reinterpret_cast<const __m256i*>(values + i + 8 * j);
      sums[j] = _mm256_add_epi32(sums[j], _mm256_loadu_si256(at));
    }
  }
  const __m256i sum =
      _mm256_add_epi32(_mm256_add_epi32(sums[0], sums[1]), _mm256_add_epi32(sums[2], sums[3]));
  std::uint64_t parts[4];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(parts), sum);
  return parts[0] ^ parts[1] ^ parts[2] ^ parts[3];
}

WISP_AVX512 inline std::uint64_t read_avx512(const float* values, std::size_t size) {
  __m512i sums[4] = {};
  for (std::size_t i = 0; i + 64 <= size; i += 64) {
    for (std::size_t j = 0; j < 4; ++j) {
      sums[j] = _mm512_add_epi32(sums[j], _mm512_loadu_si512(values + i + 16 * j));
    }
  }
  const __m512i sum =
      _mm512_add_epi32(_mm512_add_epi32(sums[0], sums[1]), _mm512_add_epi32(sums[2], sums[3]));
  std::uint64_t parts[8];
  _mm512_storeu_si512(parts, sum);
  return parts[0] ^ parts[1] ^ parts[2] ^ parts[3] ^ parts[4] ^ parts[5] ^ parts[6] ^ parts[7];
}
#endif

/// Reads all of it; the value depends on all of it.
inline std::uint64_t read_pass(const float* values, std::size_t size) {
#ifdef __x86_64__
  if (best_instructions() == Instructions::kAvx512) return read_avx512(values, size);
  if (best_instructions() == Instructions::kAvx2) return read_avx2(values, size);
#endif
  return read_portable(values, size);
}

inline void add_portable(float* sum, const float* values, std::size_t size) {
  for (std::size_t i = 0; i + 16 <= size; i += 16) {
    for (std::size_t j = i; j < i + 16; ++j) sum[j] += values[j];
  }
}

#ifdef __x86_64__
WISP_AVX2 inline void add_avx2(float* sum, const float* values, std::size_t size) {
  for (std::size_t i = 0; i + 8 <= size; i += 8) {
    _mm256_storeu_ps(sum + i, _mm256_add_ps(_mm256_loadu_ps(sum + i), _mm256_loadu_ps(values + i)));
  }
}

WISP_AVX512 inline void add_avx512(float* sum, const float* values, std::size_t size) {
  for (std::size_t i = 0; i + 16 <= size; i += 16) {
    _mm512_storeu_ps(sum + i, _mm512_add_ps(_mm512_loadu_ps(sum + i), _mm512_loadu_ps(values + i)));
  }
}
#endif

/// sum += values, but for a tail shorter than a register.
inline void add_pass(float* sum, const float* values, std::size_t size) {
#ifdef __x86_64__
  if (best_instructions() == Instructions::kAvx512) return add_avx512(sum, values, size);
  if (best_instructions() == Instructions::kAvx2) return add_avx2(sum, values, size);
#endif
  add_portable(sum, values, size);
}

}  // namespace wisp::bench
