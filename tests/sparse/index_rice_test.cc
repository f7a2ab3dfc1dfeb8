#include "sparse/index_rice.h"

#include <cstdint>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sparse/index_codec.h"
#include "tests/sparse/index_bytes.h"

namespace wisp::sparse {
namespace {

using test::bytes_of;
using test::complaint;
using test::Indices;
using test::Raw;
using test::raw;
using testing::HasSubstr;

constexpr std::uint32_t kDimMax = UINT32_MAX;

TEST(IndexRice, frozen_bytes) {
  // Gaps 3, 0 and 995 with width 8: low bits 3, 0 and 227; quotients 0, 0 and 3.
  EXPECT_EQ(raw(encode_indices(Indices{3, 4, 1000}, 2000, IndexCodec::kRice)),
            bytes_of({2, 8, 3, 0, 227, 0x23}));
  Indices block(512);  // the gaps 0, 7, 7, ... with width 2: low bits 0, 3, 3, ...; quotients 0, 1, 1, ...
  for (std::uint32_t i = 0; i < 512; ++i) block[i] = 8 * i;
  Raw expected = bytes_of({2, 2, 0xfc});
  expected.resize(2 + 128, std::byte{0xff});
  expected.resize(expected.size() + 128, std::byte{0x55});
  EXPECT_EQ(raw(encode_indices(block, 5000, IndexCodec::kRice)), expected);
}

TEST(IndexRice, names_what_is_wrong) {
  EXPECT_THAT(complaint(bytes_of({2}), 1, 5), HasSubstr("the widths are cut short"));
  EXPECT_THAT(complaint(bytes_of({2, 32, 0, 0, 0, 0, 1}), 1, 5), HasSubstr("width 32 is above 31"));
  EXPECT_THAT(complaint(bytes_of({2, 9, 0}), 1, 5), HasSubstr("low bits of the tail are cut short"));
  EXPECT_THAT(complaint(bytes_of({2, 1, 2, 1}), 1, 5), HasSubstr("behind the low bits of the tail"));
  EXPECT_THAT(complaint(bytes_of({2, 0, 3}), 1, 5), HasSubstr("2 quotients, expected 1"));
  EXPECT_THAT(complaint(bytes_of({2, 0, 1, 0}), 1, 50), HasSubstr("bytes behind the last quotient"));
  EXPECT_THAT(complaint(bytes_of({2, 0, 0, 1}), 1, 5), HasSubstr("longer than the vector"));
  EXPECT_THAT(complaint(bytes_of({2, 0, 64}), 1, 5), HasSubstr("an index is not below 5"));
  Raw wide(1 + 1 + 64 * 24 + 64, std::byte{255});
  wide[0] = std::byte{2};
  wide[1] = std::byte{24};
  EXPECT_THAT(complaint(wide, 512, kDimMax), HasSubstr("width 24 is above 23"));
}

// A block whose low bits or quotients alone are more than 32 bits hold.
TEST(IndexRice, refuses_sums_that_would_wrap) {
  Raw bytes = bytes_of({2, 23});
  bytes.resize(2 + 64 * 23, std::byte{255});        // 512 low parts of 2^23 - 1,
  bytes[2] = std::byte{254};                        // one of them 1 less,
  bytes.resize(bytes.size() + 64, std::byte{255});  // and quotients of 0
  EXPECT_EQ(complaint(bytes, 512, kDimMax), "");    // the last index is 2^32 - 2 ...
  bytes.back() = std::byte{0x7f};
  bytes.push_back(std::byte{1});  // ... and with one quotient of 1 it is beyond
  EXPECT_THAT(complaint(bytes, 512, kDimMax), HasSubstr("not below"));
  Raw far = bytes_of({2, 23});
  far.resize(2 + 64 * 23);
  far.resize(far.size() + 1000);  // 8000 zeros of 2^23 each: past 2^32 and back below dim
  far.resize(far.size() + 64, std::byte{255});
  EXPECT_THAT(complaint(far, 512, kDimMax), HasSubstr("not below"));
}

}  // namespace
}  // namespace wisp::sparse
