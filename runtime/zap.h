#pragma once
// The gatekeeper of a CURVE socket: lets in the nodes of this run and nobody else (ZeroMQ RFC 27, ZAP).
#include <map>
#include <memory>
#include <string>

#include "runtime/transport.h"

namespace wisp::runtime {

// Answers the authentication requests of one ZeroMQ context on a thread of its own. Without it libzmq lets
// any key in, so it must stand before a socket is bound. A key that it does not know is refused for now
// (300), not for good (400), after which libzmq would never try that connection again: a node that joins late
// may knock at a peer that has not been told of it yet.
class ZapGate {
 public:
  // `context` is the raw zmq context; the gate must be destroyed before it, after context shutdown.
  ZapGate(void* context, const std::map<NodeId, std::string>& allowed);
  ~ZapGate();
  // The node comes with this key from now on, and with no other. Throws Error if it is none. Any thread.
  void allow(NodeId node, const std::string& public_key);
  // Who is in stays, and does not come back. Any thread.
  void forbid(NodeId node);

  static constexpr const char* kDomain = "wisp";

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wisp::runtime
