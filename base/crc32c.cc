#include "base/crc32c.h"

#include <array>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace wisp {
namespace {

constexpr std::size_t kWord = 8;  // bytes that are taken at once

// kTables[i][b]: what byte b becomes when i more bytes of zeros have followed.
using Tables = std::array<std::array<std::uint32_t, 256>, kWord>;

constexpr Tables make_tables() {
  constexpr std::uint32_t kPolynomial = 0x82f63b78;  // reflected
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t i = 1; i < kWord; ++i) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[i - 1][byte];
      tables[i][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

std::uint64_t word_at(const std::byte* at) {
  std::uint64_t word;
  std::memcpy(&word, at, kWord);
  return word;
}

std::uint32_t portable(std::span<const std::byte> bytes, std::uint32_t crc) {
  for (; bytes.size() >= kWord; bytes = bytes.subspan(kWord)) {
    std::uint64_t word = word_at(bytes.data()) ^ crc;
    crc = 0;
    for (std::size_t i = kWord; i-- > 0; word >>= 8) crc ^= kTables[i][word & 0xff];
  }
  for (const std::byte each : bytes) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<std::uint32_t>(each)) & 0xff];
  }
  return crc;
}

#ifdef __x86_64__
WISP_AVX2 std::uint32_t by_instruction(std::span<const std::byte> bytes, std::uint32_t crc) {
  const std::byte* at = bytes.data();
  const std::byte* const end = at + bytes.size();
  std::uint64_t wide = crc;
  for (const std::byte* const last = end - bytes.size() % kWord; at != last; at += kWord) {
    std::uint64_t word;
    std::memcpy(&word, at, kWord);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (; at != end; ++at) crc = _mm_crc32_u8(crc, static_cast<std::uint8_t>(*at));
  return crc;
}
#endif

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t so_far, Instructions instructions) {
#ifdef __x86_64__
  if (instructions != Instructions::kPortable) return ~by_instruction(bytes, ~so_far);
#else
  static_cast<void>(instructions);
#endif
  return ~portable(bytes, ~so_far);
}

}  // namespace wisp
