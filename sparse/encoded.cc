#include "sparse/encoded.h"

#include <utility>

#include "base/check.h"
#include "base/pack.h"
#include "sparse/index_codec.h"
#include "sparse/received.h"

namespace wisp::sparse {
namespace {

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
    encoded.numbers =
        numbers_of(vector.numbers, vector.support == Support::kBlocks ? vector.blocks : vector.dim,
                   vector.drawn, indices);
  }
  encoded.codec = vector.coded ? vector.coded->codec : native_codec<T>();
  set_values(encoded, vector.coded ? std::span<const std::byte>(vector.coded->bytes)
                                   : std::as_bytes(std::span(vector.values)));
  return encoded;
}

template <class T>
Encoded encode_all(Bytes values) {
  Encoded encoded;
  encoded.dim = static_cast<std::uint32_t>(values.size() / sizeof(T));
  encoded.codec = native_codec<T>();
  encoded.values = std::move(values);
  return encoded;
}

template <class T>
void decode(const Encoded& encoded, std::uint32_t dim, const DrawKey& sender, Vector<T>& vector,
            Instructions instructions) {
  Received<T> received(std::move(vector));
  received.take(encoded, dim, sender, instructions);
  vector = std::move(received).take_vector();
}

template Encoded encode(const Vector<float>&, IndexChoice);
template Encoded encode(const Vector<double>&, IndexChoice);
template Encoded encode_all<float>(Bytes);
template Encoded encode_all<double>(Bytes);
template void decode(const Encoded&, std::uint32_t, const DrawKey&, Vector<float>&, Instructions);
template void decode(const Encoded&, std::uint32_t, const DrawKey&, Vector<double>&, Instructions);

}  // namespace wisp::sparse
