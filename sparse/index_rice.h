#pragma once
// Indices as gaps in split Golomb-Rice code: close to the fewest bits, and made to be decoded by vectors.
//
// A gap is the index minus the index before it (-1 before the first) minus 1. Gaps go in blocks of 512, the
// rest is the tail. Each block has a width l; a gap is its low l bits, and its quotient by 2^l in unary: so
// many zero bits and a one. For gaps that are geometrically distributed, as those of indices without order
// are, this takes 1 to 2 % more than their entropy (Golomb: Run-length encodings. IEEE Trans. IT 1966; Rice,
// Plaunt: Adaptive variable-length coding. IEEE Trans. COM 1971); and l follows the density where that
// changes.
//
//   widths      one byte for each block, and one for the tail if there is one
//   lows        of each block, 64 l bytes: 16 columns of 32-bit little-endian words, row after row. Column j
//               has the low bits of the gaps j, 16 + j, 32 + j, ..., lowest bit first
//   tail lows   the low bits of the tail, one after another, lowest first; zero bits fill the last byte
//   quotients   of all blocks and the tail, one after another; zero bits fill the last byte
//
// Bits are numbered from the lowest of the first byte. The widths of blocks are at most 23, that of the tail
// at most 31: no wider ones are ever shorter, as dim < 2^32.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/cpu.h"

namespace wisp::sparse::rice {

constexpr std::size_t kBlock = 512;
constexpr unsigned kWidthMax = 23;
constexpr unsigned kTailWidthMax = 31;

// How some indices will be encoded.
struct Plan {
  std::vector<std::uint8_t> widths;
  std::size_t low_bytes = 0;  // of the blocks and the tail
  std::size_t unary_bits = 0;

  std::size_t encoded_size() const { return widths.size() + low_bytes + (unary_bits + 7) / 8; }
};

Plan plan(std::span<const std::uint32_t> indices);
// out.size() is plan(indices).encoded_size().
void encode(std::span<const std::uint32_t> indices, const Plan& plan, std::span<std::byte> out);

// Where the parts of an encoding lie. Throws DecodeError unless `bytes` have parts of the right sizes and k
// quotients.
struct Parts {
  Parts(std::span<const std::byte> bytes, std::size_t k, std::uint32_t dim, Instructions instructions);

  std::span<const std::byte> widths;
  std::span<const std::byte> lows;
  std::span<const std::byte> tail_lows;
  std::span<const std::byte> unary;
};
// Into out.size() == k. Throws DecodeError for an index that is not below `dim`.
void decode(const Parts& parts, std::uint32_t dim, std::span<std::uint32_t> out, Instructions instructions);

}  // namespace wisp::sparse::rice
