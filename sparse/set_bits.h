#pragma once
// A table of the positions of set bits, by which AVX2 does what AVX-512 has an instruction for.
#include <array>
#include <cstddef>
#include <cstdint>

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

}  // namespace wisp::sparse
