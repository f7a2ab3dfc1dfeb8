#include "sparse/top_k_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

#include "sparse/set_bits.h"

namespace wisp::sparse::top_k {

// Comparisons are signed, and that suits: magnitudes leave the highest bit free, and low - 1 is -1 for a low
// of 0. The places of set bits come from a table.

WISP_AVX2_INLINE void store_places(std::uint32_t* places, unsigned mask, std::uint32_t first) {
  const __m256i bits = _mm256_cvtepu8_epi32(_mm_loadu_si64(&kSetBits[mask]));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(places),
                      _mm256_add_epi32(bits, _mm256_set1_epi32(static_cast<int>(first))));
}

WISP_AVX2 std::size_t find_avx2(std::span<const float> values, std::uint32_t first, std::uint32_t low,
                                std::uint32_t* places) {
  const __m256i below = _mm256_set1_epi32(static_cast<int>(low - 1));
  const __m256i no_sign = _mm256_set1_epi32(0x7fffffff);
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + 8 <= values.size(); i += 8) {
    const float* const at = values.data() + i;
    const __m256i eight = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i wanted = _mm256_cmpgt_epi32(_mm256_and_si256(eight, no_sign), below);
    const auto mask = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(wanted)));
    store_places(places + count, mask, first + static_cast<std::uint32_t>(i));
    count += static_cast<std::size_t>(__builtin_popcount(mask));
  }
  return find_rest(values, i, first, low, places, count);
}

WISP_AVX2 std::size_t find_avx2(std::span<const double> values, std::uint32_t first, std::uint64_t low,
                                std::uint32_t* places) {
  const __m256i below = _mm256_set1_epi64x(static_cast<long long>(low - 1));
  const __m256i no_sign = _mm256_set1_epi64x(0x7fffffffffffffff);
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + 8 <= values.size(); i += 8) {
    const double* const at = values.data() + i;
    unsigned mask = 0;
    for (unsigned half = 0; half < 2; ++half) {
      const __m256i four = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 4 * half));
      const __m256i wanted = _mm256_cmpgt_epi64(_mm256_and_si256(four, no_sign), below);
      mask |= static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(wanted))) << (4 * half);
    }
    store_places(places + count, mask, first + static_cast<std::uint32_t>(i));
    count += static_cast<std::size_t>(__builtin_popcount(mask));
  }
  return find_rest(values, i, first, low, places, count);
}

}  // namespace wisp::sparse::top_k
#endif
