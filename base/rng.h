#pragma once
// Rng: random numbers as a pure function of (seed, worker, round, purpose).
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "base/check.h"

namespace wisp {

// What a stream is drawn for, so that two uses in one round never share numbers. The numbers are part of
// every published result: add at the end, never reorder.
enum class Purpose : std::uint32_t {
  kBlocks,
  kShuffle,
  kData,
  kInit,
  kBatch,
  kNetwork,
  kCompute,
  kFaults,
  kRounding,
  kChaos
};

// One block of Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC
// 2011).
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

// A stream of random numbers. It has no history outside itself: a restarted worker draws the same numbers,
// and a receiver can draw the sender's. The same numbers on every machine. Cheap to make; not thread-safe.
// The seed is the Philox key; worker, round and purpose fill 96 bits of the counter, so no two streams of a
// seed overlap: round < 2^56, and at most 2^34 32-bit numbers a stream, both checked.
class Rng {
 public:
  Rng(std::uint64_t seed, std::uint32_t worker, std::uint64_t round, Purpose purpose);

  std::uint32_t next32() {
    if (left_ == 0) refill();
    return block_[block_.size() - left_--];
  }
  std::uint64_t next64() {  // the first number drawn is the low half
    const std::uint64_t low = next32();
    return low | static_cast<std::uint64_t>(next32()) << 32;
  }
  // In [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(next64() >> 11) * 0x1p-53; }
  // In {0, ..., n-1}, without bias; n > 0.
  std::uint32_t below(std::uint32_t n);
  // Standard normal, by the polar method over base/math.h.
  double normal();

  // Every order equally likely. At most 2^32-1 items.
  template <class T>
  void shuffle(std::span<T> items) {
    WISP_CHECK(items.size() <= std::numeric_limits<std::uint32_t>::max(), "too many items to shuffle");
    for (std::size_t i = items.size(); i > 1; --i) {
      const std::uint32_t j = below(static_cast<std::uint32_t>(i));
      std::swap(items[i - 1], items[j]);
    }
  }
  // Fills `chosen` with a strictly increasing subset of {0, ..., n-1}, each of its size equally likely. Takes
  // time and memory in the size of `chosen`, not n. chosen.size() <= n.
  void sample_without_replacement(std::uint32_t n, std::span<std::uint32_t> chosen);

 private:
  void refill();

  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;  // position, worker, low round, purpose and high round
  std::array<std::uint32_t, 4> block_{};
  std::size_t left_ = 0;  // numbers of block_ that are not drawn yet
  bool exhausted_ = false;
  std::optional<double> spare_;  // the polar method makes two normals at a time
};

}  // namespace wisp
