#include "runtime/frame.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/runtime/nodes.h"
#include "tests/support/seed.h"

namespace wisp::runtime {
namespace {

using test::frame_of;
using test::text_of;

FrameHeader header() {
  FrameHeader header;
  header.run = 0xfedcba9876543210;
  header.source = 7;
  header.destination = 300;
  header.sequence = 1'000'000'000'000;
  return header;
}

Message message(Envelope::Kind kind, std::string_view body) {
  Envelope envelope;
  envelope.kind = kind;
  envelope.call = 5;
  envelope.actor = 2;
  envelope.method = 0xdeadbeef;
  return Message(envelope, frame_of(body));
}

Bytes join(const std::vector<Bytes>& parts) {
  std::vector<std::byte> all;
  for (const Bytes& part : parts) all.insert(all.end(), part.span().begin(), part.span().end());
  return Bytes(std::move(all));
}

// A message as it stands in a frame.
Bytes envelope_and_body(Message message) {
  message.envelope.body_size = static_cast<std::uint32_t>(message.body.size());
  return join({pack(message.envelope), message.body});
}

TEST(Frame, is_read_as_it_was_written) {
  const Frame frame = decode_frame(encode(header(), message(Envelope::Kind::kCall, "the body")));
  EXPECT_EQ(frame.header.version, kWireVersion);
  EXPECT_EQ(frame.header.run, 0xfedcba9876543210);
  EXPECT_EQ(frame.header.source, 7u);
  EXPECT_EQ(frame.header.destination, 300u);
  EXPECT_EQ(frame.header.sequence, 1'000'000'000'000u);
  ASSERT_EQ(frame.messages.size(), 1u);
  EXPECT_EQ(frame.messages[0].envelope.kind, Envelope::Kind::kCall);
  EXPECT_EQ(frame.messages[0].envelope.call, 5u);
  EXPECT_EQ(frame.messages[0].envelope.actor, 2u);
  EXPECT_EQ(frame.messages[0].envelope.method, 0xdeadbeef);
  EXPECT_EQ(text_of(frame.messages[0].body), "the body");
}

TEST(Frame, holds_any_number_of_messages) {
  const Bytes bytes = join({pack(header()), envelope_and_body(message(Envelope::Kind::kTell, "one")),
                            envelope_and_body(message(Envelope::Kind::kAnswer, "")),
                            envelope_and_body(message(Envelope::Kind::kFailure, "three"))});
  const Frame frame = decode_frame(bytes);
  ASSERT_EQ(frame.messages.size(), 3u);
  EXPECT_EQ(text_of(frame.messages[0].body), "one");
  EXPECT_TRUE(frame.messages[1].body.empty());
  EXPECT_EQ(frame.messages[2].envelope.kind, Envelope::Kind::kFailure);
  EXPECT_EQ(text_of(frame.messages[2].body), "three");
  EXPECT_TRUE(decode_frame(pack(header())).messages.empty());
}

TEST(Frame, bodies_share_its_memory) {
  const Bytes bytes = encode(header(), message(Envelope::Kind::kTell, "shared"));
  const Frame frame = decode_frame(bytes);
  EXPECT_GE(frame.messages[0].body.data(), bytes.data());
  EXPECT_EQ(frame.messages[0].body.data() + 6, bytes.data() + bytes.size());
}

TEST(Frame, of_another_version_is_refused_by_both_numbers) {
  FrameHeader old = header();
  old.version = 9;
  try {
    decode_frame(encode(old, message(Envelope::Kind::kTell, "x")));
    FAIL() << "no exception";
  } catch (const DecodeError& error) {
    EXPECT_STREQ(error.what(), "a frame of wire version 9 where 1 is spoken");
  }
}

TEST(Frame, cut_anywhere_is_refused) {
  const Bytes whole = encode(header(), message(Envelope::Kind::kCall, "the body"));
  const std::size_t no_message = pack(header()).size();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    if (size == no_message) {
      EXPECT_TRUE(decode_frame(whole.slice(0, size)).messages.empty());
    } else {
      EXPECT_THROW(decode_frame(whole.slice(0, size)), DecodeError) << size;
    }
  }
}

TEST(Frame, a_body_longer_than_the_frame_is_refused) {
  Envelope lying = message(Envelope::Kind::kTell, "").envelope;
  lying.body_size = 0xffffffff;
  EXPECT_THROW(decode_frame(join({pack(header()), pack(lying), frame_of("short")})), DecodeError);
}

TEST(Frame, garbage_is_refused_or_read_but_harms_nobody) {
  const Bytes whole = encode(header(), message(Envelope::Kind::kCall, "the body"));
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kData);
  int read = 0;
  for (int i = 0; i < 5000; ++i) {
    std::vector<std::byte> changed(whole.span().begin(), whole.span().end());
    for (std::uint32_t flips = 1 + rng.below(4); flips > 0; --flips) {
      changed[rng.below(static_cast<std::uint32_t>(changed.size()))] = static_cast<std::byte>(rng.below(256));
    }
    try {
      for (const Message& each : decode_frame(Bytes(changed)).messages)
        read += each.body.size() > changed.size() ? 1 : 0;
    } catch (const DecodeError&) {
      continue;
    }
  }
  EXPECT_EQ(read, 0);
}

}  // namespace
}  // namespace wisp::runtime
