#include "sparse/top_k.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "sparse/rank.h"

namespace wisp::sparse {
namespace {

constexpr std::size_t kEighth = 8;    // what part of the vector is compared with the sample
constexpr std::size_t kWhole = 2048;  // so short a vector is all fringe

// A margin that is carried is at least 2^-10 of an octave, and no more than 2^-4.
template <class T>
constexpr top_k::Magnitude<T> kOctave = top_k::Magnitude<T>{1} << (std::numeric_limits<T>::digits - 1);
template <class T>
constexpr top_k::Magnitude<T> kNarrowest = kOctave<T> >> 10;
template <class T>
constexpr top_k::Magnitude<T> kWidest = kOctave<T> >> 4;

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

}  // namespace

template <class T>
TopK<T>::TopK(Instructions instructions) : kernels_(top_k::kernels<T>(instructions)) {}

template <class T>
auto TopK<T>::select(std::span<const T> values, std::size_t k) -> Chosen {
  WISP_CHECK(k <= values.size() && values.size() <= UINT32_MAX, "k of at most 2^32 - 1 values are chosen");
  if (k == 0) return {};
  std::optional<Bracket> bracket = by_last(values.size(), k);
  if (bracket && !(collect(values, k, *bracket) && found_ >= k)) {
    ++misses_;
    bracket.reset();
  }
  if (!bracket) bracket = collect_by_sample(values, k);
  return cut(values.size(), k, *bracket, nullptr);
}

template <class T>
auto TopK<T>::take(std::span<T> kept, std::span<const T> gradient, T scale, std::size_t k) -> Chosen {
  const std::size_t size = kept.size();
  WISP_CHECK(gradient.size() == size, "a gradient is added to what is kept of others of its size");
  WISP_CHECK(k <= size && size <= UINT32_MAX, "k of at most 2^32 - 1 values are chosen");
  if (k == 0) {
    for (std::size_t i = 0; i < size; ++i) kept[i] = top_k::sum_of(kept[i], scale, gradient[i]);
    return {};
  }
  std::optional<Bracket> bracket = by_last(size, k);
  const bool carried = bracket.has_value();
  if (!carried) {
    bracket = by_sample(size, k, top_k::Sample::kFirst,
                        [&](std::size_t i) { return top_k::sum_of(kept[i], scale, gradient[i]); });
  }
  const std::size_t added = collect_sum(kept, gradient, scale, k, *bracket);
  if (added == size && found_ >= k) return cut(size, k, *bracket, kept.data());

  // Back to the whole sum, and on as if that had been given.
  for (std::size_t i = 0; i < found_; ++i) kept[indices_.entries[i]] = values_.entries[i];
  for (std::size_t i = added; i < size; ++i) kept[i] = top_k::sum_of(kept[i], scale, gradient[i]);
  ++misses_;
  bracket = carried ? collect_by_sample(kept, k) : collect_again(kept, k);
  const Chosen chosen = cut(size, k, *bracket, nullptr);
  for (std::size_t i = 0; i < k; ++i) kept[chosen.indices[i]] = chosen.values[i] - chosen.values[i];
  return chosen;
}

// Near the last one, if the calls before differed little.
template <class T>
auto TopK<T>::by_last(std::size_t size, std::size_t k) -> std::optional<Bracket> {
  if (size != last_.size || k != last_.k || last_.margin > kWidest<T>) return {};
  ++carried_;
  const Magnitude magnitude = last_.magnitude;
  const Magnitude room = top_k::kMagnitudeMax<T> - magnitude;
  return Bracket{.low = magnitude - std::min(last_.margin, magnitude),
                 .middle = magnitude,
                 .top = magnitude + std::min(last_.margin, room),
                 .limit = 2 * k + 2 * top_k::kChunk,
                 .expected = last_.eighth};
}

// The margin is twice the largest difference of late, as differences of bits: those of logarithms, nearly.
template <class T>
void TopK<T>::remember(std::size_t size, std::size_t k, Magnitude magnitude) {
  constexpr Magnitude kUnknown = top_k::kMagnitudeMax<T>;
  if (size != last_.size || k != last_.k) {
    last_ = {.size = size, .k = k, .magnitude = magnitude, .margin = kUnknown, .eighth = eighth_};
    return;
  }
  const Magnitude before = last_.margin == kUnknown ? 0 : last_.margin - last_.margin / 8;
  last_.eighth = eighth_;
  const Magnitude last = std::exchange(last_.magnitude, magnitude);
  const Magnitude difference = std::max(last, magnitude) - std::min(last, magnitude);
  last_.margin = std::max({2 * difference, before, kNarrowest<T>});
}

template <class T>
template <class At>
auto TopK<T>::by_sample(std::size_t size, std::size_t k, top_k::Sample which, At&& at) -> Bracket {
  if (size <= kWhole) return {.low = 0, .middle = top_k::kMagnitudeMax<T>, .top = top_k::kMagnitudeMax<T>};
  take_sample(size, which, at);
  Bracket bracket = estimate(size, k);
  bracket.expected = eighth_by_sample(bracket, size);
  return bracket;
}

template <class T>
template <class At>
void TopK<T>::take_sample(std::size_t size, top_k::Sample which, At&& at) {
  constexpr std::size_t kSize = top_k::kGroup<T>;
  const std::size_t groups = top_k::group_count<T>(size, which);
  sample_.resize(groups * kSize);
  upper_places_.resize(sample_.size() + top_k::kSlack);
  upper_.reserve(sample_.size());
  for (std::size_t group = 0; group < groups; ++group) {
    const std::size_t begin = top_k::group_begin<T>(size, which, group);
    for (std::size_t i = 0; i < kSize; ++i) sample_[group * kSize + i] = at(begin + i);
  }
}

// The sample has about r = k * its share of values above the k-th magnitude, give or take three standard
// deviations. Its largest value is a top even where it needn't be one: more entries above the top than k are
// no miss.
template <class T>
auto TopK<T>::estimate(std::size_t size, std::size_t k) -> Bracket {
  const auto all = static_cast<double>(sample_.size());
  const double r = all * static_cast<double>(k) / static_cast<double>(size);
  const auto margin = [&](double variance) { return 3 * std::sqrt(r * variance) + 4; };
  take_upper(std::min(sample_.size(), static_cast<std::size_t>(r + margin(top_k::kGroup<T>)) + 1));
  const auto value_at = [&](double rank) {
    return ranked(std::span(upper_), std::min(static_cast<std::size_t>(rank), upper_.size() - 1)).value;
  };
  const double variance = spread(value_at(r));
  const double lowest = r + margin(variance);
  const double highest = r - margin(variance);
  return {.low = lowest < all ? value_at(lowest) : 0,
          .middle = value_at(r),
          .top = value_at(std::max(highest, 0.0))};
}

// The part of the sample that the estimate is about: its largest `count` and some more.
template <class T>
void TopK<T>::take_upper(std::size_t count) {
  const Magnitude low = Histogram<T>(sample_).not_below(count);
  const std::size_t found = kernels_.find(sample_, 0, low, upper_places_.data(), count);
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
    count = place / top_k::kGroup<T> == group ? count + 1 : 1;
    group = place / top_k::kGroup<T>;
    sum += 1;
    squares += 2 * count - 1;
  }
  return static_cast<double>(squares) / static_cast<double>(sum);
}

