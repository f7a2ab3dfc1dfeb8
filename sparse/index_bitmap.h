#pragma once
// Indices as a bitmap: bit i % 8 of byte i / 8 says whether i is one of them.
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/cpu.h"

namespace wisp::sparse::bitmap {

constexpr std::size_t encoded_size(std::uint32_t dim) { return (std::size_t{dim} + 7) / 8; }
// out.size() is that size.
void encode(std::span<const std::uint32_t> indices, std::span<std::byte> out);

// Throws DecodeError unless `bytes` are the bitmap of k indices below `dim`.
void check(std::span<const std::byte> bytes, std::size_t k, std::uint32_t dim, Instructions instructions);
// What has passed check(), into out.size() == k.
void decode(std::span<const std::byte> bytes, std::span<std::uint32_t> out, Instructions instructions);

}  // namespace wisp::sparse::bitmap
