#pragma once
// Frames, written and read by hand.
#include <vector>

#include "base/error.h"
#include "runtime/wire.h"

namespace wisp::runtime::test {

struct Message {
  Message() = default;
  Message(const Envelope& of, Bytes with) : envelope(of), body(std::move(with)) {}
  Envelope envelope;
  Bytes body;
};

struct Frame {
  Frame() = default;
  FrameHeader header;
  std::vector<Message> messages;
};

inline Bytes write_frame(const FrameHeader& header, const std::vector<Message>& messages = {}) {
  Buffer frame(kHeaderSize, 0);
  write_header(frame.span().data(), header);
  for (const Message& each : messages) {
    Envelope envelope = each.envelope;
    envelope.body_size = static_cast<std::uint32_t>(each.body.size());
    std::byte place[kEnvelopeSizeMax];
    frame.append({place, write_envelope(place, envelope)});
    frame.append(each.body.span());
  }
  return std::move(frame).freeze();
}

// Throws if these are no frame.
inline Frame read_frame(const Bytes& bytes) {
  Frame frame;
  if (const WireError error = read_header(bytes.span(), frame.header); error != WireError::kNone) {
    throw Error(describe(error));
  }
  MessageReader reader(bytes);
  while (reader.next()) frame.messages.emplace_back(reader.envelope(), reader.shared_body());
  if (reader.error() != WireError::kNone) throw Error(describe(reader.error()));
  return frame;
}

}  // namespace wisp::runtime::test
