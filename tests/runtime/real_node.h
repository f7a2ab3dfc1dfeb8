#pragma once
// What the tests of real processes and their nodes have in common: the actors, and how a node is told what it
// is.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "runtime/services.h"
#include "runtime/system.h"

namespace wisp::runtime::real {

// Exit statuses of a node's process.
inline constexpr int kEnded = 0;
inline constexpr int kDriverGone = 69;
inline constexpr int kParentGone = 71;
inline constexpr int kFenced = 75;

// Over stdin: the size, then this.
struct NodeOrder {
  NodeOrder() = default;
  NodeParameters parameters;
  std::chrono::milliseconds delay{0};  // it opens its sockets so much later
  template <class F>
  void fields(F& f) {
    f(parameters, delay);
  }
};

// Takes numbers from 0 up.
class Reader : public Actor {
 public:
  using Constructor = void();
  void read(std::uint64_t number) {
    in_order_ = in_order_ && number == count_;
    ++count_;
  }
  // Gives way to nobody: its thread is busy all the time.
  void compute(std::chrono::milliseconds duration) {
    const auto end = context().now() + duration;
    while (context().now() < end) {
    }
  }
  std::uint64_t count() { return count_; }
  bool in_order() { return in_order_; }

 private:
  std::uint64_t count_ = 0;
  bool in_order_ = true;
};

// Sends them, waiting for room.
class Sender : public Actor {
 public:
  using Constructor = void();
  Task<void> send(Handle<Reader> reader, std::uint64_t first, std::uint64_t end) {
    for (std::uint64_t number = first; number < end; ++number) co_await reader.send<&Reader::read>(number);
  }
};

class Counter : public Actor {
 public:
  using Constructor = void();
  void add() { ++value_; }
  std::uint64_t value() { return value_; }

 private:
  std::uint64_t value_ = 0;
};

// Tells two counters without end, and keeps in a file how often it has.
class Teller : public Actor {
 public:
  using Constructor = void();
  void begin(Handle<Counter> near, Handle<Counter> far, std::string file) {
    file_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    context().begin(tell(near, far));
  }
  Task<int> never() {
    const Promise<int> nobody("nobody");
    auto answer = nobody.future();
    const int value = co_await answer;
    co_return value;
  }

 private:
  Task<void> tell(Handle<Counter> near, Handle<Counter> far) {
    for (std::uint64_t told = 1;; ++told) {
      (void)near.tell<&Counter::add>();
      (void)far.tell<&Counter::add>();
      context().flush();
      (void)!::pwrite(file_, &told, sizeof told, 0);
      if (told % 100 != 0) continue;  // so that a stop finds it in the middle of this, and it goes on at once
      auto slept = context().sleep(std::chrono::milliseconds(1));
      co_await slept;
    }
  }
  int file_ = -1;
};

// Waits for an answer that never comes.
class Caller : public Actor {
 public:
  using Constructor = void();
  Task<std::string> cause_of_death(Handle<Teller> other) {
    std::string cause;
    try {
      auto answer = other.call<&Teller::never>();
      co_await answer;
    } catch (const ActorDied& error) {
      cause = error.actor() + ": " + error.cause();
    }
    co_return cause;
  }
};

// A master as far as memory is concerned: adds what comes to a model, and then computes.
class Adder : public Actor {
 public:
  using Constructor = void(std::uint32_t, std::uint32_t);
  // As many coordinates, and messages that will come.
  Adder(std::uint32_t dim, std::uint32_t expected) : model_(dim), expected_(expected) {}
  // The indices are uint32, the values float.
  void push(Bytes indices, Bytes values) {
    for (std::size_t i = 0; i < values.size() / sizeof(float); ++i) {
      std::uint32_t index = 0;
      float value = 0;
      std::memcpy(&index, indices.data() + i * sizeof index, sizeof index);
      std::memcpy(&value, values.data() + i * sizeof value, sizeof value);
      model_.at(index) += value;
    }
    const auto end = context().now() + work_;
    while (context().now() < end) {
    }
    if (++count_ == expected_) all_are_here_.set();
  }
  void compute_for(std::chrono::nanoseconds work) { work_ = work; }
  std::uint32_t count() { return count_; }
  Task<void> all() {
    auto all_are_here = all_are_here_.future();
    co_await all_are_here;
  }

 private:
  std::vector<float> model_;
  const std::uint32_t expected_;
  std::chrono::nanoseconds work_{0};
  std::uint32_t count_ = 0;
  const Promise<void> all_are_here_{"all messages"};
};

// A worker that does not wait for answers.
class Pusher : public Actor {
 public:
  using Constructor = void();
  Task<void> push(Handle<Adder> adder, std::uint32_t count, std::uint32_t pairs) {
    std::vector<std::uint32_t> indices(pairs);
    for (std::uint32_t i = 0; i < pairs; ++i) indices[i] = i;
    const std::vector<float> values(pairs, 1.0F);
    for (std::uint32_t i = 0; i < count; ++i) {
      const Bytes numbers = Bytes::copy(std::as_bytes(std::span(indices)));
      co_await adder.send<&Adder::push>(numbers, Bytes::copy(std::as_bytes(std::span(values))));
    }
  }
};

// One on each node; they make each other, and call each other at once.
class Talker : public Actor {
 public:
  using Constructor = void();
  std::string hello(std::string name) { return "hello " + name; }
  // `nodes` in the order in which they are greeted. The answers, or what was thrown instead.
  Task<std::vector<std::string>> greet(std::vector<std::string> nodes) {
    std::vector<std::string> answers;
    for (const std::string& node : nodes) {
      std::string answer;
      try {
        const Handle<Talker> other =
            co_await spawn<Talker>(context(), Options("talker-" + node).on(node).get_if_exists());
        auto said = other.call<&Talker::hello>(context().name());
        answer = co_await said;
      } catch (const Error& error) {
        answer = error.what();
      }
      answers.push_back(node + ": " + answer);
    }
    co_return answers;
  }
};

// Answers in several ways.
class Racer : public Actor {
 public:
  using Constructor = void();
  int at_once(int value) { return value; }
  Task<int> later(int value) {
    auto slept = context().sleep(std::chrono::microseconds(200));
    co_await slept;
    co_return value;
  }
  Task<int> through(Handle<Racer> other, int value) {
    auto answer = other.call<&Racer::later>(value);
    const int result = co_await answer;
    co_return result;
  }
};

inline void register_all(Registry& registry) {
  register_services(registry);
  registry.actor<Reader>("reader")
      .method<&Reader::read>("read")
      .method<&Reader::compute>("compute")
      .method<&Reader::count>("count")
      .method<&Reader::in_order>("in_order");
  registry.actor<Sender>("sender").method<&Sender::send>("send");
  registry.actor<Counter>("counter").method<&Counter::add>("add").method<&Counter::value>("value");
  registry.actor<Teller>("teller").method<&Teller::begin>("begin").method<&Teller::never>("never");
  registry.actor<Caller>("caller").method<&Caller::cause_of_death>("cause_of_death");
  registry.actor<Adder>("adder")
      .method<&Adder::push>("push")
      .method<&Adder::compute_for>("compute_for")
      .method<&Adder::count>("count")
      .method<&Adder::all>("all");
  registry.actor<Pusher>("pusher").method<&Pusher::push>("push");
  registry.actor<Talker>("talker").method<&Talker::hello>("hello").method<&Talker::greet>("greet");
  registry.actor<Racer>("racer")
      .method<&Racer::at_once>("at_once")
      .method<&Racer::later>("later")
      .method<&Racer::through>("through");
}

}  // namespace wisp::runtime::real
