#include "sparse/top_k_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

#include "sparse/set_bits.h"

namespace wisp::sparse::top_k {
namespace {

// Comparisons are signed, and that suits: magnitudes leave the highest bit free, and low - 1 is -1 for a low
// of 0. What AVX-512 compresses is permuted by a table of set bits. Eight values are looked at together,
// whatever their size.
constexpr std::size_t kCount = 8;

// A bit for each of eight values, where its magnitude is > below.
WISP_AVX2_INLINE unsigned larger(__m256 values, std::uint32_t below) {
  const __m256i magnitudes = _mm256_and_si256(_mm256_castps_si256(values), _mm256_set1_epi32(0x7fffffff));
  const __m256i wanted = _mm256_cmpgt_epi32(magnitudes, _mm256_set1_epi32(static_cast<int>(below)));
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(wanted)));
}

WISP_AVX2_INLINE unsigned larger(__m256d values, std::uint64_t below) {
  const __m256i no_sign = _mm256_set1_epi64x(0x7fffffffffffffff);
  const __m256i magnitudes = _mm256_and_si256(_mm256_castpd_si256(values), no_sign);
  const __m256i wanted = _mm256_cmpgt_epi64(magnitudes, _mm256_set1_epi64x(static_cast<long long>(below)));
  return static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(wanted)));
}

WISP_AVX2_INLINE unsigned larger(const float* values, std::uint32_t below) {
  return larger(_mm256_loadu_ps(values), below);
}

WISP_AVX2_INLINE unsigned larger(const double* values, std::uint64_t below) {
  return larger(_mm256_loadu_pd(values), below) | larger(_mm256_loadu_pd(values + 4), below) << 4;
}

WISP_AVX2_INLINE __m256 sum(const float* kept, float scale, const float* gradient) {
  const __m256 product = _mm256_mul_ps(_mm256_set1_ps(scale), _mm256_loadu_ps(gradient));
  const __m256 sum = _mm256_add_ps(_mm256_loadu_ps(kept), product);
  return _mm256_blendv_ps(sum, _mm256_set1_ps(std::numeric_limits<float>::quiet_NaN()),
                          _mm256_cmp_ps(sum, sum, _CMP_UNORD_Q));
}

WISP_AVX2_INLINE __m256d sum(const double* kept, double scale, const double* gradient) {
  const __m256d product = _mm256_mul_pd(_mm256_set1_pd(scale), _mm256_loadu_pd(gradient));
  const __m256d sum = _mm256_add_pd(_mm256_loadu_pd(kept), product);
  return _mm256_blendv_pd(sum, _mm256_set1_pd(std::numeric_limits<double>::quiet_NaN()),
                          _mm256_cmp_pd(sum, sum, _CMP_UNORD_Q));
}

// Four sums in the place of what was kept; the bits of those that are larger.
WISP_AVX2_INLINE unsigned add_larger(double* kept, double scale, const double* gradient,
                                     std::uint64_t below) {
  const __m256d four = sum(kept, scale, gradient);
  _mm256_storeu_pd(kept, four);
  return larger(four, below);
}

WISP_AVX2_INLINE __m256i set_bits(unsigned mask) {
  return _mm256_cvtepu8_epi32(_mm_loadu_si64(&kSetBits[mask]));
}

WISP_AVX2_INLINE void store_places(std::uint32_t* places, unsigned mask, std::size_t first) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(places),
                      _mm256_add_epi32(set_bits(mask), _mm256_set1_epi32(static_cast<int>(first))));
}

template <class T>
WISP_AVX2 std::size_t find_rare(std::span<const T> values, std::uint32_t first, Magnitude<T> low,
                                std::uint32_t* places) {
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + 4 * kCount <= values.size(); i += 4 * kCount) {
    const T* const at = values.data() + i;
    std::uint32_t mask = 0;
    for (unsigned j = 0; j < 4; ++j) mask |= larger(at + j * kCount, low - 1) << (j * kCount);
    for (; mask != 0; mask &= mask - 1) {
      places[count++] =
          first + static_cast<std::uint32_t>(i) + static_cast<std::uint32_t>(std::countr_zero(mask));
    }
  }
  return find_rest(values, i, first, low, places, count);
}

template <class T>
WISP_AVX2 std::size_t find_avx2(std::span<const T> values, std::uint32_t first, Magnitude<T> low,
                                std::uint32_t* places, std::size_t expected) {
  if (rare(expected, values.size())) return find_rare(values, first, low, places);
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + kCount <= values.size(); i += kCount) {
    const unsigned mask = larger(values.data() + i, low - 1);
    store_places(places + count, mask, first + i);
    count += static_cast<std::size_t>(__builtin_popcount(mask));
  }
  return find_rest(values, i, first, low, places, count);
}

