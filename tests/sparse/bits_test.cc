#include "sparse/bits.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

TEST(Bits, are_read_as_they_were_written) {
  Rng rng(test::seed(), 0, 0, Purpose::kInit);
  for (int round = 0; round < 200; ++round) {
    std::vector<unsigned> widths(rng.below(100));
    std::vector<std::uint32_t> values;
    std::size_t bits = 0;
    for (unsigned& width : widths) {
      width = rng.below(33);
      bits += width;
      values.push_back(width == 0 ? 0 : rng.next32() >> (32 - width));
    }
    std::vector<std::byte> bytes((bits + 7) / 8);
    BitWriter writer(bytes.data());
    for (std::size_t i = 0; i < widths.size(); ++i) writer.put(values[i], widths[i]);
    writer.finish();
    std::size_t at = 0;
    for (std::size_t i = 0; i < widths.size(); at += widths[i++]) {
      if (widths[i] > 0) {
        ASSERT_EQ(bits_at(bytes, at, widths[i]), values[i]);
      }
    }
  }
}

TEST(Bits, in_unary_are_gaps_between_ones) {
  Rng rng(test::seed(), 0, 1, Purpose::kInit);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint32_t> zeros(1 + rng.below(300));
    std::size_t bits = zeros.size();
    for (std::uint32_t& each : zeros) {
      each = rng.below(rng.below(10) == 0 ? 200 : 3);
      bits += each;
    }
    std::vector<std::byte> bytes((bits + 7) / 8);
    BitWriter writer(bytes.data());
    for (const std::uint32_t each : zeros) writer.put_unary(each);
    writer.finish();
    EXPECT_EQ(count_ones(bytes), zeros.size());
    const std::size_t first = rng.below(static_cast<std::uint32_t>(zeros.size()));
    std::size_t position = 0;
    for (std::size_t i = 0; i < first; ++i) position += zeros[i] + 1;
    OneBits ones(bytes, position);
    for (std::size_t i = first; i < zeros.size(); ++i) {
      position += zeros[i];
      ASSERT_EQ(ones.next(), position++);
    }
  }
}

}  // namespace
}  // namespace wisp::sparse
