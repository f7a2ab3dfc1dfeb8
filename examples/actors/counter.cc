// An actor, a system in one process, and how code outside of actors talks to it.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "runtime/in_process_transport.h"
#include "runtime/system.h"

using namespace std::chrono_literals;

using wisp::runtime::Actor;
using wisp::runtime::ActorError;
using wisp::runtime::InProcessNetwork;
using wisp::runtime::Options;
using wisp::runtime::Registry;
using wisp::runtime::System;
using wisp::runtime::SystemOptions;
using wisp::runtime::Task;
using wisp::runtime::Timeout;

class Counter : public Actor {
 public:
  using Constructor = void(std::int64_t);  // what it is made from, here and in other processes
  explicit Counter(std::int64_t start) : value_(start) {}

  std::int64_t add(std::int64_t amount) {
    if (amount < 0) throw wisp::Error("a counter does not go back");
    return value_ += amount;
  }
  std::int64_t value() const { return value_; }
  Task<void> nap() { co_await context().sleep(1h); }

 private:
  std::int64_t value_;
};

void register_actors(Registry& registry) {
  wisp::runtime::register_services(registry);  // the actors by which the runtime talks to itself
  registry.actor<Counter>("counter")
      .method<&Counter::add>("add")
      .method<&Counter::value>("value")
      .method<&Counter::nap>("nap");
}

void talk(System& system) {
  auto counter = system.spawn<Counter>(Options("c"), 40).get(10s);

  std::cout << counter.call<&Counter::add>(2).get(10s) << "\n";

  auto first = counter.call<&Counter::add>(1);  // two under way; they arrive in this order
  auto second = counter.call<&Counter::value>();
  std::cout << second.get(10s) << " " << first.get(10s) << "\n";

  const bool taken = counter.tell<&Counter::add>(7);  // no answer; false: there was no room
  std::cout << std::boolalpha << taken << " " << counter.call<&Counter::value>().get(10s) << "\n";
}

void fail(System& system) {
  auto counter = system.get_actor<Counter>("c").get(10s);
  try {
    counter.call<&Counter::add>(-1).get(10s);
  } catch (const ActorError& error) {
    std::cout << error.actor() << " | " << error.cause() << "\n";
  }
  try {
    counter.call<&Counter::nap>().get(20ms);
  } catch (const Timeout& timeout) {
    std::cout << timeout.what() << "\n";
  }
  std::cout << counter.call<&Counter::value>().get(10s) << "\n";  // it lives on
}

int main() {
  Registry registry;
  register_actors(registry);

  const wisp::SystemClock clock;
  SystemOptions options;
  options.clock = &clock;
  options.make_log = [](const std::string&) { return std::make_unique<wisp::SilentLog>(); };
  InProcessNetwork network;
  System system(std::move(options), registry, network.attach(0));

  talk(system);
  fail(system);
}
