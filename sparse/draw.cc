#include "sparse/draw.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <span>

#include "base/check.h"
#include "base/math.h"
#include "base/rng.h"
#include "sparse/draw_kernels.h"
#include "sparse/index_kernels.h"
#include "sparse/partition.h"

namespace wisp::sparse {
namespace {

using Numbers = std::vector<std::uint32_t>;

// The random numbers of a key, one after another.
class Stream {
 public:
  Stream(const DrawKey& key, Instructions instructions)
      : stream_(key), kernels_(draw_kernels(instructions)) {}

  // Fills `out` with first + i step + below(size), i = 0, 1, ..., modulo 2^32, where below() is that of Rng.
  // What is behind the last random number that this takes is left for the next call.
  void below(std::uint32_t size, std::uint32_t step, std::uint32_t first, std::span<std::uint32_t> out) {
    while (!out.empty()) {
      const auto fresh = some(out.size());
      const std::size_t taken = kernels_.below(fresh, size, step, first, out.data());
      first += static_cast<std::uint32_t>(taken) * step;
      out = out.subspan(taken);
    }
  }
  std::uint32_t below(std::uint32_t size) {
    std::uint32_t number = 0;
    below(size, 0, 0, {&number, 1});
    return number;
  }

 private:
  std::span<const std::uint32_t> some(std::size_t most) {
    if (left_ == 0) refill(most);
    const std::size_t count = std::min(most, left_);
    left_ -= count;
    return {ready_.data() + ready_size_ - left_ - count, count};
  }
  void refill(std::size_t wanted) {
    const std::size_t batches = std::min(kBatches, (wanted + kBatch - 1) / kBatch);
    kernels_.numbers(stream_, next_block_, batches, ready_.data());
    next_block_ += static_cast<std::uint32_t>(batches) * kBatchBlocks;
    ready_size_ = left_ = batches * kBatch;
  }

  static constexpr std::size_t kBatches = 16;

  PhiloxStream stream_;
  const DrawKernels& kernels_;
  std::uint32_t next_block_ = 0;
  std::size_t ready_size_ = 0;
  std::size_t left_ = 0;  // the last ones of those that are ready
  std::array<std::uint32_t, kBatches * kBatch> ready_;
};

// R. Floyd's algorithm: these are the numbers of published runs.
Numbers small_subset(const DrawKey& key, std::uint32_t n, std::uint32_t k) {
  Numbers numbers(k);
  Rng(key.seed, key.worker, key.round, Purpose::kBlocks).sample_without_replacement(n, numbers);
  return numbers;
}

// Sets these bits; how many of them were not set.
std::uint32_t mark(std::span<const std::uint32_t> positions, std::vector<std::uint64_t>& bits) {
  constexpr std::size_t kAhead = 32;  // the words are in no order, and more than the nearest caches hold
  std::uint64_t fresh = 0;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (i + kAhead < positions.size()) __builtin_prefetch(&bits[positions[i + kAhead] / 64], 1);
    const std::uint32_t position = positions[i];
    const std::uint64_t word = bits[position / 64];
    fresh += ~word >> position % 64 & 1;
    bits[position / 64] = word | std::uint64_t{1} << position % 64;
  }
  return static_cast<std::uint32_t>(fresh);
}

// The first `count` different ones among below(n), as bits.
std::vector<std::uint64_t> first_different(Stream& stream, std::uint32_t n, std::uint32_t count) {
  std::vector<std::uint64_t> bits((std::size_t{n} + 63) / 64);
  std::array<std::uint32_t, 1024> drawn;
  // Never more at once than are missing: so what is drawn last was missing.
  while (count != 0) {
    const std::span<std::uint32_t> some(drawn.data(), std::min<std::size_t>(count, drawn.size()));
    stream.below(n, 0, 0, some);
    count -= mark(some, bits);
  }
  return bits;
}

Numbers dense_subset(Stream& stream, std::uint32_t n, std::uint32_t k, Instructions instructions) {
  const bool complement = k > n / 2;
  auto bits = first_different(stream, n, complement ? n - k : k);
  if (complement) {
    for (std::uint64_t& word : bits) word = ~word;
    if (n % 64 != 0) bits.back() &= (std::uint64_t{1} << n % 64) - 1;
  }
  Numbers numbers(k);
  if (k > n / 16) {  // four of a word
    index_kernels(instructions).set_bits(std::as_bytes(std::span(bits)), numbers);
  } else {
    draw_kernels(instructions).positions(bits, numbers);
  }
  return numbers;
}

// Into buckets by their upper bits, about two in each; then little is left to sort.
void sort_uniform(Numbers& numbers, std::uint32_t n) {
  const std::size_t wanted = numbers.size() / 2 + 1;
  int shift = 0;
  while ((std::size_t{n - 1} >> shift) >= wanted) ++shift;
  std::vector<std::uint32_t> ends((std::size_t{n - 1} >> shift) + 2);
  for (const std::uint32_t number : numbers) ++ends[(number >> shift) + 1];
  for (std::size_t i = 1; i < ends.size(); ++i) ends[i] += ends[i - 1];
  Numbers sorted(numbers.size());
  for (const std::uint32_t number : numbers) sorted[ends[number >> shift]++] = number;
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    const std::uint32_t moved = sorted[i];
    std::size_t to = i;
    for (; to > 0 && sorted[to - 1] > moved; --to) sorted[to] = sorted[to - 1];
    sorted[to] = moved;
  }
  numbers = std::move(sorted);
}

