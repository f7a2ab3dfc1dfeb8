#pragma once
// Encoded: a sparse vector as it travels.
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/cpu.h"
#include "sparse/draw.h"
#include "sparse/spec.h"
#include "sparse/value_codec.h"
#include "sparse/vector.h"

namespace wisp::sparse {

// The message. docs/wire_format.md has it byte by byte; nothing in it is to be trusted before decode() has
// seen it. Blobs of one that was received share the memory of the frame.
struct Encoded {
  std::uint32_t dim = 0;
  Support support = Support::kAll;
  std::uint32_t blocks = 0;  // m, for kBlocks
  std::uint32_t count = 0;   // of block numbers or indices; 0 for kAll
  ValueCodec codec = ValueCodec::kFloat64;
  Bytes numbers;  // block numbers or indices: an IndexCodec and what it says; empty for kAll
  Bytes values;   // without a codec: it stands above

  // What the mathematics sends: indices or block numbers, and values. Codecs and envelopes are not counted.
  std::size_t payload_bytes() const { return values.size() + (numbers.empty() ? 0 : numbers.size() - 1); }
  template <class F>
  void fields(F& f) {
    f(dim, support, blocks, count, codec, numbers, values);
  }
};

// What decode() makes `vector` again, bit for bit. The numbers go in the form that `indices` names, the
// values as `vector.coded` says. `vector` is well-formed; kSeeded needs one whose numbers were drawn. T is
// float or double.
template <class T>
Encoded encode(const Vector<T>& vector, IndexChoice indices = IndexChoice::kAuto);
// The same of Vector::all() of the values of T that `values` are, whose memory it shares.
template <class T>
Encoded encode_all(Bytes values);

// encode(vector, indices).payload_bytes(), without its being made.
template <class T>
std::size_t payload_bytes(const Vector<T>& vector, IndexChoice indices = IndexChoice::kAuto);

// The vector of R^dim that `encoded` is, into `vector`, whose memory is used again. `sender` is who sent it,
// and in which round: numbers that do not travel are drawn again. Throws DecodeError that says what is wrong
// unless everything is as it should be: then Vector::check(dim) holds, and the values may be anything, NaN
// and infinities included. For anything else `vector` is unspecified. It allocates no piece of more than
// 64 bytes for each byte that came. With these instructions, which are available.
template <class T>
void decode(const Encoded& encoded, std::uint32_t dim, const DrawKey& sender, Vector<T>& vector,
            Instructions instructions = best_instructions());

}  // namespace wisp::sparse
