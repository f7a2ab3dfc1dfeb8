#include "runtime/system.h"

#include <unistd.h>

#include <exception>
#include <mutex>

#include "base/hash.h"
#include "base/text.h"
#include "runtime/disturbed_transport.h"

namespace wisp::runtime {

namespace {

NodeOptions driver_options(const SystemOptions& options) {
  NodeOptions node;
  node.run = options.run;
  node.clock = options.clock;
  if (!options.drive) node.threads = options.threads;
  node.make_log = options.make_log;
  node.log_path = options.log_path;
  node.drive = options.drive;
  node.limits = options.limits;
  node.faults = options.faults;
  node.disk = options.disk;
  node.saved_folder = options.saved_folder;
  node.saving_faults = options.saving_faults;
  node.stream_window = options.stream_window;
  return node;
}

}  // namespace

System::System(SystemOptions options, const Registry& registry, std::unique_ptr<Transport> transport,
               std::unique_ptr<Transport> control) {
  if (control) heart_ = make_heart(options, std::move(control));
  NodeOptions node_options = driver_options(options);
  node_options.on_actor_ended = [this](ActorId actor, const std::string& name, const std::string& cause) {
    if (actor.index != 0) driver_of(*node_).must_tell<&DriverService::leave>(actor, name, cause);
  };
  node_ = std::make_unique<Node>(std::move(node_options), registry, std::move(transport));
  node_->adopt("driver", std::make_unique<DriverService>(directory_, options.fingerprint, heart_.get()));
  if (options.drive) return;
  loop_ = std::thread([this, on_failure = options.on_failure] {
    try {
      node_->run();
    } catch (const Error& error) {
      on_failure(std::string("the driver lost touch with the nodes: ") + error.what());
    }
  });
  if (!heart_) return;
  beats_ = std::thread([this, on_failure = options.on_failure] {
    try {
      heart_->run();
    } catch (const Error& error) {
      on_failure(std::string("the driver hears no heartbeats: ") + error.what());
    }
  });
}

std::unique_ptr<DriverHeart> System::make_heart(const SystemOptions& options,
                                                std::unique_ptr<Transport> control) {
  DriverHeartOptions heart;
  heart.run = options.run;
  heart.limits = options.failure;
  heart.clock = options.clock;
  const auto nobody = [](NodeId, std::chrono::nanoseconds) {};
  heart.on_suspect = options.on_suspect ? options.on_suspect : nobody;
  heart.on_well = options.on_well ? options.on_well : nobody;
  heart.on_dead = [this, on_dead = options.on_dead](NodeId node, std::chrono::nanoseconds silent_for) {
    const std::string cause =
        "no heartbeats for " + format_duration(std::chrono::round<std::chrono::seconds>(silent_for));
    lose(node, cause);
    if (on_dead) on_dead(node, cause);
  };
  return std::make_unique<DriverHeart>(std::move(heart), std::move(control));
}

System::~System() {
  if (heart_) heart_->stop();
  if (beats_.joinable()) beats_.join();
  node_->stop();
  if (loop_.joinable()) loop_.join();
}

void System::wait_for(const std::vector<NodeId>& nodes, std::chrono::milliseconds deadline,
                      const std::function<void(const std::vector<std::string>& missing)>& progress,
                      std::chrono::milliseconds tick) {
  const auto start = node_->clock().steady();
  for (;;) {
    const std::vector<std::string> missing = directory_.missing(nodes);
    if (missing.empty()) return;
    progress(missing);
    if (node_->clock().steady() - start > deadline) {
      std::string names;
      for (const std::string& name : missing) names += " " + name;
      throw Timeout("these nodes have not joined within " + format_duration(deadline) + ":" + names);
    }
    if (node_->blocks_by_driving()) {
      const Promise<void> never("nodes that are to join", node_.get());
      node_->drive_until(*never.state(), tick);
    } else {
      directory_.wait_for_change(tick);
    }
  }
}

Future<std::vector<NodeId>> System::find_unreachable(NodeId from, const std::vector<NodeId>& to,
                                                     std::chrono::milliseconds deadline) {
  return service_of(*node_, from).call<&NodeService::find_unreachable>(to, std::int64_t{deadline.count()});
}

void System::lose(NodeId node, const std::string& cause) {
  if (heart_) heart_->declare_dead(node);
  driver_of(*node_).must_tell<&DriverService::lose>(node, cause);
}

void System::disturb(NodeId node, const Disturbance& disturbance) {
  service_of(*node_, node).must_tell<&NodeService::disturb>(disturbance);
}

void System::stop(NodeId node) { service_of(*node_, node).must_tell<&NodeService::stop>(); }

Future<ActorRef> System::spawn_named(const std::string& class_name, const Options& options, Bytes arguments) {
  SpawnRequest request = options.request();
  request.class_name = class_name;
  request.arguments = std::move(arguments);
  return driver_as<ActorRef, &DriverService::spawn>(request);
}

Future<void> System::command(const ActorRef& actor, const std::string& class_name,
                             const std::string& method) {
  auto state = make_ref<TypedState<void>>(node_.get(), Awaited{Name(actor.name)});
  ScratchPacker scratch;
  call_detail::pack_arguments<std::tuple<>>(scratch.packer());
  node_->call(actor.id, fnv1a32(class_name + "." + method), state, scratch.take());
  return Future<void>(std::move(state));
}

std::unique_ptr<Node> make_node(const NodeParameters& parameters, NodeOptions options,
                                const Registry& registry, std::unique_ptr<Transport> transport,
                                std::chrono::milliseconds deadline, const ServingHooks& hooks) {
  options.id = parameters.network.self;
  options.run = parameters.run;
  options.threads = parameters.threads;
  options.on_fenced = hooks.on_fenced;
  const bool simulated = static_cast<bool>(options.drive);
  // Set below: actors end only once the node runs.
  const auto node_of = std::make_shared<Node*>(nullptr);
  options.on_actor_ended = [node_of](ActorId actor, const std::string& name, const std::string& cause) {
    driver_of(**node_of).must_tell<&DriverService::leave>(actor, name, cause);
  };
  auto node = std::make_unique<Node>(std::move(options), registry, std::move(transport));
  *node_of = node.get();
  Hello hello;
  hello.node = node->id();
  if (!simulated) hello.pid = static_cast<std::uint64_t>(getpid());  // it would show in the length of frames
  hello.address = node->address();
  hello.fingerprint = parameters.fingerprint;
  const auto on_failure = [on_join_failed = hooks.on_join_failed,
                           endpoint = parameters.driver.endpoint](const std::string& why) {
    on_join_failed("cannot join the driver at " + endpoint + ": " + why);
  };
  node->adopt(
      "node-" + std::to_string(node->id()),
      std::make_unique<NodeService>(hello, deadline, hooks.on_joined, on_failure, hooks.on_disturbed));
  node->add_peer(0, parameters.driver);
  return node;
}

std::unique_ptr<NodeHeart> make_node_heart(const NodeParameters& parameters, const Clock& clock, Node& node,
                                           std::unique_ptr<Transport> control,
                                           std::function<void(const std::string& why)> on_fenced,
                                           std::function<void(const std::string& why)> on_driver_lost) {
  NodeHeartOptions options;
  options.self = node.id();
  options.run = parameters.run;
  options.driver = parameters.driver;
  options.limits = parameters.failure;
  options.clock = &clock;
  options.progress = [&node] { return node.progress(); };
  options.queued = [] { return std::uint64_t{0}; };
  options.on_fenced = std::move(on_fenced);
  options.on_driver_lost = [on_driver_lost = std::move(on_driver_lost),
                            endpoint = parameters.driver.endpoint](std::chrono::nanoseconds silent_for) {
    const auto silence = std::chrono::round<std::chrono::milliseconds>(silent_for);
    on_driver_lost("the driver at " + endpoint + " has been silent for " + format_duration(silence));
  };
  return std::make_unique<NodeHeart>(std::move(options), std::move(control));
}

namespace {

// Why a node that serves has come to its end, from whichever thread was first to know.
class End {
 public:
  explicit End(std::function<void()> stop) : stop_(std::move(stop)) {}
  template <class E>
  void come(const E& error) {
    {
      std::lock_guard lock(mutex_);
      if (!why_) why_ = std::make_exception_ptr(error);
    }
    stop_();
  }
  void rethrow() {
    std::lock_guard lock(mutex_);
    if (why_) std::rethrow_exception(why_);
  }

