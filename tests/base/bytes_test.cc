#include "base/bytes.h"

#include <atomic>
#include <cstdint>
#include <thread>

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

std::vector<std::byte> vector_of(const Bytes& bytes) { return {bytes.span().begin(), bytes.span().end()}; }

// Bytes of `n` in a buffer of its own.
Bytes frozen(int n, std::size_t headroom) {
  Buffer buffer(0, headroom);
  buffer.append(count_to(n));
  return std::move(buffer).freeze();
}

TEST(Bytes, only_large_copies_have_headroom) {
  EXPECT_FALSE(Bytes::copy(std::vector<std::byte>(Bytes::kLarge - 1)).has_headroom(1));
  const Bytes large = Bytes::copy(std::vector<std::byte>(Bytes::kLarge), 100);
  EXPECT_TRUE(large.has_headroom(Bytes::kHeadroom + 100));
  EXPECT_FALSE(large.has_headroom(Bytes::kHeadroom + 101));
  EXPECT_TRUE(Bytes::copy(std::vector<std::byte>(Bytes::kLarge)).has_headroom(Bytes::kHeadroom));
}

TEST(Bytes, pieces_of_one_buffer_are_joined_where_they_lie_so) {
  const Bytes all = frozen(10, 16);
  const Bytes first = all.slice(0, 4), between = all.slice(4, 2), last = all.slice(6, 4);
  const std::optional<Bytes> joined = first.joined(between.span(), last);
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->data(), all.data());
  EXPECT_EQ(vector_of(*joined), count_to(10));
  EXPECT_TRUE(joined->has_headroom(16));
  EXPECT_TRUE(all.slice(0, 6).joined({}, last));
  EXPECT_FALSE(first.joined(all.slice(3, 2).span(), last)) << "something else is between";
  EXPECT_FALSE(first.joined({}, last));
  EXPECT_FALSE(last.joined({}, first));
  EXPECT_FALSE(first.joined(between.span(), frozen(10, 16).slice(6, 4)));
  const Bytes taken_over(count_to(10));
  EXPECT_FALSE(taken_over.slice(0, 6).joined({}, taken_over.slice(6, 4))) << "not of a Buffer";
}

TEST(Bytes, a_prefix_is_put_in_front_without_copying) {
  const Bytes body = frozen(10, 16);
  const std::vector<std::byte> prefix(5, std::byte{0xee});
  const std::optional<Bytes> whole = body.prepend(prefix);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->data() + 5, body.data());
  EXPECT_EQ(vector_of(whole->slice(0, 5)), prefix);
  EXPECT_EQ(vector_of(whole->slice(5, 10)), count_to(10));
  EXPECT_EQ(vector_of(body), count_to(10));
}

TEST(Bytes, a_place_is_taken_once_but_more_fits_in_front_of_it) {
  const Bytes body = frozen(10, 16);
  const std::optional<Bytes> whole = body.prepend(count_to(5));
  EXPECT_FALSE(body.prepend(count_to(5)));
  EXPECT_FALSE(body.has_headroom(0));
  const std::optional<Bytes> more = whole->prepend(count_to(11));
  ASSERT_TRUE(more);
  EXPECT_EQ(more->size(), 26u);
  EXPECT_FALSE(more->prepend(count_to(1)));
  EXPECT_TRUE(more->prepend({}));
}

TEST(Bytes, a_prefix_longer_than_the_headroom_is_refused) {
  const Bytes body = frozen(10, 16);
  EXPECT_TRUE(body.has_headroom(16));
  EXPECT_FALSE(body.has_headroom(17));
  EXPECT_FALSE(body.prepend(count_to(17)));
  EXPECT_TRUE(body.prepend(count_to(16)));
}

TEST(Bytes, only_what_begins_where_the_headroom_ends_takes_a_prefix) {
  const Bytes body = frozen(10, 16);
  EXPECT_FALSE(body.slice(1, 9).prepend(count_to(1)));
  const std::optional<Bytes> first = body.slice(0, 3).prepend(count_to(2));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size(), 5u);
  EXPECT_EQ(vector_of(body), count_to(10));
  EXPECT_FALSE(Bytes().prepend({}));
  EXPECT_FALSE(Bytes(count_to(10)).prepend({}));
  EXPECT_FALSE(Bytes(std::make_shared<int>(), {}).has_headroom(0));
}

