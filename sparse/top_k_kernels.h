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

// kept + scale * gradient, rounded twice. Of several NaN there is one: which of two operands a sum takes its
// NaN from differs between compilers.
template <class T>
T sum_of(T kept, T scale, T gradient) {
  const T sum = kept + scale * gradient;
  return sum == sum ? sum : std::numeric_limits<T>::quiet_NaN();
}

// So many places behind the last one may be written to: whole vectors.
constexpr std::size_t kSlack = 16;

// Values between two looks at the memory: what fits twice into the nearest cache.
constexpr std::size_t kChunk = 2048;

// Writes first + i for every values[i] of magnitude >= low, in increasing order, and returns how many they
// are. There is room for values.size() + kSlack of them. About `expected` are expected, which is a matter of
// speed alone: where they are rare, many values are looked at together, and otherwise what is found is too
// irregular for branches.
template <class T>
using Find = std::size_t (*)(std::span<const T> values, std::uint32_t first, Magnitude<T> low,
                             std::uint32_t* places, std::size_t expected);

// kept = sum_of(kept, scale, gradient), and finds in that: the values go to `chosen`, where there is as much
// room as for the places. Where a magnitude is >= middle, v - v is left of v, which is 0 if v is finite.
// kept.size() gradients; low <= middle.
template <class T>
using TakeSum = std::size_t (*)(std::span<T> kept, const T* gradient, T scale, std::uint32_t first,
                                Magnitude<T> low, Magnitude<T> middle, std::uint32_t* places, T* chosen);

// As Find, those of magnitude <= top.
template <class T>
using FindUpTo = std::size_t (*)(std::span<const T> values, std::uint32_t first, Magnitude<T> top,
                                 std::uint32_t* places);

// Moves the entries begin .. end-1 of magnitude >= low to the places from `to` <= begin on, in their order.
// The place behind the last of them.
template <class T>
using Keep = std::size_t (*)(std::uint32_t* indices, T* values, std::size_t begin, std::size_t end,
                             std::size_t to, Magnitude<T> low);

template <class T>
struct Kernels {
  Find<T> find;
  TakeSum<T> take_sum;
  FindUpTo<T> find_up_to;
  Keep<T> keep;
};

// T is float or double; the instructions are available.
template <class T>
Kernels<T> kernels(Instructions instructions);

// As rare as that: whoever looks at 64 values at once finds nothing most of the time.
constexpr bool rare(std::size_t expected, std::size_t size) { return expected < size / 256; }

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

// The values at the places that have been found, from `from` on; what is left of them in kept. By bits, as
// half of them on one side of the middle would mislead a branch.
template <class T>
inline void take_found(std::span<T> kept, std::uint32_t first, Magnitude<T> middle,
                       const std::uint32_t* places, T* chosen, std::size_t from, std::size_t count) {
  for (std::size_t i = from; i < count; ++i) {
    T& place = kept[places[i] - first];
    const T value = place;
    chosen[i] = value;
    const Magnitude<T> out = magnitude(value) >= middle ? ~Magnitude<T>{0} : 0;
    const auto left = std::bit_cast<Magnitude<T>>(value - value);
    place = std::bit_cast<T>((std::bit_cast<Magnitude<T>>(value) & ~out) | (left & out));
  }
}

template <class T>
inline std::size_t take_sum_rest(std::span<T> kept, const T* gradient, T scale, std::size_t from,
                                 std::uint32_t first, Magnitude<T> low, Magnitude<T> middle,
                                 std::uint32_t* places, T* chosen, std::size_t taken) {
  for (std::size_t i = from; i < kept.size(); ++i) kept[i] = sum_of(kept[i], scale, gradient[i]);
  const std::size_t count = find_rest(std::span<const T>(kept), from, first, low, places, taken);
  take_found(kept, first, middle, places, chosen, taken, count);
  return count;
}

template <class T>
inline std::size_t find_up_to_rest(std::span<const T> values, std::size_t from, std::uint32_t first,
                                   Magnitude<T> top, std::uint32_t* places, std::size_t count) {
  for (std::size_t i = from; i < values.size(); ++i) {
    places[count] = first + static_cast<std::uint32_t>(i);
    count += magnitude(values[i]) <= top ? 1 : 0;
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
Kernels<float> kernels_avx2(float /*of*/);
Kernels<double> kernels_avx2(double /*of*/);
Kernels<float> kernels_avx512(float /*of*/);
Kernels<double> kernels_avx512(double /*of*/);
#endif

}  // namespace wisp::sparse::top_k
