#include "launcher/deflate.h"

#include <string>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/hash.h"

namespace wisp::launcher {
namespace {

Bytes bytes_of(std::string_view text) { return Bytes::copy(std::as_bytes(std::span(text))); }

TEST(Deflate, comes_back_as_it_was) {
  const Bytes plain = bytes_of(std::string(100'000, 'a') + "b");
  const std::optional<Bytes> small = deflate(plain.span());
  ASSERT_TRUE(small);
  EXPECT_LT(small->size(), 1000u);
  EXPECT_EQ(sha256_hex(inflate(small->span(), plain.size()).span()), sha256_hex(plain.span()));
  EXPECT_THROW(inflate(small->span(), plain.size() - 1), Error);
  EXPECT_THROW(inflate(small->span(), plain.size() + 1), Error);
  EXPECT_THROW(inflate(small->span().first(small->size() - 1), plain.size()), Error);
  EXPECT_THROW(inflate(small->span(), std::size_t{1} << 60), Error);
}

TEST(Deflate, leaves_alone_what_it_can_not_make_smaller) {
  EXPECT_FALSE(deflate(bytes_of(random_hex(4)).span()));
  EXPECT_FALSE(deflate({}));
}

TEST(Deflate, gzip_is_the_same_every_time) {
  const Bytes plain = bytes_of(std::string(100'000, 'a'));
  const Bytes once = gzip(plain.span());
  EXPECT_LT(once.size(), 1000u);
  EXPECT_EQ(sha256_hex(gzip(plain.span()).span()), sha256_hex(once.span()));
}

}  // namespace
}  // namespace wisp::launcher
