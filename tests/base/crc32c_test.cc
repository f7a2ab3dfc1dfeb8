#include "base/crc32c.h"

#include <numeric>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

class Crc32c : public testing::TestWithParam<Instructions> {
 protected:
  static std::uint32_t crc(std::span<const std::byte> bytes, std::uint32_t so_far = 0) {
    return crc32c(bytes, so_far, GetParam());
  }
};

INSTANTIATE_TEST_SUITE_P(Each, Crc32c, testing::ValuesIn(available_instructions()),
                         [](const auto& each) { return std::string(to_string(each.param)); });

// RFC 3720, B.4, and the check value of the catalogues.
TEST_P(Crc32c, gives_the_published_answers) {
  EXPECT_EQ(crc({}), 0u);
  EXPECT_EQ(crc(bytes_of("123456789")), 0xe3069283u);
  EXPECT_EQ(crc(std::vector<std::byte>(32)), 0x8a9136aau);
  EXPECT_EQ(crc(std::vector<std::byte>(32, std::byte{0xff})), 0x62a8ab43u);
  std::vector<std::uint8_t> rising(32);
  std::iota(rising.begin(), rising.end(), std::uint8_t{0});
  EXPECT_EQ(crc(std::as_bytes(std::span(rising))), 0x46dd794eu);
  EXPECT_EQ(crc32c(bytes_of("123456789")), 0xe3069283u);
}

TEST_P(Crc32c, takes_pieces_of_any_size_at_any_place) {
  Rng rng(test::seed(), 0, 0, Purpose::kData);
  std::vector<std::byte> bytes(200);
  for (std::byte& each : bytes) each = static_cast<std::byte>(rng.below(256));
  const std::span<const std::byte> all(bytes);
  for (std::size_t begin = 0; begin < 9; ++begin) {
    const std::uint32_t whole = crc32c(all.subspan(begin), 0, Instructions::kPortable);
    for (std::size_t size = 0; size <= all.size() - begin; ++size) {
      const std::uint32_t first = crc(all.subspan(begin, size));
      EXPECT_EQ(first, crc32c(all.subspan(begin, size), 0, Instructions::kPortable));
      EXPECT_EQ(crc(all.subspan(begin + size), first), whole) << "from " << begin << ", " << size;
    }
  }
}

TEST_P(Crc32c, finds_every_flipped_bit) {
  std::vector<std::byte> bytes(60, std::byte{0x5a});
  const std::uint32_t before = crc(bytes);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= std::byte{1} << bit % 8;
    EXPECT_NE(crc(bytes), before) << bit;
    bytes[bit / 8] ^= std::byte{1} << bit % 8;
  }
}

}  // namespace
}  // namespace wisp
