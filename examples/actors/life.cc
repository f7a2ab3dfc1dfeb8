// The life of an actor: start, ready, sleep, stop, kill, and who hears of its end.
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "one_process.h"

using namespace std::chrono_literals;

using wisp::runtime::Actor;
using wisp::runtime::ActorDied;
using wisp::runtime::Down;
using wisp::runtime::Handle;
using wisp::runtime::Options;
using wisp::runtime::Registry;
using wisp::runtime::System;
using wisp::runtime::Task;

class Candle : public Actor {
 public:
  using Constructor = void(int);
  explicit Candle(int ticks) : ticks_(ticks) {}

  // Messages wait until this is done; what it awaits itself does not.
  Task<void> on_start() override {
    co_await context().sleep(10ms);
    burning_ = true;
  }
  bool is_burning() const { return burning_; }
  Task<void> burn() {
    for (; ticks_ > 0; --ticks_) co_await context().sleep(1ms);
  }
  Task<void> burn_forever() {
    for (;;) co_await context().sleep(1ms);
  }
  void snuff() { context().end("snuffed"); }
  // What came before the stop is done. In the actor's last turn.
  void on_stop() override { burning_ = false; }

 private:
  int ticks_;
  bool burning_ = false;
};

class Watchman : public Actor {
 public:
  using Constructor = void();
  void watch(Handle<Candle> candle) { context().monitor(candle); }
  void on_down(const Down& down) override { ends_.push_back(down.name + ": " + down.cause); }
  std::vector<std::string> ends() const { return ends_; }

 private:
  std::vector<std::string> ends_;
};

// A thread for itself: its long turns keep nobody waiting.
class Cruncher : public Actor {
 public:
  using Constructor = void();
  std::string crunch(Handle<Watchman> watchman, Handle<Candle> candle) {
    watchman.tell<&Watchman::watch>(candle);
    context().flush();  // else it would leave at the end of this turn
    volatile double sum = 0;
    for (int i = 1; i < 1'000'000; ++i) sum = sum + 1.0 / i;
    return sum > 14 ? "done" : "undone";
  }
};

void register_actors(Registry& registry) {
  wisp::runtime::register_services(registry);
  registry.actor<Candle>("candle")
      .method<&Candle::is_burning>("is_burning")
      .method<&Candle::burn>("burn")
      .method<&Candle::burn_forever>("burn_forever")
      .method<&Candle::snuff>("snuff");
  registry.actor<Watchman>("watchman").method<&Watchman::watch>("watch").method<&Watchman::ends>("ends");
  registry.actor<Cruncher>("cruncher").method<&Cruncher::crunch>("crunch");
}

int main() {
  example::OneProcess process(&register_actors);
  System& system = process.system();
  auto first = system.spawn<Candle>(Options("first"), 3).get(10s);
  auto second = system.spawn<Candle>(Options("second"), 3).get(10s);
  auto third = system.spawn<Candle>(Options("third"), 3).get(10s);
  auto watchman = system.spawn<Watchman>(Options("watchman")).get(10s);
  auto cruncher = system.spawn<Cruncher>(Options("cruncher").own_thread()).get(10s);

  first.ready().get(10s);  // on_start() is done; what it throws ends the actor
  std::cout << std::boolalpha << first.call<&Candle::is_burning>().get(10s) << "\n";

  for (const auto& each : {first, second}) watchman.call<&Watchman::watch>(each).get(10s);
  std::cout << cruncher.call<&Cruncher::crunch>(watchman, third).get(10s) << "\n";

  auto end = first.monitor();  // outside of actors: a future
  first.tell<&Candle::snuff>();
  std::cout << end.get(10s).cause << "\n";

  auto burning = second.call<&Candle::burn>();
  second.stop();  // when the call above is done
  auto too_late = second.call<&Candle::is_burning>();
  burning.get(10s);
  auto endless = third.call<&Candle::burn_forever>();
  third.kill("blown out");  // where it waits
  try {
    (void)too_late.get(10s);
  } catch (const ActorDied& died) {
    std::cout << died.what() << "\n";
  }
  try {
    endless.get(10s);
  } catch (const ActorDied& died) {
    std::cout << died.what() << "\n";
  }

  std::vector<std::string> ends;
  while (ends.size() < 3) ends = watchman.call<&Watchman::ends>().get(10s);
  for (const std::string& each : ends) std::cout << each << "\n";
}
