#include "sparse/top_k_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

namespace wisp::sparse::top_k {
namespace {

// Compressed in the register and stored whole: compressing into memory is microcode on some processors.
// Nothing is prefetched: the processor does it better for a vector that is read from end to end.

// A register of values, and of as many indices.
template <class T>
struct Lanes;

template <>
struct Lanes<float> {
  using Values = __m512;
  using Mask = __mmask16;
  static constexpr std::size_t kCount = 16;

  WISP_AVX512_INLINE static Values load(const float* from) { return _mm512_loadu_ps(from); }
  WISP_AVX512_INLINE static void store(float* to, Values values) { _mm512_storeu_ps(to, values); }
  WISP_AVX512_INLINE static __m512i magnitudes(Values values) {
    return _mm512_and_si512(_mm512_castps_si512(values), _mm512_set1_epi32(0x7fffffff));
  }
  WISP_AVX512_INLINE static Mask at_least(Values values, std::uint32_t low) {
    return _mm512_cmpge_epu32_mask(magnitudes(values), _mm512_set1_epi32(static_cast<int>(low)));
  }
  WISP_AVX512_INLINE static Mask up_to(Values values, std::uint32_t top) {
    return _mm512_cmple_epu32_mask(magnitudes(values), _mm512_set1_epi32(static_cast<int>(top)));
  }
  WISP_AVX512_INLINE static Values sum(Values kept, Values scale, Values gradient) {
    const Values sum = _mm512_add_ps(kept, _mm512_mul_ps(scale, gradient));
    return _mm512_mask_mov_ps(sum, _mm512_cmp_ps_mask(sum, sum, _CMP_UNORD_Q),
                              _mm512_set1_ps(std::numeric_limits<float>::quiet_NaN()));
  }
  WISP_AVX512_INLINE static Values taken(Values values, Mask out) {
    return _mm512_mask_sub_ps(values, out, values, values);
  }
  WISP_AVX512_INLINE static Values all(float value) { return _mm512_set1_ps(value); }
  WISP_AVX512_INLINE static void compress(float* to, Mask mask, Values values) {
    _mm512_storeu_ps(to, _mm512_maskz_compress_ps(mask, values));
  }
  using Indices = __m512i;
  WISP_AVX512_INLINE static Indices numbers_from(std::uint32_t first) {
    return _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(first)),
                            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  }
  WISP_AVX512_INLINE static Indices next(Indices indices) {
    return _mm512_add_epi32(indices, _mm512_set1_epi32(16));
  }
  WISP_AVX512_INLINE static Indices load(const std::uint32_t* from) { return _mm512_loadu_si512(from); }
  WISP_AVX512_INLINE static void compress(std::uint32_t* to, Mask mask, Indices indices) {
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(mask, indices));
  }
};

template <>
struct Lanes<double> {
  using Values = __m512d;
  using Mask = __mmask8;
  static constexpr std::size_t kCount = 8;

  WISP_AVX512_INLINE static Values load(const double* from) { return _mm512_loadu_pd(from); }
  WISP_AVX512_INLINE static void store(double* to, Values values) { _mm512_storeu_pd(to, values); }
  WISP_AVX512_INLINE static __m512i magnitudes(Values values) {
    return _mm512_and_si512(_mm512_castpd_si512(values), _mm512_set1_epi64(0x7fffffffffffffff));
  }
  WISP_AVX512_INLINE static Mask at_least(Values values, std::uint64_t low) {
    return _mm512_cmpge_epu64_mask(magnitudes(values), _mm512_set1_epi64(static_cast<long long>(low)));
  }
  WISP_AVX512_INLINE static Mask up_to(Values values, std::uint64_t top) {
    return _mm512_cmple_epu64_mask(magnitudes(values), _mm512_set1_epi64(static_cast<long long>(top)));
  }
  WISP_AVX512_INLINE static Values sum(Values kept, Values scale, Values gradient) {
    const Values sum = _mm512_add_pd(kept, _mm512_mul_pd(scale, gradient));
    return _mm512_mask_mov_pd(sum, _mm512_cmp_pd_mask(sum, sum, _CMP_UNORD_Q),
                              _mm512_set1_pd(std::numeric_limits<double>::quiet_NaN()));
  }
  WISP_AVX512_INLINE static Values taken(Values values, Mask out) {
    return _mm512_mask_sub_pd(values, out, values, values);
  }
  WISP_AVX512_INLINE static Values all(double value) { return _mm512_set1_pd(value); }
  WISP_AVX512_INLINE static void compress(double* to, Mask mask, Values values) {
    _mm512_storeu_pd(to, _mm512_maskz_compress_pd(mask, values));
  }
  using Indices = __m256i;
  WISP_AVX512_INLINE static Indices numbers_from(std::uint32_t first) {
    return _mm256_add_epi32(_mm256_set1_epi32(static_cast<int>(first)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  WISP_AVX512_INLINE static Indices next(Indices indices) {
    return _mm256_add_epi32(indices, _mm256_set1_epi32(8));
  }
  WISP_AVX512_INLINE static Indices load(const std::uint32_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  WISP_AVX512_INLINE static void compress(std::uint32_t* to, Mask mask, Indices indices) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_maskz_compress_epi32(mask, indices));
  }
};

template <class T>
WISP_AVX512 std::size_t find_rare(std::span<const T> values, std::uint32_t first, Magnitude<T> low,
                                  std::uint32_t* places) {
  using Of = Lanes<T>;
  constexpr std::size_t kCount = Of::kCount;
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + 4 * kCount <= values.size(); i += 4 * kCount) {
    const T* const at = values.data() + i;
    std::uint64_t mask = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      mask |= std::uint64_t{Of::at_least(Of::load(at + j * kCount), low)} << (j * kCount);
    }
    for (; mask != 0; mask &= mask - 1) {
      places[count++] =
          first + static_cast<std::uint32_t>(i) + static_cast<std::uint32_t>(std::countr_zero(mask));
    }
  }
  return find_rest(values, i, first, low, places, count);
}

