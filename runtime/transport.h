#pragma once
// Transport: carries frames between the nodes of a job.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace wisp::runtime {

// Issued by the driver, 0 for itself, and never again in the same job: a node that comes back has a new
// number.
using NodeId = std::uint32_t;

// Where a node can be reached.
struct Address {
  Address() = default;
  Address(std::string where, std::string key) : endpoint(std::move(where)), public_key(std::move(key)) {}
  std::string endpoint;    // "ipc:///...", "tcp://host:port", "in-process://..."
  std::string public_key;  // CURVE, Z85; empty: plaintext
  template <class F>
  void fields(F& f) {
    f(endpoint, public_key);
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

// One per node, used by the node's loop thread alone, but for wake(). Between two nodes frames stay in order;
// a frame arrives whole or not at all. Queued is not delivered: what is lost with a peer or a connection is
// found by the link (runtime/link.h), never here.
class Transport {
 public:
  virtual ~Transport() = default;
  // Where this node can be reached.
  virtual Address address() const = 0;
  // Makes `peer` known. Does not wait for it to be there.
  virtual void connect(NodeId peer, const Address& address) = 0;
  // Forgets `peer`; frames queued for it are dropped.
  virtual void disconnect(NodeId peer) = 0;
  virtual SendResult send(NodeId peer, const Bytes& frame) = 0;
  // The next frame, or none when `wait` is over, wake() was called, or what came was refused. No `wait`: as
  // long as it takes.
  virtual std::optional<Received> receive(std::optional<std::chrono::milliseconds> wait) = 0;
  // Ends a receive() that waits, or the next one. Any thread.
  virtual void wake() = 0;
  // Sends what is queued for at most `linger`, then closes. Nothing but wake(), which does nothing, may be
  // called afterwards.
  virtual void close(std::chrono::milliseconds linger) = 0;
};

}  // namespace wisp::runtime
