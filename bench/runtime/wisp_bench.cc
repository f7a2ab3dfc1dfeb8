// wisp's own side of bench/runtime: actors of one node, and of two nodes in two processes.
#include <atomic>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "base/process.h"
#include "bench/runtime/measure.h"
#include "bench/runtime/serving.h"
#include "runtime/handle.h"
#include "runtime/in_process_transport.h"

namespace wisp::bench {
namespace {

using namespace std::chrono_literals;
using runtime::Handle;
using runtime::Task;

constexpr std::uint64_t kWarmUp = 1000;
constexpr std::size_t kLarge = 1 << 20;
constexpr std::uint32_t kMailbox = 8192;  // messages
constexpr std::uint64_t kWindow = 1024;   // updates that are out at once

class Counter : public runtime::Actor {
 public:
  using Constructor = void();
  void add(std::uint64_t value) {
    if (count_++ == 0) watch_.emplace();
    sum_ += value;
  }
  void take(Bytes small) {
    if (count_++ == 0) watch_.emplace();
    sum_ += small.size();
  }
  void update(std::uint32_t index, float value) {
    if (count_++ == 0) watch_.emplace();
    sum_ += index;
    model_ += value;
  }
  std::uint64_t apply(std::uint32_t index, float value) {
    update(index, value);
    return count_;
  }
  std::uint64_t ping(std::uint64_t value) { return value + 1; }
  Bytes echo(Bytes small) { return small; }
  double seconds() { return watch_ ? watch_->seconds() : 0; }
  std::uint64_t count() { return count_; }
  void reset() {
    count_ = 0;
    watch_.reset();
  }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  float model_ = 0;
  std::optional<Stopwatch> watch_;
};

class Producer : public runtime::Actor {
 public:
  using Constructor = void();
  Task<void> flood(Handle<Counter> to, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!to.tell<&Counter::add>(i)) co_await to.send<&Counter::add>(i);
    }
  }
  Task<double> ping(Handle<Counter> to, std::uint64_t count) {
    keep_to_first_core();
    std::uint64_t value = 0;
    const Stopwatch watch;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t next = co_await to.call<&Counter::ping>(value);
      value = next;
    }
    co_return watch.seconds();
  }
  Task<double> ping_here(Handle<Counter> to, std::uint64_t count) {
    std::uint64_t value = 0;
    const Stopwatch watch;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t next = co_await to.call<&Counter::ping>(value);
      value = next;
    }
    co_return watch.seconds();
  }
  Task<double> echo(Handle<Counter> to, std::uint64_t count) {
    const Bytes small{std::vector<std::byte>(kSmall)};
    for (std::uint64_t i = 0; i < kWarmUp; ++i) {
      const Bytes back = co_await to.call<&Counter::echo>(small);
      if (back.size() != kSmall) throw Error("the echo is of another size");
    }
    const Stopwatch watch;
    for (std::uint64_t i = 0; i < count; ++i) {
      const Bytes back = co_await to.call<&Counter::echo>(small);
      if (back.size() != kSmall) throw Error("the echo is of another size");
    }
    co_return watch.seconds();
  }
  Task<double> send_small(Handle<Counter> to, std::uint64_t count) {
    const Bytes small{std::vector<std::byte>(kSmall)};
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!to.tell<&Counter::take>(small)) co_await to.send<&Counter::take>(small);
    }
    const double seconds = co_await to.call<&Counter::seconds>();
    co_return seconds;
  }
  Task<double> send_large(Handle<Counter> to, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      Buffer buffer(kLarge);
      buffer.span()[0] = std::byte{1};
      Bytes large = std::move(buffer).freeze();
      if (!to.tell<&Counter::take>(large)) co_await to.send<&Counter::take>(large);
    }
    const double seconds = co_await to.call<&Counter::seconds>();
    co_return seconds;
  }
  Task<double> send_updates(Handle<Counter> to, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto index = static_cast<std::uint32_t>(i);
      if (!to.tell<&Counter::update>(index, 0.5f)) co_await to.send<&Counter::update>(index, 0.5f);
    }
    const double seconds = co_await to.call<&Counter::seconds>();
    co_return seconds;
  }
  // A ring of calls: the oldest is awaited before the next is made.
  Task<double> call_updates(Handle<Counter> to, std::uint64_t count) {
    std::vector<std::optional<runtime::Future<std::uint64_t>>> out(kWindow);
    const Stopwatch watch;
    for (std::uint64_t i = 0; i < count + kWindow; ++i) {
      auto& place = out[i % kWindow];
      if (place) {
        const std::uint64_t applied = co_await *place;
        if (applied == 0) throw Error("an update was not applied");
        place.reset();
      }
      if (i < count) place.emplace(to.call<&Counter::apply>(static_cast<std::uint32_t>(i), 0.5f));
    }
    co_return watch.seconds();
  }
};

// Keeps its own thread to the last core.
class Pinned : public Counter {
 public:
  Task<void> on_start() override {
    keep_to_last_core();
    return {};
  }
};

