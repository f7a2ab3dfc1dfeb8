#pragma once
// The gatekeeper of a CURVE socket: lets in the nodes of this run and nobody else (ZeroMQ RFC 27, ZAP).
#include <map>
#include <memory>
#include <string>

#include "runtime/transport.h"

namespace wisp::runtime {

// Answers the authentication requests of one ZeroMQ context on a thread of its own. Without it libzmq lets
// any key in, so it must stand before a socket is bound.
class ZapGate {
 public:
  // `context` is the raw zmq context; the gate must be destroyed before it, after context shutdown.
  ZapGate(void* context, const std::map<NodeId, std::string>& allowed);
  ~ZapGate();
  // Any thread.
  void allow(NodeId node, const std::string& public_key);

  static constexpr const char* kDomain = "wisp";

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wisp::runtime
