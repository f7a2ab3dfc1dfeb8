#pragma once
// What fuzz targets share. A target is one function that is given bytes which nobody vouches for; it aborts
// where its decoder breaks a promise, and returns in all other cases, whether the bytes were taken or
// refused.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/error.h"
#include "tests/fuzz/allocations.h"

namespace wisp::fuzz {

using Data = std::span<const std::byte>;

inline std::string text_of(Data data) { return {reinterpret_cast<const char*>(data.data()), data.size()}; }
inline Data data_of(std::string_view text) { return std::as_bytes(std::span(text)); }

// A copy in memory of just that size, so that the address sanitizer sees what is read beyond its end.
inline Bytes bytes_of(Data data) { return Bytes(std::vector<std::byte>(data.begin(), data.end())); }

inline bool equal(Data a, Data b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

// Takes an input apart, front to back. What is not there any more is zero or empty.
class Input {
 public:
  explicit Input(Data data) : left_(data) {}
  bool empty() const { return left_.empty(); }
  // An unsigned integer, little-endian.
  template <class T>
  T take() {
    T value = 0;
    const Data from = first(sizeof value);
    if (!from.empty()) std::memcpy(&value, from.data(), from.size());
    return value;
  }
  // Behind its size, which takes two bytes.
  Data piece() { return first(take<std::uint16_t>()); }
  Data first(std::size_t size) {
    const Data found = left_.first(std::min(size, left_.size()));
    left_ = left_.subspan(found.size());
    return found;
  }
  Data rest() { return first(left_.size()); }

 private:
  Data left_;
};

// Whether `decode` threw an E, which says something.
template <class E, class Decode>
bool refused(Decode&& decode) {
  try {
    decode();
    return false;
  } catch (const E& error) {
    WISP_CHECK(!std::string_view(error.what()).empty(), "what is refused is refused for a reason");
    return true;
  }
}

// What decoding `size` bytes may ask for at once, where `factor` is what a byte can stand for.
inline void check_largest(const AllocationWatch& watch, std::size_t size, std::size_t factor) {
  WISP_CHECK(watch.largest() <= AllocationWatch::kSmall + factor * size, "no memory for what did not come");
}

}  // namespace wisp::fuzz
