#pragma once
// The value of a given rank among unsigned numbers, in time linear in their number.
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"

namespace wisp::sparse {

template <class Number>
struct Ranked {
  Number value;
  std::size_t above;  // how many are larger
  std::size_t equal;  // how many have this value
};

template <class Number>
struct NumberRange {
  Number low;
  Number high;
};

// Of at least one number.
template <class Number>
NumberRange<Number> range_of(std::span<Number> numbers) {
  NumberRange<Number> range{numbers[0], numbers[0]};
  for (const Number each : numbers) {
    range.low = std::min(range.low, each);
    range.high = std::max(range.high, each);
  }
  return range;
}

// The one with `rank` others before it in decreasing order; rank < numbers.size() < 2^32. Changes the order
// of `numbers`. Each turn counts the highest bits in which they differ, and goes on with those that share the
// wanted ones. `range`, where it is known, saves a turn the look for it: all numbers are inside.
template <class Number>
Ranked<Number> ranked(std::span<Number> numbers, std::size_t rank, NumberRange<Number> range) {
  constexpr int kBitsMax = 11;
  WISP_CHECK(rank < numbers.size(), "a rank is one of the numbers'");
  std::size_t above = 0;
  for (;; range = range_of(numbers)) {
    const auto [low, high] = range;
    if (low == high) return {low, above, numbers.size()};
    const int bits = std::clamp(static_cast<int>(std::bit_width(numbers.size())), 4, kBitsMax);
    const int shift = std::max(0, static_cast<int>(std::bit_width(static_cast<Number>(high - low))) - bits);
    std::array<std::uint32_t, std::size_t{1} << kBitsMax> counts;
    std::fill_n(counts.begin(), std::size_t{1} << bits, 0U);
    for (const Number each : numbers) ++counts[static_cast<std::size_t>((each - low) >> shift)];
    auto digit = static_cast<std::size_t>((high - low) >> shift);
    while (above + counts[digit] <= rank) above += counts[digit--];
    if (shift == 0) return {static_cast<Number>(low + digit), above, counts[digit]};
    std::size_t left = 0;
    for (Number& each : numbers) {
      const Number number = each;
      each = numbers[left];
      numbers[left] = number;
      left += static_cast<std::size_t>((number - low) >> shift) == digit ? 1 : 0;
    }
    numbers = numbers.first(left);
  }
}

template <class Number>
Ranked<Number> ranked(std::span<Number> numbers, std::size_t rank) {
  return ranked(numbers, rank, range_of(numbers));
}

}  // namespace wisp::sparse
