#include "sparse/scatter.h"

#include "base/check.h"

namespace wisp::sparse {
namespace {

// Pairs between the one that is added and the one whose place is asked for.
constexpr std::size_t kAhead = 64;
// A y of so many bytes is likely to be in memory.
constexpr std::size_t kFarBytes = 8U << 20;
constexpr std::size_t kStep = 4;  // pairs at a time: no sum waits for the store before it
constexpr std::size_t kDense = 64;

// Adds all pairs but a few, behind which there is nothing to look ahead at: their number.
template <class T, bool kFar>
std::size_t scatter_steps(T* y, const std::uint32_t* indices, const T* values, std::size_t size, T scale) {
  std::size_t i = 0;
  for (; i + kStep + (kFar ? kAhead : 0) <= size; i += kStep) {
    if constexpr (kFar) {
      for (std::size_t j = i + kAhead; j < i + kAhead + kStep; ++j) __builtin_prefetch(y + indices[j], 1);
    }
    const auto sum = [=](std::size_t j) { return y[indices[j]] + scale * values[j]; };
    const T sum0 = sum(i), sum1 = sum(i + 1), sum2 = sum(i + 2), sum3 = sum(i + 3);
    y[indices[i]] = sum0;
    y[indices[i + 1]] = sum1;
    y[indices[i + 2]] = sum2;
    y[indices[i + 3]] = sum3;
  }
  return i;
}

// Adds whole loops of known length, which become vectors of whatever the function that this is a part of may
// use: the number of values that are done.
template <class T>
__attribute__((always_inline)) inline std::size_t dense_steps(T* y, const T* values, std::size_t size,
                                                              T scale) {
  std::size_t i = 0;
  for (; i + kDense <= size; i += kDense) {
    for (std::size_t j = i; j < i + kDense; ++j) y[j] += scale * values[j];
  }
  return i;
}

template <class T>
std::size_t dense_portable(T* __restrict y, const T* __restrict values, std::size_t size, T scale) {
  return dense_steps(y, values, size, scale);
}
#ifdef __x86_64__
template <class T>
WISP_AVX2 std::size_t dense_avx2(T* __restrict y, const T* __restrict values, std::size_t size, T scale) {
  return dense_steps(y, values, size, scale);
}
template <class T>
WISP_AVX512 std::size_t dense_avx512(T* __restrict y, const T* __restrict values, std::size_t size, T scale) {
  return dense_steps(y, values, size, scale);
}
#endif

template <class T>
std::size_t dense(T* y, const T* values, std::size_t size, T scale, Instructions instructions) {
#ifdef __x86_64__
  if (instructions == Instructions::kAvx512) return dense_avx512(y, values, size, scale);
  if (instructions == Instructions::kAvx2) return dense_avx2(y, values, size, scale);
#endif
  static_cast<void>(instructions);
  return dense_portable(y, values, size, scale);
}

}  // namespace

template <class T>
void scatter_add(std::span<T> y, std::span<const std::uint32_t> indices, std::span<const T> values, T scale) {
  WISP_CHECK(indices.size() == values.size(), "there are more indices than values, or fewer");
  WISP_CHECK(indices.empty() || indices.back() < y.size(), "an index is beyond the vector");
  const bool far = y.size_bytes() >= kFarBytes;
  std::size_t i =
      (far ? scatter_steps<T, true> : scatter_steps<T, false>)(y.data(), indices.data(), values.data(),
                                                               indices.size(), scale);
  for (; i < indices.size(); ++i) y[indices[i]] += scale * values[i];
}

template <class T>
void dense_add(std::span<T> y, std::span<const T> values, T scale, Instructions instructions) {
  WISP_CHECK(y.size() == values.size(), "vectors of two lengths are added");
  std::size_t i = dense(y.data(), values.data(), y.size(), scale, instructions);
  for (; i < y.size(); ++i) y[i] += scale * values[i];
}

template void scatter_add(std::span<float>, std::span<const std::uint32_t>, std::span<const float>, float);
template void scatter_add(std::span<double>, std::span<const std::uint32_t>, std::span<const double>, double);
template void dense_add(std::span<float>, std::span<const float>, float, Instructions);
template void dense_add(std::span<double>, std::span<const double>, double, Instructions);

}  // namespace wisp::sparse
