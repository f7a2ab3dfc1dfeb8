#include "sparse/top_k.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "sparse/rank.h"

namespace wisp::sparse {
namespace {

constexpr std::size_t kSampleMin = 512;    // values
constexpr std::size_t kSampleMax = 16384;  // more cost more than they tell
constexpr std::size_t kShare = 128;        // between those, one value of so many
constexpr std::size_t kWhole = 2048;       // so short a vector is all fringe
constexpr std::size_t kChunk = 4096;       // values between two looks at the memory

// Neighbours that a sample takes together: one line of memory.
template <class T>
constexpr std::size_t kGroup = 64 / sizeof(T);

// The highest bits of magnitudes, counted: how many values there are from a magnitude on, roughly.
template <class T>
class Histogram {
 public:
  using Magnitude = top_k::Magnitude<T>;
  static constexpr int kBits = 12;
  static constexpr int kShift = 8 * sizeof(T) - 1 - kBits;

  explicit Histogram(std::span<const T> values) {
    for (const T each : values) ++counts_[static_cast<std::size_t>(top_k::magnitude(each) >> kShift)];
  }
  // The largest such magnitude that at least `count` values are not below of; count <= values.size().
  Magnitude not_below(std::size_t count) const {
    std::size_t digit = counts_.size() - 1;
    for (std::size_t above = counts_[digit]; above < count; above += counts_[--digit]) {
    }
    return static_cast<Magnitude>(digit) << kShift;
  }

