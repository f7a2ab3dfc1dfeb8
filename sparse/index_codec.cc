#include "sparse/index_codec.h"

#include <array>
#include <cstring>
#include <string>

#include "base/check.h"
#include "base/pack.h"
#include "sparse/index_bitmap.h"
#include "sparse/index_gaps.h"
#include "sparse/index_rice.h"

namespace wisp::sparse {
namespace {

constexpr std::size_t kTag = 1;

[[noreturn]] void malformed(const std::string& what) { throw DecodeError("indices: " + what); }

std::size_t raw_size(std::size_t k) { return k * sizeof(std::uint32_t); }

void decode_raw(std::span<const std::byte> bytes, std::uint32_t dim, std::span<std::uint32_t> out) {
  if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] >= dim) malformed(std::to_string(out[i]) + " is not below " + std::to_string(dim));
    if (i > 0 && out[i] <= out[i - 1]) {
      malformed(std::to_string(out[i]) + " follows " + std::to_string(out[i - 1]) +
                "; they must increase strictly");
    }
  }
}

// Writes the codec, and the payload by write(span).
template <class Write>
Bytes tagged(IndexCodec codec, std::size_t size, Write&& write) {
  Buffer buffer(kTag + size);
  buffer.span()[0] = static_cast<std::byte>(codec);
  write(buffer.span().subspan(kTag));
  return std::move(buffer).freeze();
}

Bytes encode_rice(std::span<const std::uint32_t> indices, const rice::Plan& plan) {
  return tagged(IndexCodec::kRice, plan.encoded_size(),
                [&](std::span<std::byte> out) { rice::encode(indices, plan, out); });
}

}  // namespace

std::string_view to_string(IndexCodec codec) {
  constexpr std::array<std::string_view, 4> kNames{"raw", "gaps", "rice", "bitmap"};
  return kNames.at(static_cast<std::size_t>(codec));
}

Bytes encode_indices(std::span<const std::uint32_t> indices, std::uint32_t dim) {
  WISP_CHECK(indices.empty() || indices.back() < dim, "indices are below the dimension");
  const rice::Plan plan = rice::plan(indices);
  IndexCodec best = IndexCodec::kRaw;
  std::size_t least = raw_size(indices.size());
  const auto offer = [&](IndexCodec codec, std::size_t size) {
    if (size < least) {
      best = codec;
      least = size;
    }
  };
  // Gaps take a byte each at least: where that is no gain they are not counted.
  if (plan.encoded_size() >= indices.size()) offer(IndexCodec::kGaps, gaps::encoded_size(indices));
  offer(IndexCodec::kRice, plan.encoded_size());
  offer(IndexCodec::kBitmap, bitmap::encoded_size(dim));
  return best == IndexCodec::kRice ? encode_rice(indices, plan) : encode_indices(indices, dim, best);
}

Bytes encode_indices(std::span<const std::uint32_t> indices, std::uint32_t dim, IndexCodec codec) {
  switch (codec) {
    case IndexCodec::kGaps:
      return tagged(codec, gaps::encoded_size(indices),
                    [&](std::span<std::byte> out) { gaps::encode(indices, out); });
    case IndexCodec::kRice:
      return encode_rice(indices, rice::plan(indices));
    case IndexCodec::kBitmap:
      return tagged(codec, bitmap::encoded_size(dim),
                    [&](std::span<std::byte> out) { bitmap::encode(indices, out); });
    case IndexCodec::kRaw:
      break;
  }
  return tagged(codec, raw_size(indices.size()), [&](std::span<std::byte> out) {
    if (!out.empty()) std::memcpy(out.data(), indices.data(), out.size());
  });
}

std::vector<std::uint32_t> decode_indices(std::span<const std::byte> bytes, std::size_t k, std::uint32_t dim,
                                          Instructions instructions) {
  if (k > dim) malformed(std::to_string(k) + " of " + std::to_string(dim) + " coordinates");
  if (bytes.empty()) malformed("there is no codec");
  const auto codec = static_cast<IndexCodec>(bytes[0]);
  const auto payload = bytes.subspan(kTag);
  std::vector<std::uint32_t> indices;
  switch (codec) {
    case IndexCodec::kRaw:
      if (payload.size() != raw_size(k)) {
        malformed(std::to_string(payload.size()) + " bytes, expected " + std::to_string(raw_size(k)));
      }
      indices.resize(k);
      decode_raw(payload, dim, indices);
      return indices;
    case IndexCodec::kGaps:
      gaps::check(payload, k);
      indices.resize(k);
      gaps::decode(payload, dim, indices);
      return indices;
    case IndexCodec::kRice: {
      const rice::Parts parts(payload, k, dim);
      indices.resize(k);
      rice::decode(parts, dim, indices, instructions);
      return indices;
    }
    case IndexCodec::kBitmap:
      bitmap::check(payload, k, dim);
      indices.resize(k);
      bitmap::decode(payload, indices, instructions);
      return indices;
  }
  malformed("unknown codec " + std::to_string(static_cast<unsigned>(codec)));
}

}  // namespace wisp::sparse
