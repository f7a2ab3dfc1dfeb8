#include "sparse/index_bitmap.h"

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

TEST(IndexBitmap, frozen_bytes) {
  EXPECT_EQ(raw(encode_indices(Indices{0, 3, 9}, 10, IndexCodec::kBitmap)), bytes_of({3, 9, 2}));
  EXPECT_EQ(raw(encode_indices(Indices{7}, 17, IndexCodec::kBitmap)), bytes_of({3, 128, 0, 0}));
}

TEST(IndexBitmap, names_what_is_wrong) {
  EXPECT_THAT(complaint(bytes_of({3, 1, 1}), 2, 8), HasSubstr("2 bytes, expected 1"));
  EXPECT_THAT(complaint(bytes_of({3, 32}), 1, 5), HasSubstr("behind the last coordinate"));
  EXPECT_THAT(complaint(bytes_of({3, 3}), 1, 5), HasSubstr("2 bits are set, expected 1"));
}

}  // namespace
}  // namespace wisp::sparse
