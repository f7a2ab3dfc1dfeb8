#pragma once
// Two nodes that serve on threads of their own, over a network of any kind, and an actor that runs what a
// test gives it.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/handle.h"
#include "tests/runtime/nodes.h"

namespace wisp::runtime::test {

// Stands in the registry for classes whose constructors take what no message holds.
class Unspawned : public Actor {
 public:
  using Constructor = void();
};

// Runs what a test gives it.
class Script : public Actor {
 public:
  using Constructor = void();
  using Body = std::function<Task<std::string>(Context&)>;
  explicit Script(Body body) : body_(std::move(body)) {}
  Task<std::string> run() {
    const std::string result = co_await body_(context());
    co_return result;
  }

 private:
  const Body body_;
};

// What one actor waits for and a test opens, once.
struct Gate {
  Promise<void> reached{"the actor before a gate"};
  Promise<int> opened{"a gate"};
  void wait_until_reached() const { reached.future().get(kHang); }
  void open(int value) const { opened.set(value); }
};

struct World {
  const char* name;
  NetworkKind network;
  unsigned threads;
};
inline void PrintTo(const World& world, std::ostream* out) { *out << world.name; }

// Of class Fixture, on every world.
inline auto each_world() {
  return testing::Values(World{"InProcess", kInProcess, 0}, World{"InProcessPool", kInProcess, 2},
                         World{"Ipc", kIpc, 0}, World{"IpcPool", kIpc, 2}, World{"Tcp", kTcp, 0},
                         World{"TcpPool", kTcp, 2});
}
inline std::string world_name(const testing::TestParamInfo<World>& info) { return info.param.name; }

// Nodes 1 and 2, each with a service of class Script as actor 0. A test registers its methods in its
// fixture's constructor and then calls start().
class TwoNodes : public testing::TestWithParam<World> {
 protected:
  TwoNodes() { registry_.actor<Unspawned>("script").template method<&Script::run>("run"); }
  ~TwoNodes() override { serving_.clear(); }

  // `adapt` may change the options of each node.
  void start(const std::function<void(NodeOptions&)>& adapt = [](NodeOptions&) {}) {
    for (NodeId id = 1; id <= 2; ++id) {
      NodeOptions options = node_options(id, journal_, GetParam().threads);
      adapt(options);
      nodes_.push_back(std::make_unique<Node>(std::move(options), registry_, network_->attach(id)));
      adopt(id, "service", std::make_unique<Unspawned>());
    }
    here().add_peer(2, network_->address(2));
    there().add_peer(1, network_->address(1));
    for (const auto& node : nodes_) serving_.push_back(std::make_unique<Serving>(*node));
  }

  Node& here() { return *nodes_[0]; }
  Node& there() { return *nodes_[1]; }

  // An actor of node `at`; the handle is node 1's.
  template <class A>
  Handle<A> adopt(NodeId at, const std::string& name, std::unique_ptr<A> actor,
                  const CellOptions& options = CellOptions()) {
    return Handle<A>(here(), nodes_[at - 1]->adopt(name, std::move(actor), options), name);
  }
  Future<std::string> begin(NodeId at, Script::Body body) {
    return adopt(at, "script", std::make_unique<Script>(std::move(body))).template call<&Script::run>();
  }
  std::string run(NodeId at, Script::Body body) { return begin(at, std::move(body)).get(kHang); }

  const std::unique_ptr<Network> network_ = GetParam().network.make();
  Journal journal_;
  Registry registry_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<Serving>> serving_;
};

}  // namespace wisp::runtime::test
