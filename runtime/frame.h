#pragma once
// What travels between nodes: a frame is a header and messages, each an envelope and its body, every byte
// msgpack.
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/pack.h"
#include "runtime/transport.h"

namespace wisp::runtime {

inline constexpr std::uint8_t kWireVersion = 1;

struct FrameHeader {
  FrameHeader() = default;
  std::uint8_t version = kWireVersion;
  std::uint64_t run = 0;  // drawn anew for each run: a frame of another run on a reused port is dropped
  NodeId source = 0;
  NodeId destination = 0;
  std::uint64_t sequence = 0;  // 1, 2, ... from source to destination
  template <class F>
  void fields(F& f) {
    f(version, run, source, destination, sequence);
  }
};

struct Envelope {
  enum class Kind : std::uint8_t {
    kTell,     // body: packed arguments; nobody waits
    kCall,     // body: packed arguments
    kAnswer,   // body: the packed result, empty for void
    kFailure,  // body: a Failure
  };
  Envelope() = default;
  Kind kind = Kind::kTell;
  std::uint64_t call = 0;   // the caller's number of the call; 0 for kTell
  std::uint32_t actor = 0;  // index of the receiver; unused in answers
  std::uint32_t method = 0;
  std::uint32_t body_size = 0;  // bytes that follow
  template <class F>
  void fields(F& f) {
    f(kind, call, actor, method, body_size);
  }
};

struct Message {
  Message() = default;
  Message(Envelope message_envelope, Bytes message_body)
      : envelope(message_envelope), body(std::move(message_body)) {}
  Envelope envelope;
  Bytes body;
};

struct Frame {
  FrameHeader header;
  std::vector<Message> messages;
};

Bytes encode(const FrameHeader& header, const Message& message);
// Bodies share the memory of `bytes`. Throws DecodeError.
Frame decode_frame(const Bytes& bytes);

}  // namespace wisp::runtime
