#pragma once
// Vectors that mislead whoever looks for their largest entries, and the order that top_k.h promises.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "base/rng.h"
#include "sparse/top_k_kernels.h"

namespace wisp::sparse {

// All indices in the order of top_k.h, by a full sort.
template <class T>
std::vector<std::uint32_t> ordered(const std::vector<T>& values) {
  std::vector<std::uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return top_k::magnitude(values[a]) > top_k::magnitude(values[b]);
  });
  return order;
}

// A name and a value for each index.
template <class T>
struct Data {
  std::string name;
  std::vector<T> values;
};

template <class T>
std::vector<Data<T>> hard_cases(std::size_t size, Rng& rng) {
  using Limits = std::numeric_limits<T>;
  const T special[] = {0,
                       -T{0},
                       1,
                       -1,
                       Limits::infinity(),
                       -Limits::infinity(),
                       Limits::quiet_NaN(),
                       Limits::denorm_min(),
                       -Limits::denorm_min(),
                       Limits::min(),
                       Limits::max(),
                       Limits::lowest()};
  std::vector<Data<T>> all;
  const auto add = [&](const char* name, auto&& value) {
    Data<T>& data = all.emplace_back(Data<T>{name, std::vector<T>(size)});
    for (std::size_t i = 0; i < size; ++i) data.values[i] = static_cast<T>(value(i));
  };
  add("normal", [&](std::size_t) { return rng.normal(); });
  add("all equal", [&](std::size_t i) { return i % 2 == 0 ? 0.5 : -0.5; });
  add("all zero", [&](std::size_t i) { return i % 3 == 0 ? -0.0 : 0.0; });
  add("nearly all zero", [&](std::size_t) { return rng.below(100) == 0 ? rng.normal() : 0.0; });
  add("few levels", [&](std::size_t) { return static_cast<double>(rng.below(7)) - 3; });
  add("heavy tail", [&](std::size_t) { return 1 / (rng.uniform() + 1e-9); });
  add("subnormal", [&](std::size_t) { return Limits::denorm_min() * static_cast<T>(rng.below(1000)); });
  add("special", [&](std::size_t) { return special[rng.below(12)]; });
  add("some not finite",
      [&](std::size_t i) { return i % 97 == 5 ? special[4 + i % 3] : static_cast<T>(rng.normal()); });
  add("rising", [&](std::size_t i) { return static_cast<double>(i); });
  add("falling", [&](std::size_t i) { return static_cast<double>(size - i); });
  add("hot first tenth", [&](std::size_t i) { return rng.normal() * (i < size / 10 ? 100 : 1); });
  double scale = 1;
  add("scale by line", [&](std::size_t i) {
    if (i % 16 == 0) scale = 1 / (rng.uniform() + 1e-3);
    return rng.normal() * scale;
  });
  return all;
}

// Bits, so that NaN equals itself and -0 differs from 0.
template <class T>
auto bits_of(const T& value) {
  return std::bit_cast<top_k::Magnitude<T>>(value);
}

}  // namespace wisp::sparse
