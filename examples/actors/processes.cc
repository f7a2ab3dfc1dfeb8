// A program of one's own: started plainly it is the driver; it starts itself again as nodes.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <stdlib.h>
#include <unistd.h>

#include "base/process.h"
#include "base/text.h"
#include "one_process.h"
#include "runtime/zmq_transport.h"

using namespace std::chrono_literals;

using wisp::runtime::Actor;
using wisp::runtime::ActorDied;
using wisp::runtime::Handle;
using wisp::runtime::NodeId;
using wisp::runtime::NodeParameters;
using wisp::runtime::Options;
using wisp::runtime::Registry;
using wisp::runtime::System;
using wisp::runtime::SystemOptions;
using wisp::runtime::ZmqOptions;
using wisp::runtime::ZmqSockets;

class Guest : public Actor {
 public:
  using Constructor = void();
  NodeId node() const { return context().self().node; }
  int pid() const { return ::getpid(); }
};

void register_actors(Registry& registry) {
  wisp::runtime::register_services(registry);
  registry.actor<Guest>("guest").method<&Guest::node>("node").method<&Guest::pid>("pid");
}

// Reads its parameters, joins the driver, and serves until it is told to stop.
int serve_as_node(const Registry& registry) {
  std::size_t size = 0;
  std::cin >> size;
  std::cin.get();
  std::vector<std::byte> packed(size);
  std::cin.read(reinterpret_cast<char*>(packed.data()), static_cast<std::streamsize>(size));
  const auto parameters = wisp::unpack<NodeParameters>(wisp::Bytes(std::move(packed)));

  const wisp::SystemClock clock;
  const auto make_log = [](const std::string& actor) { return std::make_unique<example::PrintedLog>(actor); };
  ZmqSockets sockets(parameters.network);
  serve(parameters, registry, clock, make_log, sockets.data(), sockets.control(), 30s);
  return 0;
}

// A process that gets `parameters` on its stdin: nothing of them shows on a command line.
std::FILE* start_process(const NodeParameters& parameters) {
  const std::string program = wisp::shell_quote(wisp::self_executable().string());
  std::FILE* process = ::popen(("exec " + program + " node").c_str(), "w");
  const wisp::Bytes packed = wisp::pack(parameters);
  std::fprintf(process, "%zu\n", packed.size());
  std::fwrite(packed.data(), 1, packed.size(), process);
  std::fflush(process);
  return process;
}

class Driver {
 public:
  Driver(const Registry& registry, const std::filesystem::path& folder)
      : folder_(folder),
        sockets_(network_of(0)),
        system_(options(), registry, sockets_.data(), sockets_.control()) {}

  NodeId start(const std::string& name) {
    const NodeId node = system_.expect(name, "here");  // a number that no other node will have
    NodeParameters parameters;
    parameters.name = name;
    parameters.run = kRun;
    parameters.network = network_of(node);
    parameters.driver = sockets_.addresses().front();
    processes_[node] = start_process(parameters);
    return node;
  }
  // Waits for the end of a process that was killed, and tells everybody.
  void lose(NodeId node) {
    ::pclose(processes_.at(node));
    processes_.erase(node);
    system_.lose(node, "its process was killed");
  }
  void stop() {
    for (const auto& [node, process] : processes_) system_.stop(node);
    for (const auto& [node, process] : processes_) ::pclose(process);
  }
  System& system() { return system_; }

 private:
  static constexpr std::uint64_t kRun = 4711;  // of one's own choice; frames of other runs are dropped

  ZmqOptions network_of(NodeId node) const {
    ZmqOptions network;
    network.self = node;
    network.binds = {"ipc://" + (folder_ / ("node-" + std::to_string(node))).string()};
    return network;
  }
  SystemOptions options() {
    SystemOptions options;
    options.run = kRun;
    options.clock = &clock_;
    options.make_log = [](const std::string& actor) { return std::make_unique<example::PrintedLog>(actor); };
    options.on_failure = [](const std::string& why) { std::cerr << why << std::endl; };
    return options;
  }

  const std::filesystem::path folder_;
  const wisp::SystemClock clock_;
  ZmqSockets sockets_;
  System system_;
  std::map<NodeId, std::FILE*> processes_;
};

void use(Driver& driver) {
  System& system = driver.system();
  const NodeId first = driver.start("first");
  const NodeId second = driver.start("second");
  system.wait_for({first, second}, 30s, [](const std::vector<std::string>&) {});

  auto a = system.spawn<Guest>(Options("a").on("second")).get(10s);     // by the node's name
  auto b = system.spawn<Guest>(Options("b").place("spread")).get(10s);  // where the fewest are
  auto c = system.spawn<Guest>(Options("c").on_host("here")).get(10s);  // likewise, on one host
  auto d = system.spawn<Guest>(Options("d")).get(10s);                  // the driver's node
  for (const Handle<Guest>& each : {a, b, c, d}) {
    std::cout << each.name() << " " << each.call<&Guest::node>().get(10s) << "\n";
  }

  ::kill(a.call<&Guest::pid>().get(10s), SIGKILL);
  driver.lose(second);
  try {
    (void)a.call<&Guest::node>().get(10s);
  } catch (const ActorDied& died) {
    std::cout << died.what() << "\n";
  }
  std::cout << b.call<&Guest::node>().get(10s) << "\n";
}

int main(int argc, char** argv) {
  Registry registry;
  register_actors(registry);
  if (argc > 1 && argv[1] == std::string("node")) return serve_as_node(registry);

  std::string folder = (std::filesystem::temp_directory_path() / "wisp-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  {
    Driver driver(registry, folder);
    use(driver);
    driver.stop();
  }
  std::filesystem::remove_all(folder);
}
