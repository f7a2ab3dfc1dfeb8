// Encoded indices: what is decoded increases strictly and is below dim, whatever the processor, and codecs
// give back what they took.
#include <algorithm>
#include <functional>

#include "base/cpu.h"
#include "base/pack.h"
#include "sparse/index_codec.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

using sparse::IndexCodec;
using Indices = std::vector<std::uint32_t>;

constexpr IndexCodec kCodecs[] = {IndexCodec::kRaw, IndexCodec::kGaps, IndexCodec::kRice,
                                  IndexCodec::kBitmap};
constexpr std::size_t kDrawnMax = 4096;
constexpr std::uint32_t kBitmapDimMax = 1 << 20;

// Who drew what is drawn again.
constexpr sparse::DrawKey kSender{.seed = 7, .worker = 2, .round = 31};

struct Outcome {
  Indices indices;
  std::string complaint;  // empty: there are indices
  bool operator==(const Outcome&) const = default;
};

Outcome decode(Data bytes, std::size_t k, std::uint32_t dim, Instructions instructions) {
  try {
    Indices indices;
    sparse::decode_indices(bytes, k, dim, kSender, indices, instructions);
    return {std::move(indices), ""};
  } catch (const DecodeError& error) {
    return {{}, error.what()};
  }
}

// A number of indices at which the bytes have a chance; the last is anything.
std::size_t likely_k(unsigned how, std::uint32_t number, Data bytes) {
  const std::size_t payload = bytes.empty() ? 0 : bytes.size() - 1;
  if (how % 4 == 0) return payload / 4;  // raw
  const auto small = [](std::byte byte) { return (byte & std::byte{128}) == std::byte{0}; };
  if (how % 4 == 1)
    return static_cast<std::size_t>(
        std::count_if(bytes.end() - static_cast<std::ptrdiff_t>(payload), bytes.end(), small));
  return how % 4 == 2 ? number & 0xfff : number;
}

bool is_drawn(Data bytes) { return !bytes.empty() && bytes[0] >= std::byte{4} && bytes[0] <= std::byte{6}; }

void check_decoding(Data bytes, std::size_t k, std::uint32_t dim) {
  // Nothing stands behind a k that is drawn: encoded.h sees to it that there are values.
  if (is_drawn(bytes)) k = std::min(k, kDrawnMax);
  const AllocationWatch watch;
  const Outcome found = decode(bytes, k, dim, Instructions::kPortable);
  check_largest(watch, bytes.size() + (is_drawn(bytes) ? k : 0), 32);
  for (const Instructions each : available_instructions()) {
    WISP_CHECK(decode(bytes, k, dim, each) == found, "all processors find the same");
  }
  if (!found.complaint.empty()) return;
  const Indices& indices = found.indices;
  WISP_CHECK(indices.size() == k, "as many indices as were asked for");
  WISP_CHECK(std::is_sorted(indices.begin(), indices.end(), std::less_equal<>()),
             "indices increase strictly");
  WISP_CHECK(indices.empty() || indices.back() < dim, "indices are below the dimension");
  if (is_drawn(bytes)) return;
  const auto codec = static_cast<IndexCodec>(bytes[0]);
  const Bytes again = sparse::encode_indices(indices, dim, codec);
  if (codec == IndexCodec::kRice) {  // its widths are the sender's choice
    WISP_CHECK(decode(again.span(), k, dim, Instructions::kPortable) == found, "the same indices");
  } else {
    WISP_CHECK(equal(again.span(), bytes), "indices have one form in a codec");
  }
}

void check_coding(Input& input) {
  Indices indices;
  std::uint64_t next = 0;
  const unsigned width = input.take<std::uint8_t>() % 3;
  while (!input.empty()) {
    next += width == 0   ? input.take<std::uint8_t>()
            : width == 1 ? input.take<std::uint16_t>()
                         : input.take<std::uint32_t>() >> 4;
    if (next >= UINT32_MAX) break;
    indices.push_back(static_cast<std::uint32_t>(next++));
  }
  const std::uint32_t dim = indices.empty() ? 1 : indices.back() + 1;
  const Outcome wanted{indices, ""};
  const Bytes chosen = sparse::encode_indices(indices, dim);
  WISP_CHECK(chosen.size() <= 1 + 4 * indices.size(), "never longer than raw");
  for (const IndexCodec codec : kCodecs) {
    if (codec == IndexCodec::kBitmap && dim > kBitmapDimMax) continue;
    const Bytes bytes = sparse::encode_indices(indices, dim, codec);
    WISP_CHECK(chosen.size() <= bytes.size(), "the codec that is chosen is the smallest");
    for (const Instructions each : available_instructions()) {
      WISP_CHECK(decode(bytes.span(), indices.size(), dim, each) == wanted,
                 "a codec gives back what it took");
    }
  }
}

}  // namespace

void fuzz_indices(Data data) {
  Input input(data);
  const unsigned how = input.take<std::uint8_t>();
  if (how % 8 == 7) return check_coding(input);
  const auto number = input.take<std::uint32_t>();
  auto dim = input.take<std::uint32_t>();
  if (how % 16 >= 8) dim &= 0xffff;
  const Data bytes = input.rest();
  check_decoding(bytes, likely_k(how, number, bytes), dim);
}

}  // namespace wisp::fuzz