// What the sample says of the first eighth of the vector, whose groups are its own first eighth.
template <class T>
auto TopK<T>::eighth_by_sample(const Bracket& bracket, std::size_t size) const -> Eighth {
  const double each = static_cast<double>(size) / static_cast<double>(sample_.size());
  Eighth eighth{.found = 0, .above = 0};
  for (std::size_t i = 0; i < upper_.size() && upper_places_[i] < sample_.size() / kEighth; ++i) {
    const Magnitude magnitude = top_k::magnitude(sample_[upper_places_[i]]);
    if (magnitude >= bracket.low) eighth.found += each;
    if (magnitude > bracket.top) eighth.above += each;
  }
  eighth.found =
      std::max(0.0, eighth.found - 4 * each * top_k::kGroup<T>);  // four groups may be there by chance
  return eighth;
}

// Whether what has been found of values[0 .. begin-1] is about what was expected. Of the first eighth, too
// many are noticed on the way, too few at its end.
template <class T>
bool TopK<T>::goes_on(const Bracket& bracket, std::size_t begin, std::size_t size, std::size_t k) {
  if (found_ > bracket.limit) return false;
  const std::size_t eighth = size / kEighth;
  if (begin >= eighth + top_k::kChunk) return true;
  eighth_ = {.found = static_cast<double>(found_), .above = static_cast<double>(found_ - fringe_count_)};
  const auto most = 2 * bracket.expected.above + static_cast<double>(k / 4 + top_k::kChunk);
  if (eighth_.above > most) return false;
  return begin < eighth || 4 * eighth_.found + top_k::kChunk > bracket.expected.found;
}

