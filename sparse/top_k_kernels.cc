#include "sparse/top_k_kernels.h"

namespace wisp::sparse::top_k {
namespace {

// What the compiler makes vectors of: a sum of bits over a stretch says whether anything in it is wanted.
constexpr std::size_t kStretch = 16;

template <class T>
bool any_at_least(const T* values, Magnitude<T> low) {
  Magnitude<T> signs = 0;
  // low - 1 - |x| is negative where |x| >= low, as magnitudes leave the highest bit free.
  for (std::size_t i = 0; i < kStretch; ++i) signs |= low - 1 - magnitude(values[i]);
  return signs > kMagnitudeMax<T>;
}

template <class T>
std::size_t find_portable(std::span<const T> values, std::uint32_t first, Magnitude<T> low,
                          std::uint32_t* places, std::size_t expected) {
  if (expected > values.size() / 20) return find_rest(values, 0, first, low, places, 0);
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + kStretch <= values.size(); i += kStretch) {
    if (!any_at_least(values.data() + i, low)) continue;
    for (std::size_t j = i; j < i + kStretch; ++j) {
      places[count] = first + static_cast<std::uint32_t>(j);
      count += magnitude(values[j]) >= low ? 1 : 0;
    }
  }
  return find_rest(values, i, first, low, places, count);
}

template <class T>
std::size_t take_sum_portable(std::span<T> kept, const T* gradient, T scale, std::uint32_t first,
                              Magnitude<T> low, Magnitude<T> middle, std::uint32_t* places, T* chosen) {
  std::size_t i = 0;
  for (; i + kStretch <= kept.size(); i += kStretch) {
    for (std::size_t j = i; j < i + kStretch; ++j) kept[j] = sum_of(kept[j], scale, gradient[j]);
  }
  for (; i < kept.size(); ++i) kept[i] = sum_of(kept[i], scale, gradient[i]);
  const std::size_t count = find_portable(std::span<const T>(kept), first, low, places, 0);
  take_found(kept, first, middle, places, chosen, 0, count);
  return count;
}

template <class T>
std::size_t find_up_to_portable(std::span<const T> values, std::uint32_t first, Magnitude<T> top,
                                std::uint32_t* places) {
  return find_up_to_rest(values, 0, first, top, places, 0);
}

template <class T>
Kernels<T> kernels_of(Instructions instructions) {
#ifdef __x86_64__
  if (instructions == Instructions::kAvx512) return kernels_avx512(T{});
  if (instructions == Instructions::kAvx2) return kernels_avx2(T{});
#endif
  static_cast<void>(instructions);
  return {find_portable<T>, take_sum_portable<T>, find_up_to_portable<T>, keep_portable<T>};
}

}  // namespace

template <>
Kernels<float> kernels(Instructions instructions) {
  return kernels_of<float>(instructions);
}

template <>
Kernels<double> kernels(Instructions instructions) {
  return kernels_of<double>(instructions);
}

}  // namespace wisp::sparse::top_k
