// The same classes in virtual time: a network that loses frames, a node that crashes, one seed.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>

#include "runtime/simulated_world.h"

using namespace std::chrono_literals;

using wisp::runtime::Actor;
using wisp::runtime::ActorDied;
using wisp::runtime::NodeId;
using wisp::runtime::Options;
using wisp::runtime::Registry;
using wisp::runtime::SimulatedWorld;
using wisp::runtime::WorldOptions;

class Counter : public Actor {
 public:
  using Constructor = void();
  std::int64_t add(std::int64_t amount) { return value_ += amount; }

 private:
  std::int64_t value_ = 0;
};

int main() {
  Registry registry;
  wisp::runtime::register_services(registry);
  registry.actor<Counter>("counter").method<&Counter::add>("add");

  WorldOptions options;
  options.seed = 7;
  options.keep_trace = true;
  options.faults.drop = 0.3;  // of all frames, each way
  SimulatedWorld world(options, registry);
  const NodeId node = world.start_node("n1", "host");
  auto counter = world.system().spawn<Counter>(Options("c").on("n1")).get();

  world.forget_trace(world.trace().size());
  for (int i = 0; i < 2; ++i) std::cout << counter.call<&Counter::add>(1).get() << "\n";
  for (const std::string& line : world.trace()) std::cout << line << "\n";

  world.after(1ms, [&] { world.crash(node, "killed by signal 9"); });
  try {
    for (;;) counter.call<&Counter::add>(1).get();
  } catch (const ActorDied& died) {
    std::cout << died.what() << "\n";
  }
}