template <class T>
WISP_AVX512 std::size_t find_avx512(std::span<const T> values, std::uint32_t first, Magnitude<T> low,
                                    std::uint32_t* places, std::size_t expected) {
  using Of = Lanes<T>;
  if (rare(expected, values.size())) return find_rare(values, first, low, places);
  auto numbers = Of::numbers_from(first);
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + Of::kCount <= values.size(); i += Of::kCount) {
    const auto mask = Of::at_least(Of::load(values.data() + i), low);
    Of::compress(places + count, mask, numbers);
    count += static_cast<std::size_t>(__builtin_popcount(mask));
    numbers = Of::next(numbers);
  }
  return find_rest(values, i, first, low, places, count);
}

template <class T>
WISP_AVX512 std::size_t take_sum_avx512(std::span<T> kept, const T* gradient, T scale, std::uint32_t first,
                                        Magnitude<T> low, Magnitude<T> middle, std::uint32_t* places,
                                        T* chosen) {
  using Of = Lanes<T>;
  const auto scales = Of::all(scale);
  auto numbers = Of::numbers_from(first);
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + Of::kCount <= kept.size(); i += Of::kCount) {
    const auto sum = Of::sum(Of::load(kept.data() + i), scales, Of::load(gradient + i));
    Of::store(kept.data() + i, Of::taken(sum, Of::at_least(sum, middle)));
    const auto mask = Of::at_least(sum, low);
    Of::compress(places + count, mask, numbers);
    Of::compress(chosen + count, mask, sum);
    count += static_cast<std::size_t>(__builtin_popcount(mask));
    numbers = Of::next(numbers);
  }
  return take_sum_rest(kept, gradient, scale, i, first, low, middle, places, chosen, count);
}

template <class T>
WISP_AVX512 std::size_t find_up_to_avx512(std::span<const T> values, std::uint32_t first, Magnitude<T> top,
                                          std::uint32_t* places) {
  using Of = Lanes<T>;
  auto numbers = Of::numbers_from(first);
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + Of::kCount <= values.size(); i += Of::kCount) {
    const auto mask = Of::up_to(Of::load(values.data() + i), top);
    Of::compress(places + count, mask, numbers);
    count += static_cast<std::size_t>(__builtin_popcount(mask));
    numbers = Of::next(numbers);
  }
  return find_up_to_rest(values, i, first, top, places, count);
}

// What is stored lies where it was loaded from, or before: a whole register overwrites nothing that is still
// to be read.
template <class T>
WISP_AVX512 std::size_t keep_avx512(std::uint32_t* indices, T* values, std::size_t begin, std::size_t end,
                                    std::size_t to, Magnitude<T> low) {
  using Of = Lanes<T>;
  for (; begin + Of::kCount <= end; begin += Of::kCount) {
    const auto lanes = Of::load(values + begin);
    const auto numbers = Of::load(indices + begin);
    const auto mask = Of::at_least(lanes, low);
    Of::compress(values + to, mask, lanes);
    Of::compress(indices + to, mask, numbers);
    to += static_cast<std::size_t>(__builtin_popcount(mask));
  }
  return keep_portable(indices, values, begin, end, to, low);
}

template <class T>
Kernels<T> all_kernels() {
  return {find_avx512<T>, take_sum_avx512<T>, find_up_to_avx512<T>, keep_avx512<T>};
}

}  // namespace

Kernels<float> kernels_avx512(float /*of*/) { return all_kernels<float>(); }
Kernels<double> kernels_avx512(double /*of*/) { return all_kernels<double>(); }

}  // namespace wisp::sparse::top_k
#endif
