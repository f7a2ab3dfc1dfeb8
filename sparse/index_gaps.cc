#include "sparse/index_gaps.h"

#include <algorithm>
#include <bit>
#include <string>

#include "base/pack.h"

namespace wisp::sparse::gaps {
namespace {

[[noreturn]] void malformed(const std::string& what) { throw DecodeError("indices as gaps: " + what); }

std::size_t length_of(std::uint32_t gap) {
  return (static_cast<std::size_t>(std::bit_width(gap | 1)) + 6) / 7;
}

}  // namespace

std::size_t encoded_size(std::span<const std::uint32_t> indices) {
  std::size_t size = 0;
  std::uint32_t next = 0;
  for (const std::uint32_t index : indices) {
    size += length_of(index - next);
    next = index + 1;
  }
  return size;
}

void encode(std::span<const std::uint32_t> indices, std::span<std::byte> out) {
  std::byte* at = out.data();
  std::uint32_t next = 0;
  for (const std::uint32_t index : indices) {
    std::uint32_t gap = index - next;
    for (; gap >= 128; gap >>= 7) *at++ = static_cast<std::byte>(gap | 128);
    *at++ = static_cast<std::byte>(gap);
    next = index + 1;
  }
}

void check(std::span<const std::byte> bytes, std::size_t k) {
  const auto is_last = [](std::byte byte) { return (byte & std::byte{128}) == std::byte{0}; };
  const auto count = static_cast<std::size_t>(std::count_if(bytes.begin(), bytes.end(), is_last));
  if (count != k) malformed(std::to_string(count) + " numbers, expected " + std::to_string(k));
  if (!bytes.empty() && !is_last(bytes.back())) malformed("the last number is cut short");
}

void decode(std::span<const std::byte> bytes, std::uint32_t dim, std::span<std::uint32_t> out) {
  const std::byte* at = bytes.data();
  std::uint64_t next = 0;
  for (std::uint32_t& index : out) {
    std::uint64_t gap = 0;
    unsigned shift = 0;
    auto byte = static_cast<std::uint64_t>(*at++);
    for (; byte >= 128 && shift < 35; byte = static_cast<std::uint64_t>(*at++), shift += 7) {
      gap |= (byte & 127) << shift;
    }
    if (byte >= 128 || (byte == 0 && shift > 0)) malformed("a number is longer than it needs to be");
    next += gap | byte << shift;
    if (next >= dim) malformed("index " + std::to_string(next) + " is not below " + std::to_string(dim));
    index = static_cast<std::uint32_t>(next++);
  }
}

}  // namespace wisp::sparse::gaps