void register_all(runtime::Registry& registry) {
  registry.actor<Counter>("counter")
      .method<&Counter::add>("add")
      .method<&Counter::take>("take")
      .method<&Counter::update>("update")
      .method<&Counter::apply>("apply")
      .method<&Counter::ping>("ping")
      .method<&Counter::echo>("echo")
      .method<&Counter::seconds>("seconds")
      .method<&Counter::count>("count")
      .method<&Counter::reset>("reset");
}

std::unique_ptr<runtime::Transport> attach_locally() {
  static runtime::InProcessNetwork network;
  static std::atomic<runtime::NodeId> next = 1;
  return network.attach(next++);
}

Figure local(std::uint64_t count, std::uint64_t senders, unsigned threads) {
  Serving serving(1, threads, attach_locally(), register_all);
  runtime::CellOptions bounded;
  bounded.capacity = kMailbox;
  bounded.overflow = runtime::Overflow::kBlock;
  const auto counter = serving.adopt<Counter>("counter", bounded);
  std::vector<runtime::Future<void>> floods;
  const std::uint64_t each = count / senders;
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < senders; ++i) {
    floods.push_back(serving.adopt<Producer>("producer").call<&Producer::flood>(counter, each));
  }
  for (auto& flood : floods) flood.get();
  if (counter.call<&Counter::count>().get() != each * senders) throw Error("messages are missing");
  return rate(each * senders, watch.seconds());
}

Figure ping_parked(std::uint64_t count) {
  Serving serving(1, 0, attach_locally(), register_all);
  runtime::CellOptions own;
  own.own_thread = true;
  const auto counter = serving.adopt<Pinned>("counter", own);
  const auto producer = serving.adopt<Producer>("producer", own);
  const Handle<Counter> as_counter(serving.node(), counter.id(), "counter");
  producer.call<&Producer::ping>(as_counter, kWarmUp).get();
  return time_each(count, producer.call<&Producer::ping>(as_counter, count).get());
}

Figure ping_one_thread(std::uint64_t count) {
  Serving serving(1, 1, attach_locally(), register_all);
  const auto counter = serving.adopt<Counter>("counter");
  const auto producer = serving.adopt<Producer>("producer");
  return time_each(count, producer.call<&Producer::ping_here>(counter, count).get());
}

// Two nodes in two processes; `measure` runs at the first, with a handle to a counter of the second.
template <class Measure>
double between_processes(std::uint64_t window, const Measure& measure) {
  Child child([window](Line& line) { serve<Counter>(line, 2, register_all, window); });
  double seconds = 0;
  {
    Serving serving(1, 0, listen(1), register_all, window);
    const auto remote = meet<Counter>(serving, child.line(), 2);
    remote.call<&Counter::ping>(std::uint64_t{1}).get();
    seconds = measure(serving.adopt<Producer>("producer"), remote);
  }
  child.line().tell("end");
  child.join();
  return seconds;
}

template <auto M>
double remotely(std::uint64_t count, std::uint64_t window = kUsualWindow) {
  return between_processes(window, [count](const Handle<Producer>& producer, const Handle<Counter>& remote) {
    return producer.call<M>(remote, count).get();
  });
}

Figure idle(std::uint64_t count) {
  Serving serving(1, 0, attach_locally(), register_all);
  serving.adopt<Counter>("first").call<&Counter::ping>(std::uint64_t{1}).get();
  show_state("started");
  std::vector<Handle<Counter>> actors;
  actors.reserve(count);
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < count; ++i)
    actors.push_back(serving.adopt<Counter>("actor-" + std::to_string(i)));
  for (const auto& each : actors) {
    if (each.call<&Counter::ping>(std::uint64_t{1}).get() != 2) throw Error("a wrong answer");
  }
  const double seconds = watch.seconds();
  show_state("idle");
  return rate(count, seconds);
}

const Cases kCases = {
    {"local-1-1", [](std::uint64_t count) { return local(count, 1, 2); }},
    {"local-1-1-one-thread", [](std::uint64_t count) { return local(count, 1, 1); }},
    {"local-4-1", [](std::uint64_t count) { return local(count, 4, 2); }},
    {"ping-parked", ping_parked},
    {"ping-one-thread", ping_one_thread},
    {"tcp-one-way", [](std::uint64_t count) { return rate(count, remotely<&Producer::send_small>(count)); }},
    {"tcp-call", [](std::uint64_t count) { return time_each(count, remotely<&Producer::echo>(count)); }},
    {"tcp-large",
     [](std::uint64_t count) { return throughput(count * kLarge, remotely<&Producer::send_large>(count)); }},
    {"tcp-updates",
     [](std::uint64_t count) { return rate(count, remotely<&Producer::send_updates>(count, kWindow)); }},
    {"tcp-update-calls",
     [](std::uint64_t count) { return rate(count, remotely<&Producer::call_updates>(count, kWindow)); }},
    {"idle", idle},
};

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) {
  wisp::keep_freed_memory();  // as every node does
  return wisp::bench::run_case(argc, argv, wisp::bench::kCases);
}
