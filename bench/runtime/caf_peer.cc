// CAF beside wisp: event-based actors that do the same work, its options as they are unless a case says why
// not.
#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "bench/runtime/measure.h"

namespace wisp::bench {
namespace {

constexpr std::uint64_t kWarmUp = 1000;

struct Config : caf::actor_system_config {
  explicit Config(std::size_t threads = 0) {
    if (threads != 0) set("scheduler.max-threads", threads);
  }
};

struct NetworkConfig : Config {
  NetworkConfig() { load<caf::io::middleman>(); }
};

/// What an actor hands to the thread that measures.
using Done = std::shared_ptr<std::promise<double>>;
Done promise() { return std::make_shared<std::promise<double>>(); }

caf::behavior count_up(caf::event_based_actor* self, std::uint64_t count, Done all_are_here) {
  auto seen = std::make_shared<std::uint64_t>(0);
  return {[=](std::uint64_t) {
    if (++*seen < count) return;
    all_are_here->set_value(0);
    self->quit();
  }};
}

Figure local(std::uint64_t count, std::uint64_t senders) {
  Config config;
  caf::actor_system system(config);
  const std::uint64_t each = count / senders;
  const Done done = promise();
  const caf::actor receiver = system.spawn(count_up, each * senders, done);
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < senders; ++i) {
    system.spawn([=](caf::event_based_actor* self) {
      for (std::uint64_t k = 0; k < each; ++k) self->send(receiver, k);
    });
  }
  done->get_future().wait();
  return rate(each * senders, watch.seconds());
}

caf::behavior echo() {
  return {[](std::uint64_t number) { return number; }, [](std::string& text) { return std::move(text); }};
}

/// Calls `server` kWarmUp + count times, one after the other, and keeps the time of the `count` last.
template <class Message>
struct Caller {
  caf::event_based_actor* self;
  caf::actor server;
  Message message;
  std::uint64_t count;
  Done done;
  std::uint64_t calls = 0;
  Stopwatch watch = {};

  static void start(caf::event_based_actor* self, caf::actor server, Message message, std::uint64_t count,
                    Done done) {
    next(std::make_shared<Caller>(Caller{self, server, message, count, done}));
  }

  static void next(const std::shared_ptr<Caller>& caller) {
    if (caller->calls == kWarmUp) caller->watch = {};
    if (caller->calls++ == kWarmUp + caller->count) {
      caller->done->set_value(caller->watch.seconds());
      caller->self->send_exit(caller->server, caf::exit_reason::user_shutdown);
      return;
    }
    caller->self->request(caller->server, caf::infinite, caller->message).then([caller](const Message&) {
      next(caller);
    });
  }
};

/// Both actors on the one thread of the scheduler.
Figure ping_on_one_thread(std::uint64_t count) {
  Config config(1);
  caf::actor_system system(config);
  const Done done = promise();
  system.spawn(Caller<std::uint64_t>::start, system.spawn(echo), std::uint64_t{1}, count, done);
  return time_each(count, done->get_future().get());
}

/// Each actor on a thread of its own, each thread on a core of its own.
Figure ping_between_threads(std::uint64_t count) {
  Config config;
  caf::actor_system system(config);
  const Done done = promise();
  const caf::actor server = system.spawn<caf::detached>([] {
    keep_to_last_core();
    return echo();
  });
  system.spawn<caf::detached>([=](caf::event_based_actor* self) {
    keep_to_first_core();
    Caller<std::uint64_t>::start(self, server, 1, count, done);
  });
  return time_each(count, done->get_future().get());
}

caf::actor connect(caf::actor_system& system, Line& line) {
  const auto port = static_cast<std::uint16_t>(std::stoul(line.hear()));
  auto server = system.middleman().remote_actor("127.0.0.1", port);
  if (!server) throw std::runtime_error("no connection");
  return *server;
}

void publish(caf::actor_system& system, const caf::actor& server, Line& line) {
  const auto port = system.middleman().publish(server, 0, "127.0.0.1");
  if (!port) throw std::runtime_error("no port");
  line.tell(std::to_string(*port));
}

/// The clock starts with the first message that arrives.
caf::behavior count_texts(caf::event_based_actor* self, std::uint64_t count, Done done) {
  struct State {
    std::uint64_t seen = 0;
    Stopwatch watch;
  };
  auto state = std::make_shared<State>();
  return {[=](const std::string& text) {
    if (text.size() != kSmall) throw std::runtime_error("a message came otherwise than it was sent");
    if (++state->seen == 1) state->watch = {};
    if (state->seen < count) return;
    done->set_value(state->watch.seconds());
    self->quit();
  }};
}

Figure tcp_one_way(std::uint64_t count) {
  Child child([&](Line& line) {
    NetworkConfig config;
    caf::actor_system system(config);
    const caf::actor receiver = connect(system, line);
    caf::scoped_actor self(system);
    for (std::uint64_t i = 0; i < count; ++i) self->send(receiver, std::string(kSmall, 'x'));
    line.hear();  // all have arrived
  });
  NetworkConfig config;
  caf::actor_system system(config);
  const Done done = promise();
  publish(system, system.spawn(count_texts, count, done), child.line());
  const double seconds = done->get_future().get();
  child.line().tell("done");
  child.join();
  return rate(count - 1, seconds);
}

Figure tcp_call(std::uint64_t count) {
  Child child([&](Line& line) {
    NetworkConfig config;
    caf::actor_system system(config);
    publish(system, system.spawn(echo), line);
    line.hear();  // all are answered
  });
  NetworkConfig config;
  caf::actor_system system(config);
  const Done done = promise();
  system.spawn(Caller<std::string>::start, connect(system, child.line()), std::string(kSmall, 'x'), count,
               done);
  const double seconds = done->get_future().get();
  child.line().tell("done");
  child.join();
  return time_each(count, seconds);
}

/// `count` actors on the scheduler, each called once, all at the same time.
Figure idle(std::uint64_t count) {
  Config config;
  caf::actor_system system(config);
  caf::scoped_actor self(system);
  std::vector<caf::actor> actors;
  const auto spawn_and_call = [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) actors.push_back(system.spawn(echo));
    for (std::uint64_t i = 0; i < n; ++i) self->send(actors[actors.size() - n + i], i);
    for (std::uint64_t i = 0; i < n; ++i) self->receive([](std::uint64_t) {});
  };
  actors.reserve(count + 1);
  spawn_and_call(1);
  show_state("started");
  const Stopwatch watch;
  spawn_and_call(count);
  const double seconds = watch.seconds();
  show_state("idle");
  for (const caf::actor& each : actors) caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  return rate(count, seconds);
}

const Cases kCases = {{"local-1-1", [](std::uint64_t count) { return local(count, 1); }},
                      {"local-4-1", [](std::uint64_t count) { return local(count, 4); }},
                      {"ping-one-thread", ping_on_one_thread},
                      {"ping-parked", ping_between_threads},
                      {"tcp-one-way", tcp_one_way},
                      {"tcp-call", tcp_call},
                      {"idle", idle}};

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) { return wisp::bench::run_case(argc, argv, wisp::bench::kCases); }
