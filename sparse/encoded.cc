#include "sparse/encoded.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "base/pack.h"
#include "sparse/index_codec.h"
#include "sparse/received.h"

namespace wisp::sparse {
namespace {

// The codec that `indices` names; none: what is drawn is drawn again, and of the rest the smallest is taken.
std::optional<IndexCodec> codec_named(IndexChoice indices, const std::optional<Drawn>& drawn) {
  switch (indices) {
    case IndexChoice::kRaw:
      return IndexCodec::kRaw;
    case IndexChoice::kRice:
      return IndexCodec::kRice;
    case IndexChoice::kBitmap:
      return IndexCodec::kBitmap;
    case IndexChoice::kSeeded:
      WISP_CHECK(drawn, "only numbers that were drawn can be drawn again");
      break;
    case IndexChoice::kAuto:
      break;
  }
  return std::nullopt;
}

template <class T>
std::uint32_t bound_of_numbers(const Vector<T>& vector) {
  return vector.support == Support::kBlocks ? vector.blocks : vector.dim;
}

template <class T>
Bytes numbers_of(const Vector<T>& vector, IndexChoice indices) {
  const auto codec = codec_named(indices, vector.drawn);
  if (codec) return encode_indices(vector.numbers, bound_of_numbers(vector), *codec);
  return vector.drawn ? encode_draw(*vector.drawn) : encode_indices(vector.numbers, bound_of_numbers(vector));
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
  if (vector.support != Support::kAll) encoded.numbers = numbers_of(vector, indices);
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
std::size_t payload_bytes(const Vector<T>& vector, IndexChoice indices) {
  const std::size_t values = vector.coded ? vector.coded->bytes.size() : vector.values.size() * sizeof(T);
  if (vector.support == Support::kAll) return values;
  const auto codec = codec_named(indices, vector.drawn);
  const std::uint32_t below = bound_of_numbers(vector);
  if (!codec && vector.drawn) return values + encode_draw(*vector.drawn).size() - 1;
  return values +
         (codec ? indices_size(vector.numbers, below, *codec) : indices_size(vector.numbers, below)) - 1;
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
template std::size_t payload_bytes(const Vector<float>&, IndexChoice);
template std::size_t payload_bytes(const Vector<double>&, IndexChoice);
template void decode(const Encoded&, std::uint32_t, const DrawKey&, Vector<float>&, Instructions);
template void decode(const Encoded&, std::uint32_t, const DrawKey&, Vector<double>&, Instructions);

}  // namespace wisp::sparse
