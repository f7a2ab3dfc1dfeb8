#include "sparse/value_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

#define WISP_VALUE_TARGET WISP_AVX2
#include "sparse/value_loops.h"

namespace wisp::sparse {
namespace {

WISP_AVX2 void convert_to_halves(const float* values, PowerOfTwo<float> by, std::byte* halves) {
  const __m256 first = _mm256_set1_ps(by.first);
  const __m256 second = _mm256_set1_ps(by.second);
  for (std::size_t i = 0; i < kValueBlock; i += 8) {
    const __m256 scaled = _mm256_mul_ps(_mm256_mul_ps(_mm256_loadu_ps(values + i), first), second);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(halves + 2 * i),
                     _mm256_cvtps_ph(scaled, _MM_FROUND_TO_NEAREST_INT));
  }
}

WISP_AVX2 std::uint16_t convert_from_halves(const std::byte* halves, PowerOfTwo<float> by, float* values) {
  const __m256 first = _mm256_set1_ps(by.first);
  const __m256 second = _mm256_set1_ps(by.second);
  __m128i most = _mm_setzero_si128();
  for (std::size_t i = 0; i < kValueBlock; i += 8) {
    const __m128i given = _mm_loadu_si128(reinterpret_cast<const __m128i*>(halves + 2 * i));
    const __m256 scaled = _mm256_mul_ps(_mm256_mul_ps(_mm256_cvtph_ps(given), first), second);
    _mm256_storeu_ps(values + i, scaled);
    const __m128i magnitude = _mm_and_si128(given, _mm_set1_epi16(0x7fff));
    const __m128i finite = _mm_cmplt_epi16(magnitude, _mm_set1_epi16(0x7c00));
    most = _mm_max_epi16(most, _mm_and_si128(magnitude, finite));
  }
  // The minimum of what is missing is the one that there is an instruction for.
  const __m128i missing = _mm_minpos_epu16(_mm_sub_epi16(_mm_set1_epi16(0x7fff), most));
  return static_cast<std::uint16_t>(0x7fff - _mm_extract_epi16(missing, 0));
}

}  // namespace

const ValueKernels kValueAvx2 = value_loops(convert_to_halves, convert_from_halves);

}  // namespace wisp::sparse
#endif
