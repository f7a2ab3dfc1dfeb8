#pragma once
// Indices as gaps in LEB128: seven bits a byte, lowest first, the highest bit says that more follow.
#include <cstddef>
#include <cstdint>
#include <span>

namespace wisp::sparse::gaps {

// A gap is the index minus the index before it (-1 before the first) minus 1.
std::size_t encoded_size(std::span<const std::uint32_t> indices);
// out.size() is that size.
void encode(std::span<const std::uint32_t> indices, std::span<std::byte> out);

// Throws DecodeError unless `bytes` are exactly k numbers.
void check(std::span<const std::byte> bytes, std::size_t k);
// What has passed check(), into out.size() == k. Throws DecodeError for a number that is longer than it needs
// to be, and for an index that is not below `dim`.
void decode(std::span<const std::byte> bytes, std::uint32_t dim, std::span<std::uint32_t> out);

}  // namespace wisp::sparse::gaps
