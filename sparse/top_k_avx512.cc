#include "sparse/top_k_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

namespace wisp::sparse::top_k {

// Compressed in the register and stored whole: compressing into memory is microcode on some processors.
// Nothing is prefetched: the processor does it better for a vector that is read from end to end.

WISP_AVX512 std::size_t find_avx512(std::span<const float> values, std::uint32_t first, std::uint32_t low,
                                    std::uint32_t* places) {
  const __m512i lows = _mm512_set1_epi32(static_cast<int>(low));
  const __m512i no_sign = _mm512_set1_epi32(0x7fffffff);
  __m512i indices = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(first)),
                                     _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + 16 <= values.size(); i += 16) {
    const float* const at = values.data() + i;
    const __m512i magnitudes = _mm512_and_si512(_mm512_loadu_si512(at), no_sign);
    const __mmask16 mask = _mm512_cmpge_epu32_mask(magnitudes, lows);
    _mm512_storeu_si512(places + count, _mm512_maskz_compress_epi32(mask, indices));
    count += static_cast<std::size_t>(__builtin_popcount(mask));
    indices = _mm512_add_epi32(indices, _mm512_set1_epi32(16));
  }
  return find_rest(values, i, first, low, places, count);
}

WISP_AVX512 std::size_t find_avx512(std::span<const double> values, std::uint32_t first, std::uint64_t low,
                                    std::uint32_t* places) {
  const __m512i lows = _mm512_set1_epi64(static_cast<long long>(low));
  const __m512i no_sign = _mm512_set1_epi64(0x7fffffffffffffff);
  __m256i indices =
      _mm256_add_epi32(_mm256_set1_epi32(static_cast<int>(first)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + 8 <= values.size(); i += 8) {
    const double* const at = values.data() + i;
    const __m512i magnitudes = _mm512_and_si512(_mm512_loadu_si512(at), no_sign);
    const __mmask8 mask = _mm512_cmpge_epu64_mask(magnitudes, lows);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(places + count),
                        _mm256_maskz_compress_epi32(mask, indices));
    count += static_cast<std::size_t>(__builtin_popcount(mask));
    indices = _mm256_add_epi32(indices, _mm256_set1_epi32(8));
  }
  return find_rest(values, i, first, low, places, count);
}

// What is stored lies where it was loaded from, or before: a whole register overwrites nothing that is still
// to be read.

WISP_AVX512 std::size_t keep_avx512(std::uint32_t* indices, float* values, std::size_t begin, std::size_t end,
                                    std::size_t to, std::uint32_t low) {
  const __m512i lows = _mm512_set1_epi32(static_cast<int>(low));
  const __m512i no_sign = _mm512_set1_epi32(0x7fffffff);
  for (; begin + 16 <= end; begin += 16) {
    const __m512i lanes = _mm512_loadu_si512(values + begin);
    const __m512i numbers = _mm512_loadu_si512(indices + begin);
    const __mmask16 mask = _mm512_cmpge_epu32_mask(_mm512_and_si512(lanes, no_sign), lows);
    _mm512_storeu_si512(values + to, _mm512_maskz_compress_epi32(mask, lanes));
    _mm512_storeu_si512(indices + to, _mm512_maskz_compress_epi32(mask, numbers));
    to += static_cast<std::size_t>(__builtin_popcount(mask));
  }
  return keep_portable(indices, values, begin, end, to, low);
}

WISP_AVX512 std::size_t keep_avx512(std::uint32_t* indices, double* values, std::size_t begin,
                                    std::size_t end, std::size_t to, std::uint64_t low) {
  const __m512i lows = _mm512_set1_epi64(static_cast<long long>(low));
  const __m512i no_sign = _mm512_set1_epi64(0x7fffffffffffffff);
  for (; begin + 8 <= end; begin += 8) {
    const __m512i lanes = _mm512_loadu_si512(values + begin);
    const __m256i numbers = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(indices + begin));
    const __mmask8 mask = _mm512_cmpge_epu64_mask(_mm512_and_si512(lanes, no_sign), lows);
    _mm512_storeu_si512(values + to, _mm512_maskz_compress_epi64(mask, lanes));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(indices + to), _mm256_maskz_compress_epi32(mask, numbers));
    to += static_cast<std::size_t>(__builtin_popcount(mask));
  }
  return keep_portable(indices, values, begin, end, to, low);
}

}  // namespace wisp::sparse::top_k
#endif
