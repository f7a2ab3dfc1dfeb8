#pragma once
// Encoded indices in tests: bytes by hand, and what decoding them comes to with all instructions.
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/pack.h"
#include "sparse/index_codec.h"

namespace wisp::sparse::test {

using Indices = std::vector<std::uint32_t>;
using Raw = std::vector<std::byte>;

inline Raw raw(const Bytes& bytes) { return {bytes.span().begin(), bytes.span().end()}; }

inline Raw bytes_of(std::initializer_list<int> values) {
  Raw bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

// Who sends what is drawn again.
inline constexpr DrawKey kSender{.seed = 7, .worker = 2, .round = 31};

struct Outcome {
  Indices indices;
  std::string complaint;  // empty: there are indices
  bool operator==(const Outcome&) const = default;
};

inline Outcome outcome_with(Instructions instructions, const Raw& bytes, std::size_t k, std::uint32_t dim) {
  try {
    Indices indices;
    decode_indices(bytes, k, dim, kSender, indices, instructions);
    return {indices, ""};
  } catch (const DecodeError& error) {
    return {{}, error.what()};
  }
}

// The same with all instructions.
inline Outcome outcome(const Raw& bytes, std::size_t k, std::uint32_t dim) {
  const Outcome first = outcome_with(Instructions::kPortable, bytes, k, dim);
  for (const Instructions each : available_instructions()) {
    EXPECT_EQ(outcome_with(each, bytes, k, dim), first) << to_string(each);
  }
  return first;
}

inline std::string complaint(const Raw& bytes, std::size_t k, std::uint32_t dim) {
  return outcome(bytes, k, dim).complaint;
}

}  // namespace wisp::sparse::test
