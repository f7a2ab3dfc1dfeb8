#pragma once
// The positions of set bits: a table, by which AVX2 does what AVX-512 has an instruction for, and a loop for
// words that have few.
#include <array>
#include <cstddef>
#include <cstdint>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/cpu.h"

namespace wisp::sparse {

// Byte j of kSetBits[m] is the position of the j-th set bit of m, from the lowest on; 0 behind the last.
inline constexpr std::array<std::uint64_t, 256> kSetBits = [] {
  std::array<std::uint64_t, 256> table{};
  for (unsigned mask = 0; mask < 256; ++mask) {
    unsigned count = 0;
    for (std::uint64_t bit = 0; bit < 8; ++bit) {
      if ((mask >> bit & 1) != 0) table[mask] |= bit << (8 * count++);
    }
  }
  return table;
}();

#ifdef __x86_64__
// Writes the positions of the set bits, that of the lowest being `base`, and returns the place behind them.
// Two are written whether the word has them or not, and up to 64 in all: where few words have more, a branch
// seldom goes another way.
WISP_AVX2_INLINE std::uint32_t* set_bits_of(std::uint64_t word, std::uint32_t base, std::uint32_t* out) {
  std::uint32_t* const end = out + __builtin_popcountll(word);
  do {
    out[0] = base + static_cast<std::uint32_t>(_tzcnt_u64(word));
    word &= word - 1;
    out[1] = base + static_cast<std::uint32_t>(_tzcnt_u64(word));
    word &= word - 1;
    out += 2;
  } while (out < end);
  return end;
}
#endif

}  // namespace wisp::sparse
