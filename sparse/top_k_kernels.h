#pragma once
// The inner loops of TopK, a version for each kind of instructions.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include "base/cpu.h"

namespace wisp::sparse::top_k {

// |x| as an unsigned number that orders as TopK says: the bits without the sign.
template <class T>
using Magnitude = std::conditional_t<sizeof(T) == sizeof(std::uint32_t), std::uint32_t, std::uint64_t>;

template <class T>
constexpr Magnitude<T> kMagnitudeMax = std::numeric_limits<Magnitude<T>>::max() >> 1;

template <class T>
Magnitude<T> magnitude(T value) {
  return std::bit_cast<Magnitude<T>>(value) & kMagnitudeMax<T>;
}

// So many places behind the last one may be written to: whole vectors.
constexpr std::size_t kSlack = 16;

// Writes first + i for every values[i] of magnitude >= low, in increasing order, and returns how many they
// are. There is room for values.size() + kSlack of them. Where there are vector instructions it takes the
// same time whatever the values are: what is found is too irregular for branches.
template <class T>
using Find = std::size_t (*)(std::span<const T> values, std::uint32_t first, Magnitude<T> low,
                             std::uint32_t* places);

// Moves the entries begin .. end-1 of magnitude >= low to the places from `to` <= begin on, in their order.
// The place behind the last of them.
template <class T>
using Keep = std::size_t (*)(std::uint32_t* indices, T* values, std::size_t begin, std::size_t end,
                             std::size_t to, Magnitude<T> low);

// T is float or double; the instructions are available.
template <class T>
Find<T> find(Instructions instructions);
template <class T>
Keep<T> keep(Instructions instructions);

// One value at a time, from values[from] on, behind the `count` that have been found.
template <class T>
inline std::size_t find_rest(std::span<const T> values, std::size_t from, std::uint32_t first,
                             Magnitude<T> low, std::uint32_t* places, std::size_t count) {
  for (std::size_t i = from; i < values.size(); ++i) {
    places[count] = first + static_cast<std::uint32_t>(i);
    count += magnitude(values[i]) >= low ? 1 : 0;
  }
  return count;
}

// One entry at a time.
template <class T>
std::size_t keep_portable(std::uint32_t* indices, T* values, std::size_t begin, std::size_t end,
                          std::size_t to, Magnitude<T> low) {
  for (std::size_t i = begin; i < end; ++i) {
    const T value = values[i];
    indices[to] = indices[i];
    values[to] = value;
    to += magnitude(value) >= low ? 1 : 0;
  }
  return to;
}

#ifdef __x86_64__
std::size_t find_avx2(std::span<const float> values, std::uint32_t first, std::uint32_t low,
                      std::uint32_t* places);
std::size_t find_avx2(std::span<const double> values, std::uint32_t first, std::uint64_t low,
                      std::uint32_t* places);
std::size_t find_avx512(std::span<const float> values, std::uint32_t first, std::uint32_t low,
                        std::uint32_t* places);
std::size_t find_avx512(std::span<const double> values, std::uint32_t first, std::uint64_t low,
                        std::uint32_t* places);
std::size_t keep_avx512(std::uint32_t* indices, float* values, std::size_t begin, std::size_t end,
                        std::size_t to, std::uint32_t low);
std::size_t keep_avx512(std::uint32_t* indices, double* values, std::size_t begin, std::size_t end,
                        std::size_t to, std::uint64_t low);
#endif

}  // namespace wisp::sparse::top_k
