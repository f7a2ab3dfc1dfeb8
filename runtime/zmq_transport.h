#pragma once
// Nodes of one job over ZeroMQ PUSH/PULL: ipc on one host, tcp between hosts, CURVE off loopback.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/transport.h"

namespace wisp::runtime {

// A CURVE key pair as Z85 text, made for one node of one run. The secret half travels over stdin only.
struct CurveKeys {
  CurveKeys() = default;
  std::string public_key;
  std::string secret_key;
  static CurveKeys make();
  template <class F>
  void fields(F& f) {
    f(public_key, secret_key);
  }
};

struct ZmqOptions {
  ZmqOptions() = default;
  NodeId self = 0;
  // "ipc:///folder/name" (the folder is private to the user), or "tcp://address" for each address to bind,
  // for which a free port is taken from port_first..port_last.
  std::vector<std::string> binds;
  std::uint16_t port_first = 20000;
  std::uint16_t port_last = 32767;
  std::uint64_t message_max = 1ull << 30;  // bytes; a longer frame closes the sender's connection
  std::uint32_t peers_max = 1000;
  bool plaintext_off_loopback = false;    // the job file said so
  std::optional<CurveKeys> keys;          // none: plaintext
  std::map<NodeId, std::string> allowed;  // public keys of the run's nodes; nobody else is let in
  template <class F>
  void fields(F& f) {
    f(self, binds, port_first, port_last, message_max, peers_max, plaintext_off_loopback, keys, allowed);
  }
};

// A receiver binds one PULL; a sender connects one PUSH a peer, so no frame ever goes to another peer than
// the one it was for (reliability traps: a PUSH with several peers deals its frames out to them).
class ZmqTransport : public Transport {
 public:
  // Binds. Throws Error: kHost for an address that can't be bound, naming it; kConfig for a plaintext bind
  // off loopback that the job file does not allow.
  explicit ZmqTransport(ZmqOptions options);
  ~ZmqTransport() override;

  // The first endpoint; endpoints() has one for each of options.binds.
  Address address() const override;
  const std::vector<std::string>& endpoints() const;
  // Lets one more node in. Any thread.
  void allow(NodeId node, const std::string& public_key);

  void connect(NodeId peer, const Address& address) override;
  void disconnect(NodeId peer) override;
  SendResult send(NodeId peer, const Bytes& frame) override;
  std::optional<Received> receive(std::optional<std::chrono::milliseconds> wait) override;
  void wake() override;
  void close(std::chrono::milliseconds linger) override;

 private:
  struct Sockets;
  std::unique_ptr<Sockets> sockets_;
};

// Whether an address, without brackets or port, is this machine's loopback. Names other than "localhost" are
// not.
bool is_loopback(const std::string& address);

}  // namespace wisp::runtime
