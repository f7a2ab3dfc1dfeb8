#pragma once
// What bytes of the wire are decoded to, as JSON that a decoder in any other language can be compared with.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "actors/messages.h"
#include "base/bytes.h"
#include "sparse/vector.h"

namespace wisp::wire {

using Json = nlohmann::ordered_json;

// What a receiver knows beside the bytes, as the manifest of the golden files names it.
struct Known {
  std::uint32_t scalar = 8;  // bytes of the job's dtype
  std::uint32_t dim = 0;
  std::uint64_t seed = 0;
  std::uint32_t worker = 0;
  std::uint64_t round = 0;
  std::uint32_t count = 0;  // of numbers or values alone
  std::uint32_t below = 0;  // what the numbers are below
  std::uint32_t codec = 0;  // of the values

  // Leaves out what is not said.
  static Known from(const Json& settings);
};

struct Outcome {
  std::optional<Json> decoded;  // none: it was refused
  std::string reason;           // why
  std::size_t largest = 0;      // the most memory that decoding asked for at once
};

// `kind`: frame | control | hello | peers | failure | model | update | tap | indices | values. Numbers are
// numbers, reals and bytes hexadecimal, little-endian, so that every bit counts. Throws std::out_of_range for
// another kind.
Outcome decode(const std::string& kind, const Known& known, const Bytes& bytes);

// What an update with this vector is to be decoded to.
template <class T>
Json json_of(const actors::Update<T>& update, const sparse::Vector<T>& vector);
template <class T>
Json json_of(const actors::Model<T>& model, const sparse::Vector<T>& vector);

std::string hex(std::span<const std::byte> bytes);
// What hex() wrote. Throws std::invalid_argument for anything else.
Bytes bytes_of_hex(std::string_view digits);

}  // namespace wisp::wire
