#pragma once
// Bits one after another in bytes, from the lowest of the first byte on.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace wisp::sparse {

__attribute__((always_inline)) inline std::size_t count_ones(std::span<const std::byte> bytes) {
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof(word));
    count += static_cast<std::size_t>(std::popcount(word));
  }
  for (; i < bytes.size(); ++i)
    count += static_cast<std::size_t>(std::popcount(static_cast<unsigned>(bytes[i])));
  return count;
}

// Fills memory of the right size; finish() writes what is left.
class BitWriter {
 public:
  explicit BitWriter(std::byte* out) : out_(out) {}

  // The lowest `width` <= 32 bits of `value`, which has no others.
  void put(std::uint32_t value, unsigned width) {
    word_ |= std::uint64_t{value} << used_;
    used_ += width;
    if (used_ >= 32) flush();
  }
  // So many zeros and a one.
  void put_unary(std::uint32_t zeros) {
    for (; zeros >= 32; zeros -= 32) put(0, 32);
    word_ |= std::uint64_t{1} << (used_ + zeros);
    used_ += zeros + 1;
    if (used_ >= 32) flush();
  }
  void finish() {
    if (used_ != 0) std::memcpy(out_, &word_, (used_ + 7) / 8);
  }

 private:
  void flush() {
    std::memcpy(out_, &word_, 4);
    out_ += 4;
    word_ >>= 32;
    used_ -= 32;
  }

  std::byte* out_;
  std::uint64_t word_ = 0;
  unsigned used_ = 0;  // bits of word_; fewer than 32 between calls
};

// `width` <= 32 bits from bit `from` on; all of them are there.
inline std::uint32_t bits_at(std::span<const std::byte> bytes, std::size_t from, unsigned width) {
  std::uint64_t word = 0;
  const std::size_t begin = from / 8;
  if (begin + sizeof(word) <= bytes.size()) {
    std::memcpy(&word, bytes.data() + begin, sizeof(word));
  } else {
    std::memcpy(&word, bytes.data() + begin, bytes.size() - begin);
  }
  return static_cast<std::uint32_t>(word >> from % 8 & ((std::uint64_t{1} << width) - 1));
}

// Goes from one set bit to the next, eight bytes at a time.
class OneBits {
 public:
  // From bit `from` on.
  explicit OneBits(std::span<const std::byte> bits, std::size_t from = 0)
      : bits_(bits), base_(from / 64 * 64), word_(load() & ~std::uint64_t{0} << from % 64) {}
  // There is one more.
  std::uint32_t next() {
    while (word_ == 0) {
      base_ += 64;
      word_ = load();
    }
    const auto position = base_ + static_cast<std::size_t>(std::countr_zero(word_));
    word_ &= word_ - 1;
    return static_cast<std::uint32_t>(position);
  }

 private:
  std::uint64_t load() const {
    std::uint64_t word = 0;
    const std::size_t begin = base_ / 8;
    if (begin + sizeof(word) <= bits_.size()) {
      std::memcpy(&word, bits_.data() + begin, sizeof(word));
    } else if (begin < bits_.size()) {
      std::memcpy(&word, bits_.data() + begin, bits_.size() - begin);
    }
    return word;
  }

  std::span<const std::byte> bits_;
  std::size_t base_;
  std::uint64_t word_;
};

}  // namespace wisp::sparse
