#pragma once
// Transport: carries frames between the nodes of a job.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "runtime/tap.h"

namespace wisp::runtime {

// Issued by the driver, 0 for itself, and never again in the same job: a node that comes back has a new
// number.
using NodeId = std::uint32_t;

// A node has two: a heartbeat must not wait behind a gigabyte of data.
enum class Channel : std::uint8_t {
  kData,     // messages of actors; served by the node's loop thread
  kControl,  // heartbeats; served by the heart's thread (runtime/heart.h)
};

// Where a node can be reached.
struct Address {
  Address() = default;
  Address(std::string data_endpoint, std::string key, std::string control_endpoint = "")
      : endpoint(std::move(data_endpoint)),
        control(std::move(control_endpoint)),
        public_key(std::move(key)) {}
  std::string endpoint;    // "ipc:///...", "tcp://host:port", "in-process://..."
  std::string control;     // the same for the control channel; empty where there is none
  std::string public_key;  // CURVE, Z85; empty: plaintext
  const std::string& on(Channel channel) const { return channel == Channel::kData ? endpoint : control; }
  template <class F>
  void fields(F& f) {
    f(endpoint, control, public_key);
  }
};

enum class SendResult : std::uint8_t {
  kQueued,   // the transport has it; nothing more is known
  kFull,     // the peer's queue is at its limit
  kUnknown,  // not connected to that node
};

struct Received {
  Bytes frame;
  std::optional<NodeId> authenticated;  // who sent it, where the transport proves that
};

// One channel of one node, used by one thread alone, the first that calls it, but for address() and wake().
// Between two nodes frames stay in order; a frame arrives whole or not at all. Queued is not delivered: what
// is lost with a peer or a connection is found by the link (runtime/link.h), never here.
class Transport {
 public:
  virtual ~Transport() = default;
  // Where this node can be reached, on both channels. Any thread.
  virtual Address address() const = 0;
  // Where peers prove who they are by a key: lets one more in, or no longer in, on both channels; who is in
  // stays until its connection ends. A peer that was too early keeps trying. Elsewhere all of this is
  // nothing. allow() throws Error if the key is none. Any thread, also after close().
  virtual void allow(NodeId, const std::string& /*public_key*/) {}
  virtual void forbid(NodeId) {}
  // Makes `peer` known, or known anew, with what was queued for it before dropped or not. Does not wait for
  // it to be there. Throws Error if `address` can't be one.
  virtual void connect(NodeId peer, const Address& address) = 0;
  // Forgets `peer`; frames queued for it are dropped.
  virtual void disconnect(NodeId peer) = 0;
  virtual SendResult send(NodeId peer, const Bytes& frame) = 0;
  // The next frame, or none when `wait` is over, wake() was called, a signal came, or what came was refused.
  // No `wait`: as long as it takes.
  virtual std::optional<Received> receive(std::optional<std::chrono::milliseconds> wait) = 0;
  // Ends a receive() that waits, or the next one. Any thread.
  virtual void wake() = 0;
  // A way out for copies. Throws Error (kConfig) where there is none, or `endpoint` can't be one. Any thread,
  // before close().
  virtual std::unique_ptr<Tap> open_tap(const std::string& endpoint, const TapLimits& limits);
  // The owning thread gives the transport away: the next that calls it owns it. The two order that between
  // themselves.
  virtual void hand_over() {}
  // Sends what is queued for at most `linger`, then closes. Where channels share what sends, the last to be
  // closed waits for both. Nothing but address(), allow(), forbid() and wake(), which does nothing, may be
  // called afterwards.
  virtual void close(std::chrono::milliseconds linger) = 0;
};

}  // namespace wisp::runtime
