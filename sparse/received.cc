#include "sparse/received.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/pack.h"
#include "sparse/index_codec.h"
#include "sparse/partition.h"

namespace wisp::sparse {
namespace {

[[noreturn]] void malformed(const std::string& what) { throw DecodeError("sparse vector: " + what); }

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

template <class T>
std::size_t value_count(const VectorView<T>& view) {
  if (view.support == Support::kAll) return view.dim;
  if (view.support == Support::kIndices) return view.numbers.size();
  const Partition partition(view.dim, view.blocks);
  std::size_t size = 0;
  for (std::size_t i = 0; i < view.numbers.size(); ++i) size += partition.size(view.numbers[i]);
  return size;
}

// Into a vector; nothing if they are there already.
template <class N>
void copy_in(Unaligned<N> numbers, std::vector<N>& to) {
  if (numbers.bytes().data() == std::as_bytes(std::span(to)).data()) return;
  to.resize(numbers.size());
  if (!numbers.empty()) std::memcpy(to.data(), numbers.bytes().data(), numbers.bytes().size());
}

}  // namespace

template <class T>
void Received<T>::take(const Encoded& encoded, std::uint32_t dim, const DrawKey& sender,
                       Instructions instructions) {
  check_head(encoded, dim);
  vector_.dim = dim;
  vector_.support = encoded.support;
  vector_.blocks = encoded.blocks;
  vector_.coded.reset();
  vector_.drawn.reset();
  view_ = {.dim = dim, .support = encoded.support, .blocks = encoded.blocks, .numbers = {}, .values = {}};
  numbers_frame_ = encoded.numbers;
  values_frame_ = encoded.values;
  if (encoded.support != Support::kAll) {
    const std::span<const std::byte> bytes = encoded.numbers.span();
    const std::uint32_t below = encoded.support == Support::kBlocks ? encoded.blocks : dim;
    if (const auto in_place = indices_in_place(bytes, encoded.count, below, instructions)) {
      view_.numbers = *in_place;
    } else {
      decode_indices(bytes, encoded.count, below, sender, vector_.numbers, instructions);
      view_.numbers = vector_.numbers;
    }
  }
  const std::size_t size = value_count(view_);
  if (encoded.values.size() != encoded_size(encoded.codec, size)) {
    malformed(std::to_string(encoded.values.size()) + " bytes of " + std::to_string(size) +
              " values, expected " + std::to_string(encoded_size(encoded.codec, size)));
  }
  if (encoded.codec == native_codec<T>()) {
    view_.values = Unaligned<T>(encoded.values.span());
  } else {
    vector_.values.resize(size);
    decode_values(encoded.values.span(), encoded.codec, std::span<T>(vector_.values), instructions);
    view_.values = vector_.values;
  }
}

template <class T>
void Received<T>::refer(const Vector<T>& vector) {
  vector_.dim = vector.dim;
  vector_.support = vector.support;
  vector_.blocks = vector.blocks;
  vector_.coded.reset();
  vector_.drawn.reset();
  view_ = vector.view();
}

template <class T>
const Vector<T>& Received<T>::vector() {
  copy_in(view_.numbers, vector_.numbers);
  copy_in(view_.values, vector_.values);
  view_ = vector_.view();
  return vector_;
}

template <class T>
Vector<T> Received<T>::take_vector() && {
  vector();
  return std::move(vector_);
}

template class Received<float>;
template class Received<double>;

}  // namespace wisp::sparse
