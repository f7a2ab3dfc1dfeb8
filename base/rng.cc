#include "base/rng.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "base/math.h"

namespace wisp {

namespace {

struct Product {
  std::uint32_t high;
  std::uint32_t low;
};

Product multiply(std::uint32_t a, std::uint32_t b) {
  const std::uint64_t wide = static_cast<std::uint64_t>(a) * b;
  return {static_cast<std::uint32_t>(wide >> 32), static_cast<std::uint32_t>(wide)};
}

// Members of a subset of {0, ..., n-1}, as bits: for subsets that are not small.
class BitSet {
 public:
  explicit BitSet(std::uint32_t n) : words_((std::size_t{n} + 63) / 64) {}
  bool insert(std::uint32_t value) {
    const std::uint64_t bit = std::uint64_t{1} << (value % 64);
    const bool fresh = (words_[value / 64] & bit) == 0;
    words_[value / 64] |= bit;
    return fresh;
  }
  void write(std::span<std::uint32_t> sorted) const {
    std::size_t next = 0;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t rest = words_[i]; rest != 0; rest &= rest - 1) {
        sorted[next++] =
            static_cast<std::uint32_t>(i * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
      }
    }
  }

 private:
  std::vector<std::uint64_t> words_;
};

// The same as an open hash table of value + 1, at most half full.
class HashedSet {
 public:
  explicit HashedSet(std::size_t size) : slots_(std::bit_ceil(2 * size)) {}
  bool insert(std::uint32_t value) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = (value * std::size_t{0x9e3779b97f4a7c15}) >> 32 & mask;
    while (slots_[slot] != 0) {
      if (slots_[slot] == std::uint64_t{value} + 1) return false;
      slot = (slot + 1) & mask;
    }
    slots_[slot] = std::uint64_t{value} + 1;
    return true;
  }
  void write(std::span<std::uint32_t> sorted) const {
    std::size_t next = 0;
    for (const std::uint64_t slot : slots_) {
      if (slot != 0) sorted[next++] = static_cast<std::uint32_t>(slot - 1);
    }
    std::sort(sorted.begin(), sorted.end());
  }

 private:
  std::vector<std::uint64_t> slots_;
};

// R. Floyd's algorithm (Bentley, Floyd: Programming pearls: a sample of brilliance. CACM 1987).
template <class Set>
void draw_subset(Rng& rng, std::uint32_t n, std::span<std::uint32_t> chosen, Set set) {
  for (std::uint32_t last = n - static_cast<std::uint32_t>(chosen.size()); last < n; ++last) {
    // last + 1 is at most n, so it does not wrap.
    if (!set.insert(rng.below(last + 1))) set.insert(last);
  }
  set.write(chosen);
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const Product first = multiply(0xD2511F53, counter[0]);
    const Product second = multiply(0xCD9E8D57, counter[2]);
    counter = {second.high ^ counter[1] ^ key[0], second.low, first.high ^ counter[3] ^ key[1], first.low};
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  return counter;
}

Rng::Rng(std::uint64_t seed, std::uint32_t worker, std::uint64_t round, Purpose purpose)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      counter_{0, worker, static_cast<std::uint32_t>(round),
               static_cast<std::uint32_t>(purpose) << 24 | static_cast<std::uint32_t>(round >> 32)} {
  WISP_CHECK(round >> 56 == 0, "a round is below 2^56");
  WISP_CHECK(static_cast<std::uint32_t>(purpose) < 256, "a purpose is below 256");
}

void Rng::refill() {
  WISP_CHECK(!exhausted_, "a random stream was drawn to its end");
  block_ = philox4x32(counter_, key_);
  left_ = block_.size();
  exhausted_ = ++counter_[0] == 0;
}

std::uint32_t Rng::below(std::uint32_t n) {
  WISP_CHECK(n > 0, "there is nothing below 0");
  // Lemire: Fast random integer generation in an interval. TOMACS 2019.
  std::uint64_t wide = std::uint64_t{next32()} * n;
  if (static_cast<std::uint32_t>(wide) < n) {
    const std::uint32_t threshold = (0u - n) % n;
    while (static_cast<std::uint32_t>(wide) < threshold) wide = std::uint64_t{next32()} * n;
  }
  return static_cast<std::uint32_t>(wide >> 32);
}

double Rng::normal() {
  if (spare_) return *std::exchange(spare_, std::nullopt);
  double u = 0;
  double v = 0;
  double square = 0;
  do {
    u = 2 * uniform() - 1;
    v = 2 * uniform() - 1;
    square = u * u + v * v;
  } while (square >= 1 || square == 0);
  const double scale =
      std::sqrt(-2 * math::log(square) / square);  // sqrt is exact to the last bit everywhere
  spare_ = v * scale;
  return u * scale;
}

void Rng::sample_without_replacement(std::uint32_t n, std::span<std::uint32_t> chosen) {
  WISP_CHECK(chosen.size() <= n, "a subset is no larger than the set");
  if (chosen.empty()) return;
  if (chosen.size() >= n / 64) {
    draw_subset(*this, n, chosen, BitSet(n));
  } else {
    draw_subset(*this, n, chosen, HashedSet(chosen.size()));
  }
}

}  // namespace wisp