// The entries that are not below the bracket, k of them at least.
template <class T>
auto TopK<T>::collect_by_sample(std::span<const T> values, std::size_t k) -> Bracket {
  const Bracket bracket =
      by_sample(values.size(), k, top_k::Sample::kFirst, [&](std::size_t i) { return values[i]; });
  if (collect(values, k, bracket) && found_ >= k) return bracket;
  ++misses_;
  return collect_again(values, k);
}

// The same where the first sample misjudged.
template <class T>
auto TopK<T>::collect_again(std::span<const T> values, std::size_t k) -> Bracket {
  Bracket bracket =
      by_sample(values.size(), k, top_k::Sample::kSecond, [&](std::size_t i) { return values[i]; });
  if (collect(values, k, bracket) && found_ >= k) return bracket;
  ++misses_;
  ++histograms_;
  const Magnitude low = Histogram<T>(values).not_below(k);
  const Magnitude rest = (Magnitude{1} << Histogram<T>::kShift) - 1;
  bracket = {.low = low, .middle = low, .top = low + rest};
  collect(values, k, bracket);
  return bracket;
}

// A chunk at a time: first where the entries are, then, while the chunk is in the cache, what they are. False
// if it was given up.
template <class T>
bool TopK<T>::collect(std::span<const T> values, std::size_t k, const Bracket& bracket) {
  found_ = fringe_count_ = 0;
  std::size_t count = k * top_k::kChunk / values.size();  // in the chunk before
  for (std::size_t begin = 0; begin < values.size(); begin += top_k::kChunk) {
    if (!goes_on(bracket, begin, values.size(), k)) return false;
    const auto chunk = values.subspan(begin, std::min(top_k::kChunk, values.size() - begin));
    std::uint32_t* const indices = room_for(chunk.size());
    count = kernels_.find(chunk, static_cast<std::uint32_t>(begin), bracket.low, indices, count);
    T* const chosen = values_.entries.get() + found_;
    for (std::size_t i = 0; i < count; ++i) chosen[i] = values[indices[i]];
    add_found(count, bracket);
  }
  return true;
}

// The same of kept + scale * gradient, which replaces kept. What is found near or above the middle of the
// bracket is taken out of it. How many have been added up.
template <class T>
std::size_t TopK<T>::collect_sum(std::span<T> kept, std::span<const T> gradient, T scale, std::size_t k,
                                 const Bracket& bracket) {
  found_ = fringe_count_ = 0;
  std::size_t begin = 0;
  while (begin < kept.size() && goes_on(bracket, begin, kept.size(), k)) {
    const auto chunk = kept.subspan(begin, std::min(top_k::kChunk, kept.size() - begin));
    std::uint32_t* const indices = room_for(chunk.size());
    const std::size_t count =
        kernels_.take_sum(chunk, gradient.data() + begin, scale, static_cast<std::uint32_t>(begin),
                          bracket.low, bracket.middle, indices, values_.entries.get() + found_);
    add_found(count, bracket);
    begin += chunk.size();
  }
  return begin;
}