 private:
  const std::function<void()> stop_;
  std::mutex mutex_;
  std::exception_ptr why_;
};

// The heart of a node, on a thread of its own from start() on.
class Beating {
 public:
  Beating(const NodeParameters& parameters, const Clock& clock, Node& node, End& end,
          std::unique_ptr<Transport> control)
      : end_(end) {
    heart_ = make_node_heart(
        parameters, clock, node, std::move(control),
        [&end](const std::string& why) { end.come(Fenced(why)); },
        [&end](const std::string& why) { end.come(Error(why, Fault::kHost)); });
  }
  ~Beating() {
    heart_->stop();
    if (thread_.joinable()) thread_.join();
  }
  Beating(const Beating&) = delete;
  Beating& operator=(const Beating&) = delete;
  void start() {
    thread_ = std::thread([this] {
      try {
        heart_->run();
      } catch (const Error& error) {
        end_.come(error);
      }
    });
  }

 private:
  End& end_;
  std::unique_ptr<NodeHeart> heart_;
  std::thread thread_;
};

}  // namespace

void serve(const NodeParameters& parameters, const Registry& registry, const Clock& clock,
           std::function<std::unique_ptr<Log>(const std::string& actor)> make_log,
           std::unique_ptr<Transport> transport, std::unique_ptr<Transport> control,
           std::chrono::milliseconds deadline) {
  NodeOptions options;
  options.clock = &clock;
  options.make_log = std::move(make_log);
  Disturbances disturbances(clock);
  const auto disturbed = [&](std::unique_ptr<Transport> inner,
                             Channel channel) -> std::unique_ptr<Transport> {
    if (!parameters.disturbed || !inner) return inner;
    return std::make_unique<DisturbedTransport>(std::move(inner), disturbances, clock, parameters.run,
                                                parameters.network.self, channel);
  };
  std::unique_ptr<Node> node;
  std::unique_ptr<Beating> beating;
  End end([&node] { node->stop(); });
  ServingHooks hooks;
  hooks.on_joined = [&beating] {
    if (beating) beating->start();
  };
  hooks.on_join_failed = [&end](const std::string& why) { end.come(Error(why, Fault::kHost)); };
  hooks.on_fenced = [&end](const std::string& why) { end.come(Fenced(why)); };
  hooks.on_disturbed = [&disturbances](const Disturbance& each) { disturbances.add(each); };
  node = make_node(parameters, std::move(options), registry, disturbed(std::move(transport), Channel::kData),
                   deadline, hooks);
  if (control && !parameters.driver.control.empty()) {
    beating = std::make_unique<Beating>(parameters, clock, *node, end,
                                        disturbed(std::move(control), Channel::kControl));
  }
  node->run();
  beating.reset();
  end.rethrow();
}

}  // namespace wisp::runtime
