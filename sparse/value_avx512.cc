#include "sparse/value_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

#define WISP_VALUE_TARGET WISP_AVX512
#include "sparse/value_loops.h"

namespace wisp::sparse {
namespace {

WISP_AVX512 void convert_to_halves(const float* values, PowerOfTwo<float> by, std::byte* halves) {
  const __m512 first = _mm512_set1_ps(by.first);
  const __m512 second = _mm512_set1_ps(by.second);
  for (std::size_t i = 0; i < kValueBlock; i += 16) {
    const __m512 scaled = _mm512_mul_ps(_mm512_mul_ps(_mm512_loadu_ps(values + i), first), second);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(halves + 2 * i),
                        _mm512_cvtps_ph(scaled, _MM_FROUND_TO_NEAREST_INT));
  }
}

WISP_AVX512 std::uint16_t convert_from_halves(const std::byte* halves, PowerOfTwo<float> by, float* values) {
  const __m512 first = _mm512_set1_ps(by.first);
  const __m512 second = _mm512_set1_ps(by.second);
  __m256i most = _mm256_setzero_si256();
  for (std::size_t i = 0; i < kValueBlock; i += 16) {
    const __m256i given = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(halves + 2 * i));
    _mm512_storeu_ps(values + i, _mm512_mul_ps(_mm512_mul_ps(_mm512_cvtph_ps(given), first), second));
    const __m256i magnitude = _mm256_and_si256(given, _mm256_set1_epi16(0x7fff));
    const __mmask16 finite = _mm256_cmplt_epi16_mask(magnitude, _mm256_set1_epi16(0x7c00));
    most = _mm256_mask_max_epi16(most, finite, most, magnitude);
  }
  const __m128i larger = _mm_max_epi16(_mm256_castsi256_si128(most), _mm256_extracti128_si256(most, 1));
  // The minimum of what is missing is the one that there is an instruction for.
  const __m128i missing = _mm_minpos_epu16(_mm_sub_epi16(_mm_set1_epi16(0x7fff), larger));
  return static_cast<std::uint16_t>(0x7fff - _mm_extract_epi16(missing, 0));
}

}  // namespace

const ValueKernels kValueAvx512 = value_loops(convert_to_halves, convert_from_halves);

}  // namespace wisp::sparse
#endif
