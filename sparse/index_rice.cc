#include "sparse/index_rice.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "base/pack.h"
#include "sparse/bits.h"
#include "sparse/index_kernels.h"

namespace wisp::sparse::rice {
namespace {

using Gaps = std::array<std::uint32_t, kBlock>;

[[noreturn]] void malformed(const std::string& what) { throw DecodeError("indices in Rice code: " + what); }

[[noreturn]] void too_large(std::uint32_t dim) { malformed("an index is not below " + std::to_string(dim)); }

// So many gaps are summed at a time; those of the tail are filled up with zeros, which are free.
constexpr std::size_t kStep = 16;

// Calls visit(gaps) with each block's gaps and those of the tail; zeros fill the last step.
template <class Visit>
void for_each_block(std::span<const std::uint32_t> indices, Visit&& visit) {
  Gaps gaps;
  std::uint32_t next = 0;
  for (std::size_t begin = 0; begin < indices.size(); begin += kBlock) {
    const std::size_t size = std::min(kBlock, indices.size() - begin);
    gaps[0] = indices[begin] - next;
    for (std::size_t i = 1; i < size; ++i) gaps[i] = indices[begin + i] - indices[begin + i - 1] - 1;
    next = indices[begin + size - 1] + 1;
    std::fill(gaps.begin() + static_cast<std::ptrdiff_t>(size), gaps.end(), 0U);
    visit(std::span<const std::uint32_t>(gaps).first(size));
  }
}

std::uint32_t quotients(std::span<const std::uint32_t> gaps, unsigned width) {
  std::uint32_t sum = 0;
  for (std::size_t begin = 0; begin < gaps.size(); begin += kStep) {
    const std::uint32_t* const step = gaps.data() + begin;
    for (std::size_t i = 0; i < kStep; ++i) sum += step[i] >> width;
  }
  return sum;
}

struct Width {
  unsigned bits;
  std::uint32_t quotients;
};

// For a geometric distribution the best width is about log2(ln 2 * mean); the exact cost decides between the
// whole numbers around it.
Width best_width(std::span<const std::uint32_t> gaps, unsigned most) {
  constexpr std::uint64_t kLn2 = 45426;  // in 2^-16
  const std::uint64_t aim = quotients(gaps, 0) * kLn2 / gaps.size() >> 16;
  const unsigned low = std::min(aim == 0 ? 0U : static_cast<unsigned>(std::bit_width(aim)) - 1, most);
  const unsigned high = std::min(low + 1, most);
  const Width narrow{low, quotients(gaps, low)};
  const Width wide{high, quotients(gaps, high)};
  return narrow.quotients <= wide.quotients + (high - low) * gaps.size() ? narrow : wide;
}

std::size_t tail_low_bytes(std::size_t size, unsigned width) { return (size * width + 7) / 8; }

// 16 columns of words; see the header.
void pack_lows(std::span<const std::uint32_t> gaps, unsigned width, std::byte* out) {
  std::array<std::uint32_t, std::size_t{16} * (kWidthMax + 1)> words{};
  const std::uint32_t mask = (1U << width) - 1;
  for (unsigned row = 0; row < 32; ++row) {
    const unsigned shift = row * width % 32;
    std::uint32_t* const first = &words[std::size_t{row * width / 32} * 16];
    for (std::size_t j = 0; j < 16; ++j) {
      const std::uint32_t low = gaps[16 * row + j] & mask;
      first[j] |= low << shift;
      first[16 + j] |= low >> 1 >> (31 - shift);
    }
  }
  std::memcpy(out, words.data(), std::size_t{64} * width);
}

}  // namespace

Plan plan(std::span<const std::uint32_t> indices) {
  Plan plan;
  plan.widths.reserve((indices.size() + kBlock - 1) / kBlock);
  plan.unary_bits = indices.size();
  for_each_block(indices, [&](std::span<const std::uint32_t> gaps) {
    const bool whole = gaps.size() == kBlock;
    const Width width = best_width(gaps, whole ? kWidthMax : kTailWidthMax);
    plan.widths.push_back(static_cast<std::uint8_t>(width.bits));
    plan.low_bytes += whole ? std::size_t{64} * width.bits : tail_low_bytes(gaps.size(), width.bits);
    plan.unary_bits += width.quotients;
  });
  return plan;
}

void encode(std::span<const std::uint32_t> indices, const Plan& plan, std::span<std::byte> out) {
  const std::size_t blocks = plan.widths.size();
  if (blocks != 0) std::memcpy(out.data(), plan.widths.data(), blocks);
  std::byte* lows = out.data() + blocks;
  BitWriter unary(lows + plan.low_bytes);
  const std::uint8_t* next_width = plan.widths.data();
  for_each_block(indices, [&](std::span<const std::uint32_t> gaps) {
    const unsigned width = *next_width++;
    if (gaps.size() == kBlock) {
      pack_lows(gaps, width, lows);
      lows += std::size_t{64} * width;
    } else {
      BitWriter tail(lows);
      const auto mask = static_cast<std::uint32_t>((std::uint64_t{1} << width) - 1);
      for (const std::uint32_t gap : gaps) tail.put(gap & mask, width);
      tail.finish();
    }
    BitWriter writer = unary;  // in registers while the loop runs
    for (const std::uint32_t gap : gaps) writer.put_unary(gap >> width);
    unary = writer;
  });
  unary.finish();
}

Parts::Parts(std::span<const std::byte> bytes, std::size_t k, std::uint32_t dim, Instructions instructions) {
  const std::size_t blocks = k / kBlock;
  const std::size_t tail = k % kBlock;
  const auto take = [&](std::size_t size, const char* what) {
    if (size > bytes.size()) malformed(std::string("the ") + what + " are cut short");
    const auto part = bytes.first(size);
    bytes = bytes.subspan(size);
    return part;
  };
  widths = take(blocks + (tail != 0 ? 1 : 0), "widths");
  std::size_t low_bytes = 0;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const auto width = static_cast<unsigned>(widths[i]);
    const unsigned most = i < blocks ? kWidthMax : kTailWidthMax;
    if (width > most) malformed("width " + std::to_string(width) + " is above " + std::to_string(most));
    if (i < blocks) low_bytes += std::size_t{64} * width;
  }
  lows = take(low_bytes, "low bits");
  if (tail != 0) {
    const std::size_t bits = tail * static_cast<unsigned>(widths.back());
    tail_lows = take((bits + 7) / 8, "low bits of the tail");
    if (bits % 8 != 0 && static_cast<unsigned>(tail_lows.back()) >> bits % 8 != 0) {
      malformed("a bit behind the low bits of the tail is set");
    }
  }
  unary = bytes;
  // k ones, and not more zeros than coordinates that are left out.
  if (unary.size() > (std::size_t{dim} + 7) / 8) malformed("the quotients are longer than the vector");
  const std::size_t ones = index_kernels(instructions).count_ones(unary);
  if (ones != k) malformed(std::to_string(ones) + " quotients, expected " + std::to_string(k));
  if (!unary.empty() && unary.back() == std::byte{0}) malformed("bytes behind the last quotient");
}

void decode(const Parts& parts, std::uint32_t dim, std::span<std::uint32_t> out, Instructions instructions) {
  const std::size_t blocks = out.size() / kBlock;
  const RiceBlocks whole{parts.widths.first(blocks), parts.lows.data(), parts.unary, dim};
  RicePlace place;
  if (!index_kernels(instructions).rice_blocks(whole, place, out.data())) too_large(dim);
  const auto tail = out.subspan(blocks * kBlock);
  if (tail.empty()) return;
  const auto width = static_cast<unsigned>(parts.widths.back());
  OneBits ones(parts.unary, place.start);
  // As in the kernels: no gap waits for the one before it. They increase, so the last one speaks for all.
  std::uint64_t lows = place.next;
  std::uint64_t index = 0;
  for (std::size_t i = 0; i < tail.size(); ++i) {
    const std::uint64_t quotients = ones.next() - place.start - i;
    if (width != 0) lows += bits_at(parts.tail_lows, i * width, width);
    index = lows + (quotients << width) + i;
    tail[i] = static_cast<std::uint32_t>(index);
  }
  if (index >= dim) too_large(dim);
}

}  // namespace wisp::sparse::rice
