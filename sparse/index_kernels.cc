#include "sparse/index_kernels.h"

#include <cstring>

namespace wisp::sparse {
namespace {

std::uint32_t load32(const std::byte* at) {
  std::uint32_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// The low bits of the gaps 16 row .. 16 row + 15. Where a gap ends in its first word, shifting in two steps
// makes nothing of the second.
void unpack_row(const std::byte* lows, std::size_t row, unsigned width, std::uint32_t* out) {
  const auto bit = static_cast<unsigned>(row) * width;
  const std::byte* const words = lows + std::size_t{bit / 32} * 64;
  const unsigned shift = bit % 32;
  const std::uint32_t mask = (1U << width) - 1;
  const std::size_t second_word = width == 0 ? 0 : 64;  // without low bits there is nothing to read
  for (std::size_t j = 0; j < 16; ++j) {
    const std::uint32_t first = load32(words + 4 * j) >> shift;
    const std::uint32_t second = load32(words + second_word + 4 * j) << 1 << (31 - shift);
    out[j] = (first | second) & mask;
  }
}

bool rice_blocks(const RiceBlocks& blocks, RicePlace& place, std::uint32_t* out) {
  const std::byte* lows = blocks.lows;
  OneBits ones(blocks.unary);
  for (const std::byte each : blocks.widths) {
    const auto width = static_cast<unsigned>(each);
    auto next = static_cast<std::uint32_t>(place.next);
    std::uint32_t start = place.start;
    std::uint32_t low_sum = 0;
    for (std::size_t row = 0; row < 32; ++row) {
      std::uint32_t gaps[16];
      unpack_row(lows, row, width, gaps);
      for (const std::uint32_t low : gaps) {
        const std::uint32_t position = ones.next();
        next += low + ((position - start) << width);
        low_sum += low;
        start = position + 1;
        *out++ = next++;
      }
    }
    if (!end_block(place, low_sum, start - 1, width, blocks.dim)) return false;
    lows += std::size_t{64} * width;
  }
  return true;
}

void set_bits(std::span<const std::byte> bits, std::span<std::uint32_t> out) {
  OneBits ones(bits);
  for (std::uint32_t& each : out) each = ones.next();
}

// In stretches of one length, which become vectors.
bool increase(Unaligned<std::uint32_t> indices) {
  constexpr std::size_t kStretch = 64;
  std::uint32_t wrong = 0;
  std::size_t i = 0;
  for (; i + kStretch < indices.size(); i += kStretch) {
    for (std::size_t j = i; j < i + kStretch; ++j) wrong |= indices[j] >= indices[j + 1] ? 1U : 0U;
  }
  return wrong == 0 && increase_from(indices, i);
}

constexpr IndexKernels kPortable{rice_blocks, set_bits, count_ones, increase};

}  // namespace

const IndexKernels& index_kernels(Instructions instructions) {
#ifdef __x86_64__
  if (instructions == Instructions::kAvx512) return kIndexAvx512;
  if (instructions == Instructions::kAvx2) return kIndexAvx2;
#endif
  static_cast<void>(instructions);
  return kPortable;
}

}  // namespace wisp::sparse
