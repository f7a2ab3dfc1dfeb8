#include "sparse/encoded.h"

#include <string>

#include "base/check.h"
#include "base/pack.h"
#include "sparse/index_codec.h"

namespace wisp::sparse {
namespace {

[[noreturn]] void malformed(const std::string& what) { throw DecodeError("sparse vector: " + what); }

// What the numbers are below.
template <class V>
std::uint32_t universe(const V& vector) {
  return vector.support == Support::kBlocks ? vector.blocks : vector.dim;
}

Bytes numbers_of(std::span<const std::uint32_t> numbers, std::uint32_t below,
                 const std::optional<Drawn>& drawn, IndexChoice indices) {
  switch (indices) {
    case IndexChoice::kRaw:
      return encode_indices(numbers, below, IndexCodec::kRaw);
    case IndexChoice::kRice:
      return encode_indices(numbers, below, IndexCodec::kRice);
    case IndexChoice::kBitmap:
      return encode_indices(numbers, below, IndexCodec::kBitmap);
    case IndexChoice::kSeeded:
      WISP_CHECK(drawn, "only numbers that were drawn can be drawn again");
      break;
    case IndexChoice::kAuto:
      break;
  }
  return drawn ? encode_draw(*drawn) : encode_indices(numbers, below);
}

// The head is right: what the numbers and values are to be is known, and plausible.
void check_head(const Encoded& encoded, std::uint32_t dim) {
  if (encoded.dim != dim || dim == 0) {
    malformed("dimension " + std::to_string(encoded.dim) + ", expected " + std::to_string(dim));
  }
  if (encoded.codec > ValueCodec::kSign) {
    malformed("unknown codec of values " + std::to_string(static_cast<unsigned>(encoded.codec)));
  }
  std::size_t least = encoded.count;  // of the values
  switch (encoded.support) {
    case Support::kAll:
      if (encoded.count != 0 || !encoded.numbers.empty()) {
        malformed("it has all coordinates and a list of them");
      }
      least = dim;
      break;
    case Support::kBlocks:
      if (encoded.blocks == 0 || encoded.blocks > dim) {
        malformed(std::to_string(encoded.blocks) + " blocks of " + std::to_string(dim) + " coordinates");
      }
      if (encoded.count > encoded.blocks) {
        malformed(std::to_string(encoded.count) + " of " + std::to_string(encoded.blocks) + " blocks");
      }
      break;
    case Support::kIndices:
      if (encoded.count > dim) {
        malformed(std::to_string(encoded.count) + " of " + std::to_string(dim) + " coordinates");
      }
      break;
    default:
      malformed("unknown kind of support " + std::to_string(static_cast<unsigned>(encoded.support)));
  }
  if (encoded.support != Support::kBlocks && encoded.blocks != 0) {
    malformed(std::to_string(encoded.blocks) + " blocks where there are none");
  }
  if (encoded.values.size() < encoded_size(encoded.codec, least)) {
    malformed(std::to_string(encoded.values.size()) + " bytes of values, expected " +
              std::to_string(encoded_size(encoded.codec, least)) + " at least");
  }
}

// So that a message is packed, and becomes a frame, without copying what is large once more: behind the
// numbers as they are to stand in it, or with room for them in front.
void set_values(Encoded& encoded, std::span<const std::byte> values) {
  const std::span<const std::byte> numbers = encoded.numbers.span();
  if (numbers.size() < Bytes::kLarge) {
    encoded.values = Bytes::copy(values, numbers.size());
    return;
  }
  std::byte header[kBlobHeaderMax];
  const std::size_t header_size = write_blob_header(header, values.size());
  const std::size_t values_at = numbers.size() + header_size;
  Buffer buffer = Buffer::with_capacity(values_at + values.size());
  buffer.append(numbers);
  buffer.append({header, header_size});
  buffer.append(values);
  const Bytes both = std::move(buffer).freeze();
  encoded.numbers = both.slice(0, numbers.size());
  encoded.values = both.slice(values_at, values.size());
}

}  // namespace

template <class T>
Encoded encode(const Vector<T>& vector, IndexChoice indices) {
  Encoded encoded;
  encoded.dim = vector.dim;
  encoded.support = vector.support;
  encoded.blocks = vector.blocks;
  encoded.count = static_cast<std::uint32_t>(vector.numbers.size());
  if (vector.support != Support::kAll) {
    encoded.numbers = numbers_of(vector.numbers, universe(vector), vector.drawn, indices);
  }
  encoded.codec = vector.coded ? vector.coded->codec : native_codec<T>();
  set_values(encoded, vector.coded ? std::span<const std::byte>(vector.coded->bytes)
                                   : std::as_bytes(std::span(vector.values)));
  return encoded;
}

template <class T>
void decode(const Encoded& encoded, std::uint32_t dim, const DrawKey& sender, Vector<T>& vector,
            Instructions instructions) {
  check_head(encoded, dim);
  vector.dim = dim;
  vector.support = encoded.support;
  vector.blocks = encoded.blocks;
  vector.coded.reset();
  vector.drawn.reset();
  std::size_t size = dim;
  if (encoded.support == Support::kAll) {
    vector.numbers.clear();
  } else {
    decode_indices(encoded.numbers.span(), encoded.count, universe(encoded), sender, vector.numbers,
                   instructions);
    size = vector.numbers.size();
  }
  if (encoded.support == Support::kBlocks) {
    const Partition partition(dim, encoded.blocks);
    size = 0;
    for (const std::uint32_t number : vector.numbers) size += partition.size(number);
  }
  if (encoded.values.size() != encoded_size(encoded.codec, size)) {
    malformed(std::to_string(encoded.values.size()) + " bytes of " + std::to_string(size) +
              " values, expected " + std::to_string(encoded_size(encoded.codec, size)));
  }
  vector.values.resize(size);
  decode_values(encoded.values.span(), encoded.codec, std::span<T>(vector.values), instructions);
}

template Encoded encode(const Vector<float>&, IndexChoice);
template Encoded encode(const Vector<double>&, IndexChoice);
template void decode(const Encoded&, std::uint32_t, const DrawKey&, Vector<float>&, Instructions);
template void decode(const Encoded&, std::uint32_t, const DrawKey&, Vector<double>&, Instructions);

}  // namespace wisp::sparse
