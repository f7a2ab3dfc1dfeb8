#pragma once
// System: the driver's side of the runtime, for code outside actors; and how a node serves it.
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/handle.h"
#include "runtime/services.h"
#include "runtime/zmq_transport.h"

namespace wisp::runtime {

// Where and under which name an actor is spawned.
class Options {
 public:
  explicit Options(std::string name) : name_(std::move(name)) {}
  // A node's name; without it, the driver's node.
  Options& on(std::string node) {
    node_ = std::move(node);
    return *this;
  }
  const std::string& name() const { return name_; }
  const std::string& node() const { return node_; }

 private:
  std::string name_;
  std::string node_;
};

namespace system_detail {

template <class A, class... P>
SpawnRequest spawn_request(const Registry& registry, const Options& options, const P&... arguments) {
  using Arguments = typename registry_detail::ConstructorTraits<typename A::Constructor>::Arguments;
  SpawnRequest request;
  request.class_name = registry.name_of<A>();
  request.name = options.name();
  request.node = options.node();
  request.arguments = registry_detail::pack_arguments<Arguments>(arguments...);
  return request;
}

template <class A>
Task<Handle<A>> to_handle(Node& node, Future<ActorRef> spawned) {
  const ActorRef actor = co_await spawned;
  co_return Handle<A>(node, actor.id, actor.name);
}

}  // namespace system_detail

// Inside actors: spawns an actor by class, with the arguments of its Constructor, converted without
// narrowing.
template <class A, class... P>
Task<Handle<A>> spawn(Context& context, const Options& options, const P&... arguments) {
  Node& node = context.node();
  return system_detail::to_handle<A>(
      node, driver_of(node).template call<&DriverService::spawn>(
                system_detail::spawn_request<A>(node.registry(), options, arguments...)));
}

struct SystemOptions {
  std::uint64_t run = 0;
  std::string fingerprint;  // nodes must bring the same
  const Clock* clock = nullptr;
  std::function<std::unique_ptr<Log>(const std::string& actor)> make_log;
  // The driver's own loop has ended by an error that nothing can mend. Called on the loop thread.
  std::function<void(const std::string& why)> on_failure;
};

// Node 0 of a job, its loop on a thread of its own. Methods may be called from any thread outside actors.
// `registry` must outlive it, and know the services (register_services).
class System {
 public:
  System(SystemOptions options, const Registry& registry, std::unique_ptr<Transport> transport);
  ~System();  // stops the loop; nodes elsewhere are the launcher's to end

  Node& node() { return *node_; }
  // Issues a number for a node that will be started under `name`.
  NodeId expect(const std::string& name) { return directory_.expect(name); }
  // Until all of `nodes` have joined. `progress` is called about every `tick` with the names of those that
  // have not; it may throw to give up. Throws Timeout that names the missing.
  void wait_for(const std::vector<NodeId>& nodes, std::chrono::milliseconds deadline,
                const std::function<void(const std::vector<std::string>& missing)>& progress,
                std::chrono::milliseconds tick = std::chrono::milliseconds(50));
  // A node is gone: everybody's calls to it fail with `cause`.
  void lose(NodeId node, const std::string& cause);
  // Asks a node to end.
  void stop(NodeId node);

  template <class A, class... P>
  Future<Handle<A>> spawn(const Options& options, const P&... arguments) {
    return Future<Handle<A>>(
        call_spawn(system_detail::spawn_request<A>(node_->registry(), options, arguments...)));
  }
  // An actor made here, on the driver's node.
  template <class A>
  Handle<A> adopt(const std::string& name, std::unique_ptr<A> actor) {
    const ActorId id = node_->adopt(name, std::move(actor));
    driver_of(*node_).template tell<&DriverService::enter>(ActorRef(id, name));
    return Handle<A>(*node_, id, name);
  }
  template <class A>
  Future<Handle<A>> get_actor(const std::string& name) {
    return Future<Handle<A>>(call_get_actor(name));
  }

 private:
  std::shared_ptr<FutureState> call_spawn(const SpawnRequest& request);
  std::shared_ptr<FutureState> call_get_actor(const std::string& name);

  Directory directory_;
  std::unique_ptr<Node> node_;
  std::thread loop_;
};

// All that a node needs to know to serve; it travels to it over stdin.
struct NodeParameters {
  NodeParameters() = default;
  std::string name;
  std::uint64_t run = 0;
  ZmqOptions network;
  Address driver;
  unsigned threads = 0;
  std::string fingerprint;
  Level log_level = Level::kInfo;
  template <class F>
  void fields(F& f) {
    f(name, run, network, driver, threads, fingerprint, log_level);
  }
};

// Joins the driver and serves until it is told to stop. Throws Error, which names the driver's endpoint, if
// the join is refused or takes longer than `deadline`.
void serve(const NodeParameters& parameters, const Registry& registry, const Clock& clock,
           std::function<std::unique_ptr<Log>(const std::string& actor)> make_log,
           std::unique_ptr<Transport> transport, std::chrono::milliseconds deadline);

}  // namespace wisp::runtime
