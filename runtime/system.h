#pragma once
// System: the driver's side of the runtime, for code outside actors; and how a node serves it.
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/handle.h"
#include "runtime/heart.h"
#include "runtime/services.h"
#include "runtime/zmq_transport.h"

namespace wisp::runtime {

// Where, under which name and how an actor is spawned.
class Options {
 public:
  explicit Options(std::string name) { request_.name = std::move(name); }
  // On a node by name, on any of a host, or by placement (spread | pack); without any, the driver's node.
  Options& on(std::string node) {
    request_.where.node = std::move(node);
    return *this;
  }
  Options& on_host(std::string host) {
    request_.where.host = std::move(host);
    return *this;
  }
  Options& place(std::string kind) {
    request_.where.kind = std::move(kind);
    return *this;
  }
  // If an actor has the name already, that one is meant, and none is made.
  Options& get_if_exists() {
    request_.get_if_exists = true;
    return *this;
  }
  Options& mailbox(std::uint32_t capacity, Overflow overflow) {
    request_.cell.capacity = capacity;
    request_.cell.overflow = overflow;
    return *this;
  }
  // For an actor that computes for long among others that don't.
  Options& own_thread() {
    request_.cell.own_thread = true;
    return *this;
  }
  // It outlives its incarnations: what it last committed is restored when an actor is spawned under its name
  // again, and what is sent to it is kept by the senders until then. Its class has save() and restore().
  Options& saved() {
    request_.cell.saved = true;
    return *this;
  }
  const SpawnRequest& request() const { return request_; }

 private:
  SpawnRequest request_;
};

namespace system_detail {

template <class A, class... P>
SpawnRequest spawn_request(const Registry& registry, const Options& options, const P&... arguments) {
  using Arguments = typename call_detail::ConstructorTraits<typename A::Constructor>::Arguments;
  SpawnRequest request = options.request();
  request.class_name = registry.name_of<A>();
  request.arguments = call_detail::packed_arguments<Arguments>(arguments...);
  return request;
}

template <class A>
Task<Handle<A>> to_handle(Node& node, Future<ActorRef> found) {
  const ActorRef actor = co_await found;
  co_return Handle<A>(node, actor.id, actor.name, actor.saved);
}

}  // namespace system_detail

// Inside actors: spawns an actor by class, with the arguments of its Constructor, converted without
// narrowing. Throws Error if the name is taken, unless options say get_if_exists, or the constructor's own.
template <class A, class... P>
Task<Handle<A>> spawn(Context& context, const Options& options, const P&... arguments) {
  Node& node = context.node();
  return system_detail::to_handle<A>(
      node, driver_of(node).template call<&DriverService::spawn>(
                system_detail::spawn_request<A>(node.registry(), options, arguments...)));
}

// Inside actors: the one that has this name. Throws Error if there is none.
template <class A>
Task<Handle<A>> get_actor(Context& context, const std::string& name) {
  Node& node = context.node();
  return system_detail::to_handle<A>(node, driver_of(node).template call<&DriverService::get_actor>(name));
}

struct SystemOptions {
  std::uint64_t run = 0;
  std::string fingerprint;  // nodes must bring the same
  const Clock* clock = nullptr;
  unsigned threads =
      0;  // that run the actors on the driver's node; see NodeOptions. A simulated world has none.
  std::function<std::unique_ptr<Log>(const std::string& actor)> make_log;
  // Where people find an actor's log; empty: not known.
  std::function<std::string(const std::string& actor)> log_path;
  // The driver's own loop has ended by an error that nothing can mend. Called on the loop thread.
  std::function<void(const std::string& why)> on_failure;
  // Heartbeats, if there is a control channel. Called on the heart's thread: a node that has joined is
  // silent, or is heard again, or is taken for dead, which everybody has been told then.
  FailureLimits failure;
  std::function<void(NodeId node, std::chrono::nanoseconds silent_for)> on_suspect;
  std::function<void(NodeId node, std::chrono::nanoseconds had_been_silent_for)> on_well;
  std::function<void(NodeId node, const std::string& cause)> on_dead;
  // Of a simulated world: runs it until the answer is there. The system then has no thread; the world steps
  // its node.
  std::function<void(const FutureState& state, std::chrono::nanoseconds deadline)> drive;
  LinkLimits limits;
  LinkFaults faults;
  // Of saving actors on the driver's node; see NodeOptions.
  Disk* disk = nullptr;
  std::filesystem::path saved_folder;
  SavingFaults saving_faults;
  std::uint32_t stream_window = 1024;
};

// Node 0 of a job, its loop on a thread of its own. Methods may be called from any thread outside actors.
// `registry` must outlive it, and know the services (register_services).
class System {
 public:
  // Without a `control` channel nobody's silence is noticed.
  System(SystemOptions options, const Registry& registry, std::unique_ptr<Transport> transport,
         std::unique_ptr<Transport> control = nullptr);
  ~System();  // stops the loop; nodes elsewhere are the launcher's to end