// Room behind what has been found for what may be found in a chunk; that for the indices.
template <class T>
std::uint32_t* TopK<T>::room_for(std::size_t size) {
  const std::size_t room = size + top_k::kSlack;
  values_.grown(found_, room);
  fringe_places_.grown(fringe_count_, room);
  fringe_.grown(fringe_count_, room);
  return indices_.grown(found_, room) + found_;
}

// Behind what has been found are `count` entries more.
template <class T>
void TopK<T>::add_found(std::size_t count, Bracket bracket) {
  std::uint32_t* const places = fringe_places_.entries.get() + fringe_count_;
  const std::span<const T> chosen(values_.entries.get() + found_, count);
  const std::size_t inside =
      kernels_.find_up_to(chosen, static_cast<std::uint32_t>(found_), bracket.top, places);
  Magnitude* const fringe = fringe_.entries.get() + fringe_count_;
  for (std::size_t i = 0; i < inside; ++i) fringe[i] = top_k::magnitude(values_.entries[places[i]]);
  found_ += count;
  fringe_count_ += inside;
}

// Of what was found, which is k entries at least, the first k in the order of the header. Where they were
// collected from `kept`, they alone are missing there afterwards.
template <class T>
auto TopK<T>::cut(std::size_t size, std::size_t k, Bracket bracket, T* kept) -> Chosen {
  std::size_t above = found_ - fringe_count_;
  if (above >= k) {  // more than expected are above the bracket: all of them are the fringe
    Magnitude* const fringe = fringe_.grown(0, found_);
    std::uint32_t* const places = fringe_places_.grown(0, found_);
    std::iota(places, places + found_, 0U);
    for (std::size_t i = 0; i < found_; ++i) fringe[i] = top_k::magnitude(values_.entries[i]);
    fringe_count_ = found_;
    above = 0;
    bracket.top = top_k::kMagnitudeMax<T>;
  }
  const auto fringe = std::span(fringe_.entries.get(), fringe_count_);
  const bool narrow = bracket.top != top_k::kMagnitudeMax<T>;
  const NumberRange<Magnitude> range{bracket.low, bracket.top};
  const Ranked<Magnitude> least = ranked(fringe, k - above - 1, narrow ? range : range_of(fringe));
  remember(size, k, least.value);
  const std::size_t wanted = k - above - least.above;  // of those that equal the least, the first ones
  std::size_t until = found_;
  if (wanted < least.equal) {
    std::size_t seen = 0;
    for (until = 0; seen < wanted; ++until) {
      seen += top_k::magnitude(values_.entries[until]) == least.value ? 1 : 0;
    }
  }
  if (kept != nullptr) correct(kept, bracket, least.value, until);
  std::uint32_t* const indices = indices_.entries.get();
  T* const values = values_.entries.get();
  const std::size_t left = kernels_.keep(indices, values, 0, until, 0, least.value);
  const std::size_t count = kernels_.keep(indices, values, until, found_, left, least.value + 1);
  WISP_CHECK(count == k, "the bracket holds the k-th magnitude");
  return {std::span(indices, k), std::span(values, k)};
}

// The middle of the bracket was taken for the least magnitude that is chosen. Between it and the real one,
// and of those that equal the real one, of which only those before `until` are chosen, kept is wrong. Changes
// fringe_places_.
template <class T>
void TopK<T>::correct(T* kept, Bracket bracket, Magnitude least, std::size_t until) {
  const bool too_many = bracket.middle <= least;
  const Magnitude from = std::min(bracket.middle, least);
  const Magnitude width = std::max(bracket.middle, least) - from;
  std::uint32_t* const places = fringe_places_.entries.get();
  std::size_t count = 0;
  for (std::size_t i = 0; i < fringe_count_; ++i) {
    const std::uint32_t place = places[i];
    places[count] = place;
    count += top_k::magnitude(values_.entries[place]) - from <= width ? 1 : 0;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = places[i];
    const T value = values_.entries[place];
    const Magnitude magnitude = top_k::magnitude(value);
    if (magnitude == least ? (place < until) == too_many : magnitude == bracket.middle && !too_many) continue;
    kept[indices_.entries[place]] = too_many ? value : value - value;
  }
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
