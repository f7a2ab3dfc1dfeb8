#pragma once
// The inner loops of draw(), a version for each kind of instructions.
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/cpu.h"
#include "sparse/draw.h"

namespace wisp::sparse {

// The random numbers of Rng(seed, worker, round, Purpose::kBlocks): the blocks of Philox4x32-10 with the
// counters (0, rest), (1, rest), ...
struct PhiloxStream {
  explicit PhiloxStream(const DrawKey& key);

  std::array<std::uint32_t, 2> key;
  std::array<std::uint32_t, 3> rest;  // worker, low round, purpose and high round
};

// Philox4x32-10: multipliers of counter words 0 and 2, and what is added to the key from round to round.
constexpr std::array<std::uint32_t, 2> kPhiloxMultipliers{0xD2511F53, 0xCD9E8D57};
constexpr std::array<std::uint32_t, 2> kPhiloxSteps{0x9E3779B9, 0xBB67AE85};
constexpr unsigned kPhiloxRounds = 10;

constexpr std::uint32_t kBatchBlocks = 32;
constexpr std::size_t kBatch = std::size_t{4} * kBatchBlocks;  // numbers of so many blocks

// Lemire: x of 32 bits stands for floor(x size / 2^32) of {0, ..., size-1}, unless the lower half of the
// product is below this; that x is passed over, so that every value is equally likely.
inline std::uint32_t lemire_threshold(std::uint32_t size) { return (0U - size) % size; }

struct DrawKernels {
  // The numbers of so many batches of the stream, from block `first` on.
  void (*numbers)(const PhiloxStream& stream, std::uint32_t first, std::size_t batches, std::uint32_t* out);

  // For the i-th of `numbers` that is not passed over, i from 0 on: first + i step + what it stands for in
  // {0, ..., size-1}, modulo 2^32. How many they are. There is room for numbers.size() of them.
  std::size_t (*below)(std::span<const std::uint32_t> numbers, std::uint32_t size, std::uint32_t step,
                       std::uint32_t first, std::uint32_t* out);

  // The positions of the set bits, from the lowest of the first word on; out.size() is their number. Fast
  // where most words have at most two; IndexKernels::set_bits is where they have many.
  void (*positions)(std::span<const std::uint64_t> bits, std::span<std::uint32_t> out);
};

// The instructions are available.
const DrawKernels& draw_kernels(Instructions instructions);

#ifdef __x86_64__
extern const DrawKernels kDrawAvx2;
extern const DrawKernels kDrawAvx512;
#endif

// One number at a time; as DrawKernels::below.
inline std::size_t below_portable(std::span<const std::uint32_t> numbers, std::uint32_t size,
                                  std::uint32_t step, std::uint32_t first, std::uint32_t* out) {
  const std::uint32_t threshold = lemire_threshold(size);
  std::size_t taken = 0;
  for (const std::uint32_t number : numbers) {
    const std::uint64_t wide = std::uint64_t{number} * size;
    out[taken] = first + static_cast<std::uint32_t>(wide >> 32);
    const bool fair = static_cast<std::uint32_t>(wide) >= threshold;
    taken += fair ? 1 : 0;
    first += fair ? step : 0;
  }
  return taken;
}

// The positions of the bits of one word, the lowest of which is `base`. The place behind them.
inline std::uint32_t* positions_portable(std::uint64_t word, std::uint32_t base, std::uint32_t* out) {
  for (; word != 0; word &= word - 1) *out++ = base + static_cast<std::uint32_t>(std::countr_zero(word));
  return out;
}

}  // namespace wisp::sparse
