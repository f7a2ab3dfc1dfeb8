#pragma once
// ZmqContext: what the channels of one process share of ZeroMQ.
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/zmq_curve.h"
#include "runtime/transport.h"
#include "runtime/zap.h"

namespace zmq {
class context_t;
}

namespace wisp::runtime {

// One zmq context with one I/O thread, and the gatekeeper where there are keys. The product has one of these
// a process: two zmq contexts in one process have crashed each other (libzmq #4242).
class ZmqContext {
 public:
  // Room for `peers_max` other nodes; raises this process's limit of open files for them if it must. With
  // keys the process leaves no core files behind any more: they would hold the secret. Throws Error (kHost)
  // if the peers will not fit or the gatekeeper lets strangers in, or (kFailed) if an allowed key is none.
  ZmqContext(std::uint32_t peers_max, std::optional<CurveKeys> keys,
             const std::map<NodeId, std::string>& allowed);
  ~ZmqContext();
  ZmqContext(const ZmqContext&) = delete;
  ZmqContext& operator=(const ZmqContext&) = delete;

  zmq::context_t& handle() const { return *handle_; }
  const std::optional<CurveKeys>& keys() const { return keys_; }
  // Lets one more node in, or no longer in (runtime/zap.h). Any thread, also after the end.
  void allow(NodeId node, const std::string& public_key);
  void forbid(NodeId node);

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
