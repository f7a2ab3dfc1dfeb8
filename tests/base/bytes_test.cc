#include "base/bytes.h"

#include <gtest/gtest.h>

namespace wisp {
namespace {

std::vector<std::byte> count_to(int n) {
  std::vector<std::byte> bytes;
  for (int i = 0; i < n; ++i) bytes.push_back(static_cast<std::byte>(i));
  return bytes;
}

TEST(Bytes, nothing_is_empty) {
  EXPECT_TRUE(Bytes().empty());
  EXPECT_EQ(Bytes().size(), 0u);
}

TEST(Bytes, takes_a_vector_over_without_copying) {
  std::vector<std::byte> buffer = count_to(100);
  const std::byte* data = buffer.data();
  EXPECT_EQ(Bytes(std::move(buffer)).data(), data);
}

TEST(Bytes, a_slice_keeps_the_whole_alive) {
  auto owner = std::make_shared<std::vector<std::byte>>(count_to(10));
  const std::weak_ptr<std::vector<std::byte>> watch = owner;
  Bytes part = Bytes(owner, *owner).slice(3, 4);
  owner.reset();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(part.size(), 4u);
  EXPECT_EQ(part.span().front(), std::byte{3});
  part = Bytes();
  EXPECT_TRUE(watch.expired());
}

TEST(Bytes, a_copy_is_independent_of_its_source) {
  std::vector<std::byte> source = count_to(4);
  const Bytes copy = Bytes::copy(source);
  source.assign(4, std::byte{9});
  EXPECT_EQ(copy.span()[2], std::byte{2});
}

}  // namespace
}  // namespace wisp
