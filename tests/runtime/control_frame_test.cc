#include "runtime/control_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/runtime/nodes.h"
#include "tests/support/seed.h"

namespace wisp::runtime {
namespace {

ControlFrame frame_with(ControlFrame::Body body) {
  ControlFrame frame;
  frame.run = 77;
  frame.source = 3;
  frame.destination = 0;
  frame.body = std::move(body);
  return frame;
}

Beat some_beat() {
  Beat beat;
  beat.sequence = 5;
  beat.progress = 1'000'000;
  beat.queued = 12;
  beat.time = std::chrono::seconds(9);
  beat.address = Address("tcp://127.0.0.1:20000", "key", "tcp://127.0.0.1:20001");
  return beat;
}

TEST(ControlFrame, arrives_as_it_was) {
  const ControlFrame beat = decode_control_frame(encode(frame_with(some_beat())));
  EXPECT_EQ(beat.run, 77u);
  EXPECT_EQ(beat.source, 3u);
  EXPECT_EQ(beat.destination, 0u);
  const Beat& body = std::get<Beat>(beat.body);
  EXPECT_EQ(body.sequence, 5u);
  EXPECT_EQ(body.progress, 1'000'000u);
  EXPECT_EQ(body.queued, 12u);
  EXPECT_EQ(body.time, std::chrono::seconds(9));
  EXPECT_EQ(body.address.endpoint, "tcp://127.0.0.1:20000");
  EXPECT_EQ(body.address.control, "tcp://127.0.0.1:20001");
  EXPECT_EQ(body.address.public_key, "key");

  Pulse pulse;
  pulse.sequence = 8;
  pulse.time = std::chrono::seconds(10);
  const auto back = std::get<Pulse>(decode_control_frame(encode(frame_with(pulse))).body);
  EXPECT_EQ(back.sequence, 8u);
  EXPECT_EQ(back.time, std::chrono::seconds(10));

  Fencing fenced;
  fenced.why = "it was dead";
  EXPECT_EQ(std::get<Fencing>(decode_control_frame(encode(frame_with(fenced))).body).why, "it was dead");
}

// [version 1, kind 1, run 77, source 3, destination 0], [sequence 8, time 10]
TEST(ControlFrame, has_these_bytes) {
  Pulse pulse;
  pulse.sequence = 8;
  pulse.time = std::chrono::nanoseconds(10);
  EXPECT_EQ(test::text_of(encode(frame_with(pulse))), std::string("\x95\x01\x01\x4d\x03\x00\x92\x08\x0a", 9));
}

TEST(ControlFrame, refuses_what_is_none) {
  const std::string good = test::text_of(encode(frame_with(some_beat())));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_THROW(decode_control_frame(test::frame_of(good.substr(0, size))), DecodeError) << size;
  }
  EXPECT_THROW(decode_control_frame(test::frame_of(good + "x")), DecodeError);
  std::string other = good;
  other[1] = 2;
  EXPECT_THROW(decode_control_frame(test::frame_of(other)), DecodeError);  // version
  other = good;
  other[2] = 3;
  EXPECT_THROW(decode_control_frame(test::frame_of(other)), DecodeError);  // kind
}

TEST(ControlFrame, garbage_is_refused_and_harms_nobody) {
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kData);
  const std::string good = test::text_of(encode(frame_with(some_beat())));
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good;
    for (std::uint32_t flips = 1 + rng.below(4); flips > 0; --flips) {
      text[rng.below(static_cast<std::uint32_t>(text.size()))] = static_cast<char>(rng.below(256));
    }
    try {
      (void)decode_control_frame(test::frame_of(text));
    } catch (const DecodeError&) {
    }
  }
}

}  // namespace
}  // namespace wisp::runtime
