#include "launcher/wire.h"

#include <signal.h>

#include <gtest/gtest.h>

#include "base/process.h"
#include "launcher/messages.h"

namespace wisp::launcher {
namespace {

TEST(Wire, messages_survive_any_cut_of_the_stream) {
  auto [read, write] = make_pipe();
  SendQueue queue;
  for (std::uint32_t i = 0; i < 3; ++i) {
    queue.push_frame(pack_message(message::Up::kStarted, message::Started{"worker", i, 77}));
  }
  ASSERT_TRUE(queue.flush(write.get()));
  EXPECT_TRUE(queue.empty());
  set_nonblocking(read.get());

  FrameReader reader;
  std::vector<std::uint32_t> attempts;
  std::vector<std::byte> one;
  while (read_some(read.get(), one, 1) == ReadResult::kData) {
    reader.feed(one);
    one.clear();
    while (const auto next = reader.next()) {
      Unpacker unpacker(*next);
      message::Up kind{};
      unpack(unpacker, kind);
      EXPECT_EQ(kind, message::Up::kStarted);
      attempts.push_back(unpack_body<message::Started>(unpacker).attempt);
    }
  }
  EXPECT_EQ(attempts, (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(Wire, a_length_over_the_limit_is_refused_before_anything_is_allocated) {
  FrameReader reader;
  const std::uint32_t huge = 0xffffffff;
  reader.feed(std::as_bytes(std::span(&huge, 1)));
  EXPECT_THROW(reader.next(), DecodeError);
}

TEST(Wire, a_full_pipe_leaves_the_rest_for_later) {
  auto [read, write] = make_pipe();
  set_nonblocking(write.get());
  set_nonblocking(read.get());
  SendQueue queue;
  queue.push_raw(Bytes(std::vector<std::byte>(300'000, std::byte{7})));
  std::vector<std::byte> all;
  while (!queue.empty()) {
    ASSERT_TRUE(queue.flush(write.get()));
    read_some(read.get(), all, 1 << 20);
  }
  while (read_some(read.get(), all, 1 << 20) == ReadResult::kData) {
  }
  EXPECT_EQ(all, std::vector<std::byte>(300'000, std::byte{7}));
}

TEST(Wire, the_end_of_the_reader_is_seen) {
  auto [read, write] = make_pipe();
  ::signal(SIGPIPE, SIG_IGN);
  read.reset();
  SendQueue queue;
  queue.push_raw(Bytes(std::vector<std::byte>(1)));
  EXPECT_FALSE(queue.flush(write.get()));
}

}  // namespace
}  // namespace wisp::launcher
