#pragma once
// Random numbers of blocks or coordinates that a receiver can draw again.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/cpu.h"

namespace wisp::sparse {

// How. Numbers of the wire format: add at the end, never reorder.
enum class Draw : std::uint8_t {
  kSubset = 0,      // k of n, every set of k equally likely
  kStratified = 1,  // k of n, one in each of k stretches of as equal sizes as possible
  kBernoulli = 2,   // each of n with probability k / n, independently of all others
};

// What was drawn: with the key and n, all that it takes to draw it again.
struct Drawn {
  Draw how = Draw::kSubset;
  std::uint32_t k = 0;
  bool operator==(const Drawn&) const = default;
};

// Whose draw it is: that of Rng(seed, worker, round, Purpose::kBlocks). round < 2^56.
struct DrawKey {
  std::uint64_t seed = 0;
  std::uint32_t worker = 0;
  std::uint64_t round = 0;
};

constexpr std::size_t kNoBound = std::numeric_limits<std::size_t>::max();

// Strictly increasing numbers below n, each of them there with probability k / n: exactly k of them, k in the
// mean for kBernoulli. k <= n. A pure function of the key, n and k, with the same bits on every machine;
// docs/draws.md says it step by step.
//
// kStratified spreads evenly: any two numbers are less likely together than in a subset, or never, as those
// of one stretch. The stretches begin at a random coordinate, and go around; that is what makes the
// probability k / n where k does not divide n.
//
// Whoever draws what a message names checks its k and its round first; they are our own mistakes here. It
// gives as `most` one more than the numbers that it expects: kBernoulli then stops there, so no message makes
// it draw more than it has paid for. The others have k numbers whatever `most` is.
std::vector<std::uint32_t> draw(Draw how, const DrawKey& key, std::uint32_t n, std::uint32_t k,
                                std::size_t most = kNoBound, Instructions instructions = best_instructions());

}  // namespace wisp::sparse
