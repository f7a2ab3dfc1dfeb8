#pragma once
// ZmqContext: what the channels of one process share of ZeroMQ.
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/transport.h"
#include "runtime/zap.h"

namespace zmq {
class context_t;
}

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

// One zmq context with one I/O thread, and the gatekeeper where there are keys. The product has one of these
// a process: two zmq contexts in one process have crashed each other (libzmq #4242).
class ZmqContext {
 public:
  // Room for `peers_max` other nodes; raises this process's limit of open files for them if it must. Throws
  // Error (kHost) if they will not fit, or (kConfig) if an allowed key is none.
  ZmqContext(std::uint32_t peers_max, std::optional<CurveKeys> keys,
             const std::map<NodeId, std::string>& allowed);
  ~ZmqContext();
  ZmqContext(const ZmqContext&) = delete;
  ZmqContext& operator=(const ZmqContext&) = delete;

  zmq::context_t& handle() const { return *handle_; }
  const std::optional<CurveKeys>& keys() const { return keys_; }
  // Lets one more node in. Any thread, also after the end.
  void allow(NodeId node, const std::string& public_key);

  // A channel opens its sockets between enter() and leave(). The last to leave ends the context, and waits
  // for what still lingers in closed sockets. Any thread.
  void enter();
  void leave();

 private:
  void end();

  const std::optional<CurveKeys> keys_;
  std::unique_ptr<zmq::context_t> handle_;
  std::mutex mutex_;  // guards what follows
  std::unique_ptr<ZapGate> gate_;
  int channels_ = 0;
};

}  // namespace wisp::runtime