TEST(Bytes, the_whole_keeps_the_memory_alive) {
  std::optional<Bytes> whole = frozen(10, 16).prepend(count_to(3));
  EXPECT_EQ(vector_of(whole->slice(3, 10)), count_to(10));
}

TEST(Bytes, of_many_threads_one_gets_the_place) {
  for (int round = 0; round < 200; ++round) {
    const Bytes body = frozen(10, 64);
    std::atomic<int> ready = 0;
    std::atomic<int> winners = 0;
    const auto race = [&](std::byte mark) {
      const std::vector<std::byte> prefix(32, mark);
      ++ready;
      while (ready < 2) std::this_thread::yield();
      if (const std::optional<Bytes> whole = body.prepend(prefix)) {
        ++winners;
        EXPECT_EQ(vector_of(whole->slice(0, 32)), prefix);
      }
    };
    std::thread other([&] { race(std::byte{1}); });
    race(std::byte{2});
    other.join();
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(vector_of(body), count_to(10));
  }
}

TEST(Buffer, is_written_and_frozen_without_copying) {
  Buffer buffer(10);
  const std::byte* data = buffer.span().data();
  const std::vector<std::byte> source = count_to(10);
  std::copy(source.begin(), source.end(), buffer.span().begin());
  const Bytes bytes = std::move(buffer).freeze();
  EXPECT_EQ(bytes.data(), data);
  EXPECT_EQ(vector_of(bytes), source);
  EXPECT_TRUE(bytes.has_headroom(Bytes::kHeadroom));
  EXPECT_FALSE(bytes.has_headroom(Bytes::kHeadroom + 1));
}

TEST(Buffer, grows_and_keeps_what_it_holds) {
  Buffer buffer;
  std::vector<std::byte> expected;
  for (int i = 0; i < 1000; ++i) {
    const std::vector<std::byte> piece = count_to(i % 17);
    buffer.append(piece);
    expected.insert(expected.end(), piece.begin(), piece.end());
  }
  EXPECT_EQ(buffer.size(), expected.size());
  EXPECT_EQ(vector_of(std::move(buffer).freeze()), expected);
}

TEST(Buffer, of_large_pages_keeps_what_it_holds) {
  Buffer buffer;
  const std::vector<std::byte> piece = count_to(3 << 20);
  std::vector<std::byte> expected;
  for (int i = 0; i < 8; ++i) {
    buffer.append(piece);
    expected.insert(expected.end(), piece.begin(), piece.end());
  }
  EXPECT_EQ(vector_of(std::move(buffer).freeze()), expected);
}

TEST(Buffer, does_not_move_within_its_capacity) {
  Buffer buffer = Buffer::with_capacity(1000);
  EXPECT_TRUE(buffer.empty());
  EXPECT_GE(buffer.capacity(), 1000u);
  const std::byte* first = buffer.extend(1);
  buffer.extend(999);
  EXPECT_EQ(buffer.span().data(), first);
  buffer.truncate(3);
  EXPECT_EQ(buffer.size(), 3u);
}

TEST(Buffer, is_empty_after_freezing_and_can_be_written_again) {
  Buffer buffer(0, 8);
  buffer.append(count_to(3));
  const Bytes first = std::move(buffer).freeze();
  EXPECT_TRUE(buffer.empty());
  buffer.append(count_to(5));
  const Bytes second = std::move(buffer).freeze();
  EXPECT_EQ(vector_of(first), count_to(3));
  EXPECT_EQ(vector_of(second), count_to(5));
  EXPECT_TRUE(second.has_headroom(8));
  EXPECT_TRUE(std::move(buffer).freeze().empty());
}

TEST(Buffer, moves) {
  Buffer one(0);
  one.append(count_to(3));
  Buffer two = std::move(one);
  one = std::move(two);
  EXPECT_EQ(vector_of(std::move(one).freeze()), count_to(3));
}

TEST(Buffer, memory_is_aligned_for_any_value) {
  for (std::size_t headroom : {std::size_t{0}, Bytes::kHeadroom}) {
    Buffer buffer(1, headroom);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.span().data()) % alignof(std::max_align_t), 0u);
  }
}

}  // namespace
}  // namespace wisp