WISP_AVX2 std::size_t take_sum_avx2(std::span<float> kept, const float* gradient, float scale,
                                    std::uint32_t first, std::uint32_t low, std::uint32_t middle,
                                    std::uint32_t* places, float* chosen) {
  const __m256i no_sign = _mm256_set1_epi32(0x7fffffff);
  const __m256i below_low = _mm256_set1_epi32(static_cast<int>(low - 1));
  const __m256i below_middle = _mm256_set1_epi32(static_cast<int>(middle - 1));
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + kCount <= kept.size(); i += kCount) {
    const __m256 eight = sum(kept.data() + i, scale, gradient + i);
    const __m256i magnitudes = _mm256_and_si256(_mm256_castps_si256(eight), no_sign);
    const __m256 out = _mm256_castsi256_ps(_mm256_cmpgt_epi32(magnitudes, below_middle));
    const __m256 found = _mm256_castsi256_ps(_mm256_cmpgt_epi32(magnitudes, below_low));
    _mm256_storeu_ps(kept.data() + i, _mm256_blendv_ps(eight, _mm256_sub_ps(eight, eight), out));
    const auto mask = static_cast<unsigned>(_mm256_movemask_ps(found));
    store_places(places + count, mask, first + i);
    _mm256_storeu_ps(chosen + count, _mm256_permutevar8x32_ps(eight, set_bits(mask)));
    count += static_cast<std::size_t>(__builtin_popcount(mask));
  }
  return take_sum_rest(kept, gradient, scale, i, first, low, middle, places, chosen, count);
}

// Doubles would have to be permuted by halves: they are fetched one at a time.
WISP_AVX2 std::size_t take_sum_avx2(std::span<double> kept, const double* gradient, double scale,
                                    std::uint32_t first, std::uint64_t low, std::uint64_t middle,
                                    std::uint32_t* places, double* chosen) {
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + kCount <= kept.size(); i += kCount) {
    const unsigned mask = add_larger(kept.data() + i, scale, gradient + i, low - 1) |
                          add_larger(kept.data() + i + 4, scale, gradient + i + 4, low - 1) << 4;
    store_places(places + count, mask, first + i);
    count += static_cast<std::size_t>(__builtin_popcount(mask));
  }
  take_found(kept, first, middle, places, chosen, 0, count);
  return take_sum_rest(kept, gradient, scale, i, first, low, middle, places, chosen, count);
}

template <class T>
WISP_AVX2 std::size_t find_up_to_avx2(std::span<const T> values, std::uint32_t first, Magnitude<T> top,
                                      std::uint32_t* places) {
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + kCount <= values.size(); i += kCount) {
    const unsigned mask = larger(values.data() + i, top) ^ 0xff;
    store_places(places + count, mask, first + i);
    count += static_cast<std::size_t>(__builtin_popcount(mask));
  }
  return find_up_to_rest(values, i, first, top, places, count);
}

// What is stored lies where it was loaded from, or before: a whole register overwrites nothing that is still
// to be read.
WISP_AVX2 std::size_t keep_avx2(std::uint32_t* indices, float* values, std::size_t begin, std::size_t end,
                                std::size_t to, std::uint32_t low) {
  for (; begin + kCount <= end; begin += kCount) {
    const __m256 eight = _mm256_loadu_ps(values + begin);
    const __m256i numbers = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(indices + begin));
    const unsigned mask = larger(eight, low - 1);
    const __m256i order = set_bits(mask);
    _mm256_storeu_ps(values + to, _mm256_permutevar8x32_ps(eight, order));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(indices + to),
                        _mm256_permutevar8x32_epi32(numbers, order));
    to += static_cast<std::size_t>(__builtin_popcount(mask));
  }
  return keep_portable(indices, values, begin, end, to, low);
}

}  // namespace

Kernels<float> kernels_avx2(float /*of*/) {
  return {find_avx2<float>, take_sum_avx2, find_up_to_avx2<float>, keep_avx2};
}

// Doubles would have to be permuted by halves: no gain over one at a time.
Kernels<double> kernels_avx2(double /*of*/) {
  return {find_avx2<double>, take_sum_avx2, find_up_to_avx2<double>, keep_portable<double>};
}

}  // namespace wisp::sparse::top_k
#endif