 private:
  std::array<std::uint32_t, std::size_t{1} << kBits> counts_{};
};

// A number that looks random, so that no regular pattern of the values meets the sample.
std::uint32_t scrambled(std::uint64_t counter) {
  std::uint64_t bits = (counter + 1) * 0x9e3779b97f4a7c15;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
  return static_cast<std::uint32_t>(bits >> 32);
}

}  // namespace

template <class T>
TopK<T>::TopK(Instructions instructions)
    : find_(top_k::find<T>(instructions)), keep_(top_k::keep<T>(instructions)) {}

template <class T>
auto TopK<T>::select(std::span<const T> values, std::size_t k) -> Chosen {
  WISP_CHECK(k <= values.size() && values.size() <= UINT32_MAX, "k of at most 2^32 - 1 values are chosen");
  if (k == 0) return {};
  const Bracket bracket = collect_enough(values, k);
  return cut(k, bracket);
}

// Collects k entries at least; the bracket that did it.
template <class T>
auto TopK<T>::collect_enough(std::span<const T> values, std::size_t k) -> Bracket {
  Bracket bracket{0, top_k::kMagnitudeMax<T>};
  if (values.size() > kWhole) {
    take_sample(values);
    bracket = estimate(values.size(), k, 1);
  }
  collect(values, bracket);
  if (found_ >= k) return bracket;
  ++misses_;
  bracket = estimate(values.size(), k, 6);
  if (bracket.low != 0) collect(values, bracket);
  if (found_ >= k) return bracket;
  ++histograms_;
  bracket.low = Histogram<T>(values).not_below(k);
  bracket.top = bracket.low + ((Magnitude{1} << Histogram<T>::kShift) - 1);
  collect(values, bracket);
  return bracket;
}

// Groups of neighbours, one from each of as many equal stretches, at a place that looks random.
template <class T>
void TopK<T>::take_sample(std::span<const T> values) {
  constexpr std::size_t kSize = kGroup<T>;
  const std::size_t groups = std::clamp(values.size() / kShare, kSampleMin, kSampleMax) / kSize;
  sample_.resize(groups * kSize);
  upper_places_.resize(sample_.size() + top_k::kSlack);
  upper_.reserve(sample_.size());
  const std::size_t stretch = values.size() / groups;
  for (std::size_t group = 0; group < groups; ++group) {
    const std::size_t jitter = std::uint64_t{scrambled(group)} * (stretch - kSize + 1) >> 32;
    std::copy_n(values.data() + group * stretch + jitter, kSize, &sample_[group * kSize]);
  }
}

// The sample has about r = k * its share of values above the k-th magnitude, give or take three standard
// deviations; `caution` times as many below.
template <class T>
auto TopK<T>::estimate(std::size_t size, std::size_t k, double caution) -> Bracket {
  const auto all = static_cast<double>(sample_.size());
  const double r = all * static_cast<double>(k) / static_cast<double>(size);
  const auto margin = [&](double variance) { return 3 * std::sqrt(r * variance) + 4; };
  take_upper(std::min(sample_.size(), static_cast<std::size_t>(r + caution * margin(kGroup<T>)) + 1));
  const auto value_at = [&](double rank) {
    return ranked(std::span(upper_), std::min(static_cast<std::size_t>(rank), upper_.size() - 1)).value;
  };
  const double variance = spread(value_at(r));
  const double lowest = r + caution * margin(variance);
  const double highest = r - margin(variance);
  return {.low = lowest < all ? value_at(lowest) : 0,
          .top = highest >= 0 ? value_at(highest) : top_k::kMagnitudeMax<T>};
}

// The part of the sample that the estimate is about: its largest `count` and some more.
template <class T>
void TopK<T>::take_upper(std::size_t count) {
  const Magnitude low = Histogram<T>(sample_).not_below(count);
  const std::size_t found = find_(sample_, 0, low, upper_places_.data());
  upper_.resize(found);
  for (std::size_t i = 0; i < found; ++i) upper_[i] = top_k::magnitude(sample_[upper_places_[i]]);
}

// By how much the variance of a count of values >= threshold is larger than if neighbours were independent
// (the design effect of a sample by groups): 1 for values without order, the size of a group where neighbours
// are alike.
template <class T>
double TopK<T>::spread(Magnitude threshold) const {
  std::size_t sum = 0;
  std::size_t squares = 0;
  std::size_t count = 0;  // in this group so far; 1 + 3 + 5 + ... are the squares
  std::size_t group = 0;
  for (std::size_t i = 0; i < upper_.size(); ++i) {
    const std::uint32_t place = upper_places_[i];
    if (top_k::magnitude(sample_[place]) < threshold) continue;
    count = place / kGroup<T> == group ? count + 1 : 1;
    group = place / kGroup<T>;
    sum += 1;
    squares += 2 * count - 1;
  }
  return static_cast<double>(squares) / static_cast<double>(sum);
}

// The entries that are not below the bracket. A chunk at a time: first where they are, then, while the chunk
// is in the cache, what they are.
template <class T>
void TopK<T>::collect(std::span<const T> values, Bracket bracket) {
  found_ = fringe_count_ = 0;
  for (std::size_t begin = 0; begin < values.size(); begin += kChunk) {
    const auto chunk = values.subspan(begin, std::min(kChunk, values.size() - begin));
    const std::size_t room = chunk.size() + top_k::kSlack;
    std::uint32_t* const indices = indices_.grown(found_, room) + found_;
    T* const chosen = values_.grown(found_, room) + found_;
    Magnitude* const fringe = fringe_.grown(fringe_count_, room);
    const std::size_t count = find_(chunk, static_cast<std::uint32_t>(begin), bracket.low, indices);
    std::size_t inside = fringe_count_;
    for (std::size_t i = 0; i < count; ++i) {
      const T value = values[indices[i]];
      const Magnitude magnitude = top_k::magnitude(value);
      chosen[i] = value;
      fringe[inside] = magnitude;
      inside += magnitude <= bracket.top ? 1 : 0;
    }
    fringe_count_ = inside;
    found_ += count;
  }
}

// Of what was found, which is k entries at least, the first k in the order of the header.
template <class T>
auto TopK<T>::cut(std::size_t k, Bracket bracket) -> Chosen {
  std::size_t above = found_ - fringe_count_;
  if (above >= k) {  // more than expected are above the bracket: all of them are the fringe
    Magnitude* const fringe = fringe_.grown(0, found_);
    for (std::size_t i = 0; i < found_; ++i) fringe[i] = top_k::magnitude(values_.entries[i]);
    fringe_count_ = found_;
    above = 0;
    bracket.top = top_k::kMagnitudeMax<T>;
  }
  const auto fringe = std::span(fringe_.entries.get(), fringe_count_);
  const bool narrow = bracket.top != top_k::kMagnitudeMax<T>;
  const NumberRange<Magnitude> range{bracket.low, bracket.top};
  const Ranked<Magnitude> least = ranked(fringe, k - above - 1, narrow ? range : range_of(fringe));
  const std::size_t wanted = k - above - least.above;  // of those that equal the least, the first ones
  std::size_t until = found_;
  if (wanted < least.equal) {
    std::size_t seen = 0;
    for (until = 0; seen < wanted; ++until) {
      seen += top_k::magnitude(values_.entries[until]) == least.value ? 1 : 0;
    }
  }
  std::uint32_t* const indices = indices_.entries.get();
  T* const values = values_.entries.get();
  const std::size_t kept = keep_(indices, values, 0, until, 0, least.value);
  const std::size_t count = keep_(indices, values, until, found_, kept, least.value + 1);
  WISP_CHECK(count == k, "the bracket holds the k-th magnitude");
  return {std::span(indices, k), std::span(values, k)};
}

// The memory, with room for `more` behind the `used` ones.
template <class T>
template <class Entry>
Entry* TopK<T>::Memory<Entry>::grown(std::size_t used, std::size_t more) {
  if (used + more > capacity) {
    capacity = std::max(used + more, 2 * capacity);
    auto larger = std::make_unique_for_overwrite<Entry[]>(capacity);
    std::copy_n(entries.get(), used, larger.get());
    entries = std::move(larger);
  }
  return entries.get();
}

template class TopK<float>;
template class TopK<double>;

}  // namespace wisp::sparse
