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
                          std::uint32_t* places) {
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
Find<T> find_of(Instructions instructions) {
#ifdef __x86_64__
  if (instructions == Instructions::kAvx512) return find_avx512;
  if (instructions == Instructions::kAvx2) return find_avx2;
#endif
  static_cast<void>(instructions);
  return find_portable<T>;
}

// AVX2 would have to permute by a table what is nearly all kept: no gain.
template <class T>
Keep<T> keep_of(Instructions instructions) {
#ifdef __x86_64__
  if (instructions == Instructions::kAvx512) return keep_avx512;
#endif
  static_cast<void>(instructions);
  return keep_portable<T>;
}

}  // namespace

template <>
Find<float> find(Instructions instructions) {
  return find_of<float>(instructions);
}

template <>
Find<double> find(Instructions instructions) {
  return find_of<double>(instructions);
}

template <>
Keep<float> keep(Instructions instructions) {
  return keep_of<float>(instructions);
}

template <>
Keep<double> keep(Instructions instructions) {
  return keep_of<double>(instructions);
}

}  // namespace wisp::sparse::top_k
