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
std::size_t scatter_steps(T* y, Unaligned<std::uint32_t> indices, Unaligned<T> values, T scale) {
  const std::size_t size = indices.size();
  std::size_t i = 0;
  for (; i + kStep + (kFar ? kAhead : 0) <= size; i += kStep) {
    if constexpr (kFar) {
      for (std::size_t j = i + kAhead; j < i + kAhead + kStep; ++j) __builtin_prefetch(y + indices[j], 1);
    }
    // Read before anything is written: the compiler takes bytes for a part of y.
    const std::uint32_t at0 = indices[i], at1 = indices[i + 1], at2 = indices[i + 2], at3 = indices[i + 3];
    const auto sum = [=](std::uint32_t at, std::size_t j) { return y[at] + scale * values[j]; };
    const T sum0 = sum(at0, i), sum1 = sum(at1, i + 1), sum2 = sum(at2, i + 2), sum3 = sum(at3, i + 3);
    y[at0] = sum0;
    y[at1] = sum1;
    y[at2] = sum2;
    y[at3] = sum3;
  }
  return i;
}

// Adds whole loops of known length, which become vectors of whatever the function that this is a part of may
// use: the number of values that are done.
template <class T>
__attribute__((always_inline)) inline std::size_t dense_steps(T* __restrict y, Unaligned<T> values, T scale) {
  const std::size_t size = values.size();
  std::size_t i = 0;
  for (; i + kDense <= size; i += kDense) {
    for (std::size_t j = i; j < i + kDense; ++j) y[j] += scale * values[j];
  }
  return i;
}

template <class T>
std::size_t dense_portable(T* y, Unaligned<T> values, T scale) {
  return dense_steps(y, values, scale);
}
#ifdef __x86_64__
template <class T>
WISP_AVX2 std::size_t dense_avx2(T* y, Unaligned<T> values, T scale) {
  return dense_steps(y, values, scale);
}
template <class T>
WISP_AVX512 std::size_t dense_avx512(T* y, Unaligned<T> values, T scale) {
  return dense_steps(y, values, scale);
}
#endif

template <class T>
std::size_t dense(T* y, Unaligned<T> values, T scale, Instructions instructions) {
#ifdef __x86_64__
  if (instructions == Instructions::kAvx512) return dense_avx512(y, values, scale);
  if (instructions == Instructions::kAvx2) return dense_avx2(y, values, scale);
#endif
  static_cast<void>(instructions);
  return dense_portable(y, values, scale);
}

}  // namespace

template <class T>
void scatter_add(std::span<T> y, Unaligned<std::uint32_t> indices, Unaligned<T> values, T scale) {
  WISP_CHECK(indices.size() == values.size(), "there are more indices than values, or fewer");
  WISP_CHECK(indices.empty() || indices.back() < y.size(), "an index is beyond the vector");
  const bool far = y.size_bytes() >= kFarBytes;
  std::size_t i = (far ? scatter_steps<T, true> : scatter_steps<T, false>)(y.data(), indices, values, scale);
  for (; i < indices.size(); ++i) y[indices[i]] += scale * values[i];
}

template <class T>
void dense_add(std::span<T> y, Unaligned<T> values, T scale, Instructions instructions) {
  WISP_CHECK(y.size() == values.size(), "vectors of two lengths are added");
  std::size_t i = dense(y.data(), values, scale, instructions);
  for (; i < y.size(); ++i) y[i] += scale * values[i];
}

template void scatter_add(std::span<float>, Unaligned<std::uint32_t>, Unaligned<float>, float);
template void scatter_add(std::span<double>, Unaligned<std::uint32_t>, Unaligned<double>, double);
template void dense_add(std::span<float>, Unaligned<float>, float, Instructions);
template void dense_add(std::span<double>, Unaligned<double>, double, Instructions);

}  // namespace wisp::sparse
