#include "sparse/index_codec.h"

#include <array>
#include <cstring>
#include <string>

#include "base/check.h"
#include "base/pack.h"
#include "sparse/index_bitmap.h"
#include "sparse/index_gaps.h"
#include "sparse/index_kernels.h"
#include "sparse/index_rice.h"

namespace wisp::sparse {
namespace {

constexpr std::size_t kTag = 1;

[[noreturn]] void malformed(const std::string& what) { throw DecodeError("indices: " + what); }

std::size_t raw_size(std::size_t k) { return k * sizeof(std::uint32_t); }

void expect_size(std::span<const std::byte> payload, std::size_t size) {
  if (payload.size() != size) {
    malformed(std::to_string(payload.size()) + " bytes, expected " + std::to_string(size));
  }
}

// The codecs of what is drawn again follow one another as the ways to draw do.
IndexCodec codec_of(Draw how) {
  return static_cast<IndexCodec>(static_cast<unsigned>(IndexCodec::kSubset) + static_cast<unsigned>(how));
}
Draw how_of(IndexCodec codec) {
  return static_cast<Draw>(static_cast<unsigned>(codec) - static_cast<unsigned>(IndexCodec::kSubset));
}

// One more than k is never drawn: that many are wrong already.
void decode_bernoulli(std::span<const std::byte> payload, std::size_t k, std::uint32_t dim,
                      const DrawKey& sender, std::vector<std::uint32_t>& indices) {
  std::uint32_t expected = 0;
  expect_size(payload, sizeof(expected));
  std::memcpy(&expected, payload.data(), sizeof(expected));
  if (expected > dim) malformed(std::to_string(expected) + " of " + std::to_string(dim) + " coordinates");
  indices = draw(Draw::kBernoulli, sender, dim, expected, k + 1);
  if (indices.size() != k) malformed("the draw has not " + std::to_string(k) + " of them");
}

// Which one is wrong is looked for where one is.
Unaligned<std::uint32_t> checked_raw(std::span<const std::byte> payload, std::size_t k, std::uint32_t dim,
                                     Instructions instructions) {
  expect_size(payload, raw_size(k));
  const Unaligned<std::uint32_t> indices(payload);
  if (k == 0 || (index_kernels(instructions).increase(indices) && indices.back() < dim)) return indices;
  for (std::size_t i = 0; i < k; ++i) {
    if (indices[i] >= dim) malformed(std::to_string(indices[i]) + " is not below " + std::to_string(dim));
    if (i > 0 && indices[i] <= indices[i - 1]) {
      malformed(std::to_string(indices[i]) + " follows " + std::to_string(indices[i - 1]) +
                "; they must increase strictly");
    }
  }
  WISP_CHECK(false, "indices that are refused are wrong somewhere");
}

IndexCodec codec_named(std::span<const std::byte> bytes, std::size_t k, std::uint32_t dim) {
  if (k > dim) malformed(std::to_string(k) + " of " + std::to_string(dim) + " coordinates");
  if (bytes.empty()) malformed("there is no codec");
  return static_cast<IndexCodec>(bytes[0]);
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

struct Smallest {
  IndexCodec codec;
  std::size_t size;  // without the tag
};

Smallest smallest(std::span<const std::uint32_t> indices, std::uint32_t dim, const rice::Plan& plan) {
  WISP_CHECK(indices.empty() || indices.back() < dim, "indices are below the dimension");
  Smallest best{IndexCodec::kRaw, raw_size(indices.size())};
  const auto offer = [&](IndexCodec codec, std::size_t size) {
    if (size < best.size) best = {codec, size};
  };
  // Gaps take a byte each at least: where that is no gain they are not counted.
  if (plan.encoded_size() >= indices.size()) offer(IndexCodec::kGaps, gaps::encoded_size(indices));
  offer(IndexCodec::kRice, plan.encoded_size());
  offer(IndexCodec::kBitmap, bitmap::encoded_size(dim));
  return best;
}

}  // namespace

std::string_view to_string(IndexCodec codec) {
  constexpr std::array<std::string_view, 7> kNames{"raw",    "gaps",       "rice",     "bitmap",
                                                   "subset", "stratified", "bernoulli"};
  return kNames.at(static_cast<std::size_t>(codec));
}

Bytes encode_indices(std::span<const std::uint32_t> indices, std::uint32_t dim) {
  const rice::Plan plan = rice::plan(indices);
  const IndexCodec best = smallest(indices, dim, plan).codec;
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
    case IndexCodec::kSubset:
    case IndexCodec::kStratified:
    case IndexCodec::kBernoulli:
      WISP_CHECK(false, "what is drawn again is not encoded");
  }
  return tagged(codec, raw_size(indices.size()), [&](std::span<std::byte> out) {
    if (!out.empty()) std::memcpy(out.data(), indices.data(), out.size());
  });
}

std::size_t indices_size(std::span<const std::uint32_t> indices, std::uint32_t dim) {
  return kTag + smallest(indices, dim, rice::plan(indices)).size;
}

std::size_t indices_size(std::span<const std::uint32_t> indices, std::uint32_t dim, IndexCodec codec) {
  switch (codec) {
    case IndexCodec::kGaps:
      return kTag + gaps::encoded_size(indices);
    case IndexCodec::kRice:
      return kTag + rice::plan(indices).encoded_size();
    case IndexCodec::kBitmap:
      return kTag + bitmap::encoded_size(dim);
    case IndexCodec::kRaw:
      break;
    case IndexCodec::kSubset:
    case IndexCodec::kStratified:
    case IndexCodec::kBernoulli:
      WISP_CHECK(false, "what is drawn again is not encoded");
  }
  return kTag + raw_size(indices.size());
}

Bytes encode_draw(const Drawn& drawn) {
  const IndexCodec codec = codec_of(drawn.how);
  if (codec != IndexCodec::kBernoulli) return tagged(codec, 0, [](std::span<std::byte>) {});
  return tagged(codec, sizeof(drawn.k),
                [&](std::span<std::byte> out) { std::memcpy(out.data(), &drawn.k, sizeof(drawn.k)); });
}

void decode_indices(std::span<const std::byte> bytes, std::size_t k, std::uint32_t dim, const DrawKey& sender,
                    std::vector<std::uint32_t>& indices, Instructions instructions) {
  const IndexCodec codec = codec_named(bytes, k, dim);
  const auto payload = bytes.subspan(kTag);
  switch (codec) {
    case IndexCodec::kRaw:
      checked_raw(payload, k, dim, instructions);
      indices.resize(k);
      if (k != 0) std::memcpy(indices.data(), payload.data(), payload.size());
      return;
    case IndexCodec::kGaps:
      gaps::check(payload, k);
      indices.resize(k);
      return gaps::decode(payload, dim, indices);
    case IndexCodec::kRice: {
      const rice::Parts parts(payload, k, dim, instructions);
      indices.resize(k);
      return rice::decode(parts, dim, indices, instructions);
    }
    case IndexCodec::kBitmap:
      bitmap::check(payload, k, dim, instructions);
      indices.resize(k);
      return bitmap::decode(payload, indices, instructions);
    case IndexCodec::kSubset:
    case IndexCodec::kStratified:
      expect_size(payload, 0);
      indices = draw(how_of(codec), sender, dim, static_cast<std::uint32_t>(k));
      return;
    case IndexCodec::kBernoulli:
      return decode_bernoulli(payload, k, dim, sender, indices);
  }
  malformed("unknown codec " + std::to_string(static_cast<unsigned>(codec)));
}

std::optional<Unaligned<std::uint32_t>> indices_in_place(std::span<const std::byte> bytes, std::size_t k,
                                                         std::uint32_t dim, Instructions instructions) {
  if (codec_named(bytes, k, dim) != IndexCodec::kRaw) return {};
  return checked_raw(bytes.subspan(kTag), k, dim, instructions);
}

}  // namespace wisp::sparse
