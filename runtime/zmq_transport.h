#pragma once
// Nodes of one job over ZeroMQ PUSH/PULL: ipc on one host, tcp between hosts, CURVE off loopback.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/endpoint.h"
#include "runtime/transport.h"
#include "runtime/zmq_context.h"

namespace wisp::runtime {

struct ZmqOptions {
  static constexpr std::uint16_t kPortMax = 32767;

  ZmqOptions() = default;
  NodeId self = 0;
  // Where to listen for data: "ipc:///folder/name" (the folder is private to the user), "tcp://address", for
  // which a free port is taken from port_first..port_last, or "tcp://address:port", which is tried for 2 s.
  std::vector<std::string> binds;
  // The same for the control channel, one for each of `binds`. Empty: beside them, at "ipc:///folder/name"
  // + kControlSuffix or at another free port.
  std::vector<std::string> control_binds;
  // At most kPortMax: systems give the ports above to outgoing connections, and a socket that tries to
  // connect to such a port of its own host, while nobody listens there, connects to itself (libzmq #4588).
  std::uint16_t port_first = 20000;
  std::uint16_t port_last = kPortMax;
  std::uint64_t message_max = 1ull << 30;  // bytes, and at most 1 MiB on the control channel; a longer
                                           // frame closes the sender's connection
  std::uint32_t peers_max = 1000;
  bool plaintext_off_loopback = false;    // the job file said so
  std::optional<CurveKeys> keys;          // none: plaintext
  std::map<NodeId, std::string> allowed;  // public keys of the run's nodes; nobody else is let in

  static constexpr const char* kControlSuffix = ".control";
  template <class F>
  void fields(F& f) {
    f(self, binds, control_binds, port_first, port_last, message_max, peers_max, plaintext_off_loopback, keys,
      allowed);
  }
};

// The two transports of one node. Each binds one PULL and connects one PUSH a peer, so no frame ever goes to
// another peer than the one it was for (a PUSH with several peers deals its frames out to them).
class ZmqSockets {
 public:
  // Binds. Throws Error: kHost for an address that can't be bound, naming it, or too few open files; kConfig
  // for ports above kPortMax, or a plaintext bind off loopback that the job file does not allow.
  explicit ZmqSockets(const ZmqOptions& options);

  // One for each of options.binds; the first is what the transports call theirs.
  const std::vector<Address>& addresses() const { return addresses_; }
  // Lets one more node in. Any thread, also when the transports are closed.
  void allow(NodeId node, const std::string& public_key) { context_->allow(node, public_key); }

  // The transports, once each; they may outlive this. One that was not taken closes with this.
  std::unique_ptr<Transport> data() { return std::move(data_); }
  std::unique_ptr<Transport> control() { return std::move(control_); }

 private:
  std::shared_ptr<ZmqContext> context_;
  std::vector<Address> addresses_;
  std::unique_ptr<Transport> data_;
  std::unique_ptr<Transport> control_;
};

}  // namespace wisp::runtime
