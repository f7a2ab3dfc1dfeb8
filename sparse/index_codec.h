#pragma once
// Indices as bytes: increasing numbers below dim, in the form that takes the fewest bytes.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/cpu.h"

namespace wisp::sparse {

// The first byte of the encoded form; the payload follows. The numbers are part of the wire format.
enum class IndexCodec : std::uint8_t {
  kRaw = 0,     // 4 bytes each, little-endian
  kGaps = 1,    // index_gaps.h: for few of them
  kRice = 2,    // index_rice.h: within a few percent of log2 C(dim, k) bits for indices without order
  kBitmap = 3,  // index_bitmap.h: for dense ones
};

std::string_view to_string(IndexCodec codec);

// `indices` increase strictly and are below `dim`. The codec is the one that makes it smallest, by the exact
// sizes; of equals the first. The same bytes on every processor.
Bytes encode_indices(std::span<const std::uint32_t> indices, std::uint32_t dim);
// The same with a codec that was chosen before.
Bytes encode_indices(std::span<const std::uint32_t> indices, std::uint32_t dim, IndexCodec codec);

// The k indices below `dim` that `bytes` are, which nobody vouches for. Throws DecodeError that says what is
// wrong unless these are the whole of exactly such an encoding, in any of the codecs: then the result
// increases strictly and is below dim. Before the sizes and the number of indices are known to be right
// nothing is allocated; then 4 bytes each, which is at most 32 for each byte that came. With these
// instructions, which are available.
std::vector<std::uint32_t> decode_indices(std::span<const std::byte> bytes, std::size_t k, std::uint32_t dim,
                                          Instructions instructions = best_instructions());

}  // namespace wisp::sparse
