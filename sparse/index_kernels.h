#pragma once
// The inner loops of decoding indices, one version for each kind of instructions.
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/cpu.h"
#include "sparse/bits.h"
#include "sparse/unaligned.h"

namespace wisp::sparse {

// Whole blocks of index_rice.h. The quotients hold a one for each index at least.
struct RiceBlocks {
  std::span<const std::byte> widths;  // one a block, at most rice::kWidthMax
  const std::byte* lows;              // 64 bytes behind them can be read
  std::span<const std::byte> unary;   // fewer than 2^32 bits
  std::uint32_t dim;
};

// Where a decoder of gaps stands.
struct RicePlace {
  std::uint64_t next = 0;   // behind the last index
  std::uint32_t start = 0;  // the bit of the quotients behind the last one
};

// Whether a block ends below dim, whose last index has the sum of `lows` and the one bit at `position`; moves
// `place` there. 64 bits hold whatever the block says, so nothing wraps that is accepted.
inline bool end_block(RicePlace& place, std::uint64_t lows, std::uint32_t position, unsigned width,
                      std::uint32_t dim) {
  const std::uint64_t quotients = position - place.start - 511;
  place.next += lows + (quotients << width) + 512;
  place.start = position + 1;
  return place.next <= dim;
}

struct IndexKernels {
  // Decodes 512 indices a block. False for an index that is not below dim; what was written is then
  // unspecified.
  bool (*rice_blocks)(const RiceBlocks& blocks, RicePlace& place, std::uint32_t* out);
  // The positions of the set bits; out.size() is their number.
  void (*set_bits)(std::span<const std::byte> bits, std::span<std::uint32_t> out);
  std::size_t (*count_ones)(std::span<const std::byte> bits);
  // Whether each is larger than the one before.
  bool (*increase)(Unaligned<std::uint32_t> indices);
};

// The same from `from` on, one at a time.
inline bool increase_from(Unaligned<std::uint32_t> indices, std::size_t from) {
  bool well = true;
  for (std::size_t i = from + 1; i < indices.size(); ++i) well &= indices[i - 1] < indices[i];
  return well;
}

// The instructions are available.
const IndexKernels& index_kernels(Instructions instructions);

#ifdef __x86_64__
extern const IndexKernels kIndexAvx2;
extern const IndexKernels kIndexAvx512;
#endif

}  // namespace wisp::sparse
