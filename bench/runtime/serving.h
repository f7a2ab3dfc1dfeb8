#pragma once
// What wisp's own programs of bench/runtime share: a node that serves on a thread of its own, and how nodes
// of two processes meet.

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "bench/runtime/measure.h"
#include "runtime/handle.h"
#include "runtime/zmq_transport.h"

namespace wisp::bench {

using Registration = void (*)(runtime::Registry&);

constexpr std::uint64_t kUsualWindow = 65'536;  // messages

class Serving {
 public:
  Serving(runtime::NodeId id, unsigned threads, std::unique_ptr<runtime::Transport> transport,
          Registration register_all, std::uint64_t window = kUsualWindow) {
    register_all(registry_);
    runtime::NodeOptions options;
    options.id = id;
    options.run = 1;
    options.threads = threads;
    options.clock = &clock_;
    options.make_log = [](const std::string&) { return std::make_unique<SilentLog>(); };
    options.limits.window.messages = window;
    options.limits.waiting.messages = window;
    node_ = std::make_unique<runtime::Node>(options, registry_, std::move(transport));
    loop_ = std::thread([this] { node_->run(); });
  }
  ~Serving() {
    node_->stop();
    loop_.join();
  }
  runtime::Node& node() { return *node_; }
  template <class A>
  runtime::Handle<A> adopt(const std::string& name, const runtime::CellOptions& options = {}) {
    return runtime::Handle<A>(*node_, node_->adopt(name, std::make_unique<A>(), options), name);
  }

 private:
  const SystemClock clock_;
  runtime::Registry registry_;
  std::unique_ptr<runtime::Node> node_;
  std::thread loop_;
};

inline std::unique_ptr<runtime::Transport> listen(runtime::NodeId self) {
  runtime::ZmqOptions options;
  options.self = self;
  options.binds = {"tcp://127.0.0.1"};
  return runtime::ZmqSockets(options).data();
}

/// In a child: node `id` with one actor, an A, until the parent, which is node 1, says that it is the end.
template <class A>
void serve(Line& line, runtime::NodeId id, Registration register_all, std::uint64_t window = kUsualWindow) {
  Serving serving(id, 0, listen(id), register_all, window);
  serving.adopt<A>("service");
  line.tell(serving.node().address().endpoint);
  serving.node().add_peer(1, runtime::Address(line.hear(), ""));
  line.tell("ready");
  line.hear();
}

/// In the parent: the actor of the child that serves as node `id`.
template <class A>
runtime::Handle<A> meet(Serving& serving, Line& line, runtime::NodeId id) {
  serving.node().add_peer(id, runtime::Address(line.hear(), ""));
  line.tell(serving.node().address().endpoint);
  line.hear();
  return runtime::Handle<A>(serving.node(), runtime::ActorId(id, 0), "service");
}

}  // namespace wisp::bench