  Node& node() { return *node_; }
  // Null without a control channel. In a simulated world it has no thread; the world steps it.
  DriverHeart* heart() { return heart_.get(); }
  // Issues a number for a node that will be started under `name`, and lets it in by its public key, as all
  // others do once it has joined. Without a key it is let in by who knows it already.
  NodeId expect(const std::string& name, const std::string& host = "", const std::string& public_key = "") {
    const NodeId node = directory_.expect(name, host, public_key);
    node_->allow(node, public_key);
    return node;
  }
  // Until all of `nodes` have joined. `progress` is called about every `tick` with the names of those that
  // have not; it may throw to give up. Throws Timeout that names the missing.
  void wait_for(const std::vector<NodeId>& nodes, std::chrono::milliseconds deadline,
                const std::function<void(const std::vector<std::string>& missing)>& progress,
                std::chrono::milliseconds tick = std::chrono::milliseconds(50));
  // Which of `to` don't answer `from` within `deadline`, though all have joined: the way between them is
  // closed.
  Future<std::vector<NodeId>> find_unreachable(NodeId from, const std::vector<NodeId>& to,
                                               std::chrono::milliseconds deadline);
  // Where a node that has joined is reached.
  std::string endpoint_of(NodeId node) const { return directory_.endpoint_of(node); }
  // A node is gone: everybody's calls to it fail with `cause`; what it still sends is answered by fencing it.
  void lose(NodeId node, const std::string& cause);
  // From when it hears of this, if it was started to be disturbed.
  void disturb(NodeId node, const Disturbance& disturbance);
  // Asks a node to end.
  void stop(NodeId node);

  template <class A, class... P>
  Future<Handle<A>> spawn(const Options& options, const P&... arguments) {
    return driver_as<Handle<A>, &DriverService::spawn>(
        system_detail::spawn_request<A>(node_->registry(), options, arguments...));
  }
  // The same for who knows the class by its name only; `arguments` are packed as its entry in the registry
  // packs them.
  Future<ActorRef> spawn_named(const std::string& class_name, const Options& options, Bytes arguments);
  // Calls a method without arguments, one of its class's `commands`; what it returns is dropped.
  Future<void> command(const ActorRef& actor, const std::string& class_name, const std::string& method);
  // An actor made here, on the driver's node.
  template <class A>
  Handle<A> adopt(const std::string& name, std::unique_ptr<A> actor,
                  const CellOptions& options = CellOptions()) {
    const ActorId id = node_->adopt(name, std::move(actor), options);
    driver_of(*node_).must_tell<&DriverService::enter>(ActorRef(id, name));
    return Handle<A>(*node_, id, name);
  }
  template <class A>
  Future<Handle<A>> get_actor(const std::string& name) {
    return driver_as<Handle<A>, &DriverService::get_actor>(name);
  }

 private:
  // A call of the driver's service whose ActorRef is taken as a handle: they have one layout.
  template <class H, auto M, class... P>
  Future<H> driver_as(const P&... arguments) {
    auto state = make_ref<TypedState<H>>(node_.get(), Awaited{Name("driver"), &call_detail::kMethodKey<M>});
    ScratchPacker scratch;
    call_detail::pack_arguments<call_detail::ArgumentsOf<M>>(scratch.packer(), arguments...);
    node_->call(ActorId(), node_->registry().template id_of<M>(), state, scratch.take());
    return Future<H>(std::move(state));
  }

  std::unique_ptr<DriverHeart> make_heart(const SystemOptions& options, std::unique_ptr<Transport> control);

  Directory directory_;
  std::unique_ptr<DriverHeart> heart_;
  std::unique_ptr<Node> node_;
  std::thread loop_;
  std::thread beats_;
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
  FailureLimits failure;
  bool disturbed = false;  // its frames can be lost or late on purpose: System::disturb()
  // Shared libraries with more classes: absolute, or a name beside the program's own libraries.
  std::vector<std::string> plugins;
  template <class F>
  void fields(F& f) {
    f(name, run, network, driver, threads, fingerprint, log_level, failure, disturbed, plugins);
  }
};

// What a node that serves a driver tells its surroundings.
struct ServingHooks {
  // The driver has taken it in.
  std::function<void()> on_joined;
  // The driver refused it, or did not answer; the text names the driver's endpoint.
  std::function<void(const std::string& why)> on_join_failed;
  // Another node, or the driver, takes it for dead.
  std::function<void(const std::string& why)> on_fenced;
  // From now on the driver wants this for its frames.
  std::function<void(const Disturbance&)> on_disturbed;
};

// A node that joins the driver as soon as it runs. `options` may hold more than the parameters say.
std::unique_ptr<Node> make_node(const NodeParameters& parameters, NodeOptions options,
                                const Registry& registry, std::unique_ptr<Transport> transport,
                                std::chrono::milliseconds deadline, const ServingHooks& hooks);

// The heart of such a node, to be started once it has joined. The functions are called as NodeHeartOptions
// says.
std::unique_ptr<NodeHeart> make_node_heart(const NodeParameters& parameters, const Clock& clock, Node& node,
                                           std::unique_ptr<Transport> control,
                                           std::function<void(const std::string& why)> on_fenced,
                                           std::function<void(const std::string& why)> on_driver_lost);

// Joins the driver and serves until it is told to stop. Throws Error, which names the driver's endpoint, if
// the join is refused or takes longer than `deadline`, or if it is silent for parameters.failure.dead
// afterwards; Fenced, if it is taken for dead. Without a `control` channel, here or at the driver, nobody's
// silence is noticed.
void serve(const NodeParameters& parameters, const Registry& registry, const Clock& clock,
           std::function<std::unique_ptr<Log>(const std::string& actor)> make_log,
           std::unique_ptr<Transport> transport, std::unique_ptr<Transport> control,
           std::chrono::milliseconds deadline);

}  // namespace wisp::runtime
