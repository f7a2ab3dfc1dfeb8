#include "actors/staleness.h"

#include <algorithm>
#include <bit>

namespace wisp::actors {

namespace {

constexpr std::size_t kExact = 16;  // 2^4; each octave above has four classes

std::size_t class_of(std::uint64_t value) {
  if (value < kExact) return static_cast<std::size_t>(value);
  const auto octave = static_cast<std::size_t>(std::bit_width(value)) - 1;
  return kExact + (octave - 4) * 4 + static_cast<std::size_t>((value >> (octave - 2)) & 3);
}

std::uint64_t low_of(std::size_t number) {
  if (number < kExact) return number;
  const std::size_t octave = 4 + (number - kExact) / 4;
  return (4 + (number - kExact) % 4) << (octave - 2);
}

}  // namespace

void Staleness::add(std::uint64_t staleness) {
  const std::size_t number = class_of(staleness);
  if (number >= counts_.size()) counts_.resize(number + 1);
  ++counts_[number];
  ++count_;
  sum_ += staleness;
  max_ = std::max(max_, staleness);
}

std::uint64_t Staleness::quantile(double p) const {
  const double wanted = p * static_cast<double>(count_);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    below += counts_[i];
    if (counts_[i] > 0 && static_cast<double>(below) >= wanted) return std::min(low_of(i + 1) - 1, max_);
  }
  return max_;
}

std::vector<Staleness::Class> Staleness::classes() const {
  std::vector<Class> classes;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) classes.push_back({low_of(i), low_of(i + 1) - 1, counts_[i]});
  }
  return classes;
}

}  // namespace wisp::actors