// The same first different ones, without a bit for each of many that are not drawn.
Numbers sparse_subset(Stream& stream, std::uint32_t n, std::uint32_t k) {
  Numbers numbers(k);
  stream.below(n, 0, 0, numbers);
  sort_uniform(numbers, n);
  for (;;) {
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    const std::size_t found = numbers.size();
    if (found == k) return numbers;
    numbers.resize(k);
    const std::span<std::uint32_t> missing(numbers.data() + found, k - found);
    stream.below(n, 0, 0, missing);
    std::sort(missing.begin(), missing.end());
    std::inplace_merge(numbers.begin(), numbers.end() - static_cast<std::ptrdiff_t>(missing.size()),
                       numbers.end());
  }
}

Numbers subset(const DrawKey& key, std::uint32_t n, std::uint32_t k, Instructions instructions) {
  constexpr std::uint32_t kSmall = 64;
  constexpr std::uint32_t kBitsOfEach = 256;  // so many take as long to look through as one number to sort
  if (k < kSmall) return small_subset(key, n, k);
  Stream stream(key, instructions);
  if (n / k < kBitsOfEach) return dense_subset(stream, n, k, instructions);
  return sparse_subset(stream, n, k);
}

// One of each of k stretches of the circle of n, which begins at `origin`.
class Strata {
 public:
  Strata(Stream& stream, std::uint32_t n, std::uint32_t k)
      : stream_(stream), k_(k), size_(n / k), larger_(n % k), origin_(stream.below(n)) {}

  Numbers draw(std::uint32_t n) {
    Numbers numbers(k_);
    const std::uint32_t to_zero = n - origin_;  // from the origin to where the circle closes
    // The stretch that holds 0 of the circle, if the origin is not 0 itself; those before it end as the last
    // numbers, those behind it as the first.
    const std::uint32_t closing = origin_ == 0 ? k_ : number_at(to_zero);
    const std::span<std::uint32_t> last(numbers.data() + k_ - closing, closing);
    draw(0, closing, origin_, last);
    if (closing == k_) return numbers;
    const std::uint32_t place = offset(closing) + stream_.below(size(closing));
    const bool closes = place >= to_zero;
    if (closes) {
      numbers.front() = place - to_zero;
    } else {
      std::copy(last.begin(), last.end(), last.begin() - 1);
      numbers.back() = origin_ + place;
    }
    draw(closing + 1, k_, 0U - to_zero, std::span(numbers).subspan(closes ? 1 : 0, k_ - closing - 1));
    return numbers;
  }

 private:
  std::uint32_t offset(std::uint32_t number) const { return number * size_ + std::min(number, larger_); }
  std::uint32_t size(std::uint32_t number) const { return size_ + (number < larger_ ? 1 : 0); }
  std::uint32_t number_at(std::uint32_t place) const {
    const std::uint32_t of_larger = larger_ * (size_ + 1);
    return place < of_larger ? place / (size_ + 1) : larger_ + (place - of_larger) / size_;
  }
  // Those of the stretches begin .. end-1, moved by `by` modulo 2^32.
  void draw(std::uint32_t begin, std::uint32_t end, std::uint32_t by, std::span<std::uint32_t> out) {
    const std::uint32_t middle = std::clamp(larger_, begin, end);
    if (begin < middle) stream_.below(size_ + 1, size_ + 1, offset(begin) + by, out.first(middle - begin));
    if (middle < end) stream_.below(size_, size_, offset(middle) + by, out.last(end - middle));
  }

  Stream& stream_;
  std::uint32_t k_;
  std::uint32_t size_;    // of the smaller ones
  std::uint32_t larger_;  // number of those that have one more
  std::uint32_t origin_;
};

Numbers stratified(const DrawKey& key, std::uint32_t n, std::uint32_t k, Instructions instructions) {
  Stream stream(key, instructions);
  return Strata(stream, n, k).draw(n);
}

// By its gaps: they are geometric, P(gap >= g) = (1 - p)^g, and so floor(log(1 - u) / log(1 - p)) for u
// uniform in [0, 1), with logarithms that have the same bits everywhere. It takes time in k, not n.
Numbers bernoulli(const DrawKey& key, std::uint32_t n, std::uint32_t k, std::size_t most) {
  Rng rng(key.seed, key.worker, key.round, Purpose::kBlocks);
  const double log_of_no = math::log1p(-(static_cast<double>(k) / n));  // -infinity, all gaps 0, for k = n
  const auto gap = [&] { return std::floor(math::log(1 - rng.uniform()) / log_of_no); };
  Numbers numbers;
  numbers.reserve(std::min<std::size_t>(k, most));
  for (double next = gap(); next < n && numbers.size() < most; next += 1 + gap()) {
    numbers.push_back(static_cast<std::uint32_t>(next));
  }
  return numbers;
}

}  // namespace

Numbers draw(Draw how, const DrawKey& key, std::uint32_t n, std::uint32_t k, std::size_t most,
             Instructions instructions) {
  WISP_CHECK(k <= n, "no more numbers can be drawn than there are");
  WISP_CHECK(key.round >> 56 == 0, "a round is below 2^56");
  if (k == 0) return {};
  switch (how) {
    case Draw::kSubset:
      return subset(key, n, k, instructions);
    case Draw::kStratified:
      return stratified(key, n, k, instructions);
    case Draw::kBernoulli:
      return bernoulli(key, n, k, most);
  }
  WISP_CHECK(false, "unknown draw");
}

}  // namespace wisp::sparse
