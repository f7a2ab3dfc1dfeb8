#pragma once
// Where a sample of a vector looks, from which TopK guesses the k-th magnitude.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace wisp::sparse::top_k {

// The first one, and a larger one of other places.
enum class Sample : std::uint8_t { kFirst, kSecond };

constexpr std::size_t kSampleMin = 512;    // values
constexpr std::size_t kSampleMax = 16384;  // more cost more than they tell
constexpr std::size_t kShare = 128;        // between those, one value of so many
constexpr std::size_t kSecond = 2;         // the second sample is so much larger

// Neighbours that a sample takes together: one line of memory.
template <class T>
constexpr std::size_t kGroup = 64 / sizeof(T);

// A number that looks random, so that no regular pattern of the values meets the sample.
inline std::uint32_t scrambled(std::uint64_t counter) {
  std::uint64_t bits = (counter + 1) * 0x9e3779b97f4a7c15;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
  return static_cast<std::uint32_t>(bits >> 32);
}

// Groups of neighbours, one from each of as many equal stretches of a vector of `size` >= 2048, at a place
// that looks random.
template <class T>
std::size_t group_count(std::size_t size, Sample which) {
  const std::size_t more = which == Sample::kFirst ? 1 : kSecond;
  return std::clamp(more * (size / kShare), more * kSampleMin, more * kSampleMax) / kGroup<T>;
}

template <class T>
std::size_t group_begin(std::size_t size, Sample which, std::size_t group) {
  constexpr std::uint64_t kOthers = std::uint64_t{1} << 32;
  const std::size_t stretch = size / group_count<T>(size, which);
  const std::uint64_t counter = which == Sample::kFirst ? group : kOthers + group;
  return group * stretch + (std::uint64_t{scrambled(counter)} * (stretch - kGroup<T> + 1) >> 32);
}

// The places that it looks at, increasing; for whoever wants to deceive it.
template <class T>
std::vector<std::uint32_t> sampled_places(std::size_t size, Sample which) {
  std::vector<std::uint32_t> places;
  for (std::size_t group = 0; group < group_count<T>(size, which); ++group) {
    const std::size_t begin = group_begin<T>(size, which, group);
    for (std::size_t i = 0; i < kGroup<T>; ++i) places.push_back(static_cast<std::uint32_t>(begin + i));
  }
  return places;
}

}  // namespace wisp::sparse::top_k
