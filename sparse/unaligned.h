#pragma once
// Unaligned: numbers of type T one after another, at any address: in a frame, or in a vector.
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>

#include "base/check.h"

namespace wisp::sparse {

// A view; whoever owns the memory keeps it. T is an integer or a floating-point type, little-endian in
// memory.
template <class T>
class Unaligned {
 public:
  Unaligned() = default;
  // Of anything that a span of T can be made of.
  template <class Range>
  requires std::is_convertible_v<const Range&, std::span<const T>> Unaligned(
      const Range& range)  // NOLINT(google-explicit-constructor): a view as good as the range
      : Unaligned(std::as_bytes(std::span<const T>(range))) {}
  // bytes.size() is a multiple of sizeof(T).
  explicit Unaligned(std::span<const std::byte> bytes)
      : bytes_(bytes.data()), size_(bytes.size() / sizeof(T)) {
    WISP_CHECK(bytes.size() % sizeof(T) == 0, "bytes of whole numbers");
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<const std::byte> bytes() const { return {bytes_, size_ * sizeof(T)}; }
  T operator[](std::size_t i) const {
    T value;
    std::memcpy(&value, bytes_ + i * sizeof(T), sizeof(T));
    return value;
  }
  T back() const { return (*this)[size_ - 1]; }
  Unaligned subspan(std::size_t offset, std::size_t count) const {
    return Unaligned(bytes().subspan(offset * sizeof(T), count * sizeof(T)));
  }

 private:
  const std::byte* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace wisp::sparse
