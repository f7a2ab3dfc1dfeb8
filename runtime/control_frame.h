#pragma once
// What travels on the control channel: heartbeats, their answers, and the word that a node is fenced.
#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/pack.h"
#include "runtime/transport.h"

namespace wisp::runtime {

inline constexpr std::uint8_t kControlVersion = 1;

// Node to driver, every interval.
struct Beat {
  Beat() = default;
  std::uint64_t sequence = 0;        // 1, 2, ...
  std::uint64_t progress = 0;        // of the node's own counting: messages handled
  std::uint64_t queued = 0;          // messages that wait for its actors
  std::chrono::nanoseconds time{0};  // by the node's steady clock
  Address address;                   // where the answer goes, also when the driver does not know the node
  template <class F>
  void fields(F& f) {
    f(sequence, progress, queued, time, address);
  }
};

// Driver to node: the answer to a beat.
struct Pulse {
  Pulse() = default;
  std::uint64_t sequence = 0;  // the beat's
  std::chrono::nanoseconds time{0};
  template <class F>
  void fields(F& f) {
    f(sequence, time);
  }
};

// Driver to node: it was given up, and is to end.
struct Fencing {
  Fencing() = default;
  std::string why;
  template <class F>
  void fields(F& f) {
    f(why);
  }
};

// On the wire: the array [version, kind, run, source, destination], then the body, every byte msgpack.
struct ControlFrame {
  using Body = std::variant<Beat, Pulse, Fencing>;  // kind: the index

  ControlFrame() = default;
  std::uint64_t run = 0;
  NodeId source = 0;
  NodeId destination = 0;
  Body body;
};

Bytes encode(const ControlFrame& frame);
// Throws DecodeError.
ControlFrame decode_control_frame(const Bytes& bytes);

}  // namespace wisp::runtime
