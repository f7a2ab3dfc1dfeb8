#pragma once
// Indices as bytes: increasing numbers below dim, in the form that takes the fewest bytes.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/cpu.h"
#include "sparse/draw.h"
#include "sparse/unaligned.h"

namespace wisp::sparse {

// The first byte of the encoded form; the payload follows. The numbers are part of the wire format.
enum class IndexCodec : std::uint8_t {
  kRaw = 0,     // 4 bytes each, little-endian
  kGaps = 1,    // index_gaps.h: for few of them
  kRice = 2,    // index_rice.h: within a few percent of log2 C(dim, k) bits for indices without order
  kBitmap = 3,  // index_bitmap.h: for dense ones
  // Those that the receiver draws again (draw.h): nothing travels but how many are drawn in the mean, 4
  // bytes, little-endian, for kBernoulli.
  kSubset = 4,
  kStratified = 5,
  kBernoulli = 6,
};

std::string_view to_string(IndexCodec codec);

// `indices` increase strictly and are below `dim`. The codec is the one that makes it smallest, by the exact
// sizes; of equals the first. The same bytes on every processor.
Bytes encode_indices(std::span<const std::uint32_t> indices, std::uint32_t dim);
// The same with a codec that was chosen before, one of those that list them.
Bytes encode_indices(std::span<const std::uint32_t> indices, std::uint32_t dim, IndexCodec codec);
// How many bytes either would make.
std::size_t indices_size(std::span<const std::uint32_t> indices, std::uint32_t dim);
std::size_t indices_size(std::span<const std::uint32_t> indices, std::uint32_t dim, IndexCodec codec);

// Indices that whoever knows (seed, worker, round) can draw again.
Bytes encode_draw(const Drawn& drawn);

// The k indices below `dim` that `bytes` are, which nobody vouches for, into `indices`, whose memory is used
// again. `sender` is who drew them, where they were drawn. Throws DecodeError that says what is wrong unless
// these are the whole of exactly such an encoding, in any of the codecs: then the result increases strictly
// and is below dim; else `indices` are unspecified. Before the sizes and the number of indices are known to
// be right nothing is allocated; then 4 bytes each, which is at most 32 for each byte that came; or 4 k bytes
// if they are drawn, so the caller has reason to believe in k. With these instructions, which are available.
void decode_indices(std::span<const std::byte> bytes, std::size_t k, std::uint32_t dim, const DrawKey& sender,
                    std::vector<std::uint32_t>& indices, Instructions instructions = best_instructions());

// The same indices where they lie, if that is how they came (kRaw): checked, and thrown for, as by
// decode_indices(). Nothing if they have to be decoded.
std::optional<Unaligned<std::uint32_t>> indices_in_place(std::span<const std::byte> bytes, std::size_t k,
                                                         std::uint32_t dim,
                                                         Instructions instructions = best_instructions());

}  // namespace wisp::sparse
