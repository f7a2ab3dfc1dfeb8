#include "runtime/system.h"

#include <unistd.h>

#include "base/text.h"

namespace wisp::runtime {

namespace {

NodeOptions driver_options(const SystemOptions& options) {
  NodeOptions node;
  node.run = options.run;
  node.clock = options.clock;
  node.make_log = options.make_log;
  node.on_broken_link = [](const std::string& why) { throw Error(why); };
  return node;
}

}  // namespace

System::System(SystemOptions options, const Registry& registry, std::unique_ptr<Transport> transport)
    : node_(std::make_unique<Node>(driver_options(options), registry, std::move(transport))) {
  node_->adopt("driver", std::make_unique<DriverService>(directory_, options.fingerprint));
  loop_ = std::thread([this, on_failure = std::move(options.on_failure)] {
    try {
      node_->run();
    } catch (const Error& error) {
      on_failure(std::string("the driver lost touch with the nodes: ") + error.what());
    }
  });
}

System::~System() {
  node_->stop();
  loop_.join();
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
    directory_.wait_for_change(tick);
  }
}

void System::lose(NodeId node, const std::string& cause) {
  driver_of(*node_).tell<&DriverService::lose>(node, cause);
}

void System::stop(NodeId node) { service_of(*node_, node).tell<&NodeService::stop>(); }

std::shared_ptr<FutureState> System::call_spawn(const SpawnRequest& request) {
  const MethodId method = node_->registry().id_of<&DriverService::spawn>();
  using Arguments = handle_detail::ArgumentsOf<&DriverService::spawn>;
  return node_->call(ActorId(), "driver", method, registry_detail::pack_arguments<Arguments>(request));
}

std::shared_ptr<FutureState> System::call_get_actor(const std::string& name) {
  const MethodId method = node_->registry().id_of<&DriverService::get_actor>();
  using Arguments = handle_detail::ArgumentsOf<&DriverService::get_actor>;
  return node_->call(ActorId(), "driver", method, registry_detail::pack_arguments<Arguments>(name));
}

void serve(const NodeParameters& parameters, const Registry& registry, const Clock& clock,
           std::function<std::unique_ptr<Log>(const std::string& actor)> make_log,
           std::unique_ptr<Transport> transport, std::chrono::milliseconds deadline) {
  NodeOptions options;
  options.id = parameters.network.self;
  options.run = parameters.run;
  options.threads = parameters.threads;
  options.clock = &clock;
  options.make_log = std::move(make_log);
  options.on_broken_link = [](const std::string& why) { throw Error(why); };
  Node node(std::move(options), registry, std::move(transport));
  node.adopt("node-" + std::to_string(node.id()), std::make_unique<NodeService>());
  node.add_peer(0, parameters.driver);

  std::exception_ptr broken;
  std::thread loop([&node, &broken] {
    try {
      node.run();
    } catch (...) {
      broken = std::current_exception();
    }
  });
  std::exception_ptr refused;
  try {
    Hello hello;
    hello.node = node.id();
    hello.pid = static_cast<std::uint64_t>(getpid());
    hello.address = node.address();
    hello.fingerprint = parameters.fingerprint;
    const auto peers = driver_of(node).call<&DriverService::join>(hello).get(deadline);
    service_of(node, node.id()).tell<&NodeService::add_peers>(peers);
  } catch (const Error& error) {
    refused = std::make_exception_ptr(
        Error("cannot join the driver at " + parameters.driver.endpoint + ": " + error.what(), Fault::kHost));
    node.stop();
  }
  loop.join();
  if (broken) std::rethrow_exception(broken);  // it is also what ended the wait for the join
  if (refused) std::rethrow_exception(refused);
}

}  // namespace wisp::runtime
