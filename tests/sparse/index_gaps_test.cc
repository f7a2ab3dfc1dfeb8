#include "sparse/index_gaps.h"

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
using test::raw;
using testing::HasSubstr;

TEST(IndexGaps, frozen_bytes) {
  EXPECT_EQ(raw(encode_indices(Indices{3, 4, 1000}, 2000, IndexCodec::kGaps)), bytes_of({1, 3, 0, 0xe3, 7}));
  EXPECT_EQ(raw(encode_indices(Indices{UINT32_MAX - 1}, UINT32_MAX, IndexCodec::kGaps)),
            bytes_of({1, 0xfe, 0xff, 0xff, 0xff, 0x0f}));
}

TEST(IndexGaps, size_is_known_before) {
  const Indices indices{0, 128, 256, 256 + 129, 100'000, 10'000'000, 4'000'000'000};
  EXPECT_EQ(gaps::encoded_size(indices), 1 + 1 + 1 + 2 + 3 + 4 + 5U);
}

TEST(IndexGaps, names_what_is_wrong) {
  EXPECT_THAT(complaint(bytes_of({1, 1}), 2, 5), HasSubstr("1 numbers, expected 2"));
  EXPECT_THAT(complaint(bytes_of({1, 1, 130}), 1, 5), HasSubstr("cut short"));
  EXPECT_THAT(complaint(bytes_of({1, 130, 0}), 1, 500), HasSubstr("longer than it needs to be"));
  EXPECT_THAT(complaint(bytes_of({1, 255, 255, 255, 255, 255, 255, 1}), 1, 500), HasSubstr("longer than"));
  EXPECT_THAT(complaint(bytes_of({1, 255, 255, 255, 255, 255, 1}), 1, 500), HasSubstr("not below 500"));
  EXPECT_THAT(complaint(bytes_of({1, 3, 1}), 2, 5), HasSubstr("index 5 is not below 5"));
}

}  // namespace
}  // namespace wisp::sparse
