// Inside actors: coroutines, groups, some of many answers, deadlines, cancellation.
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "one_process.h"

using namespace std::chrono_literals;

using wisp::runtime::Actor;
using wisp::runtime::ActorError;
using wisp::runtime::Cancelled;
using wisp::runtime::Future;
using wisp::runtime::Handle;
using wisp::runtime::Options;
using wisp::runtime::Registry;
using wisp::runtime::Task;
using wisp::runtime::Timeout;

class Worker : public Actor {
 public:
  using Constructor = void(int);
  explicit Worker(int number) : number_(number) {}

  int times(int factor) { return number_ * factor; }
  // The third one is slow.
  Task<int> think(int factor) {
    const Leaving leaving(*this);
    if (number_ == 3) co_await context().sleep(1h);
    co_return number_* factor;
  }
  int left() const { return left_; }

 private:
  struct Leaving {
    explicit Leaving(Worker& of) : worker(of) {}
    ~Leaving() { ++worker.left_; }
    Worker& worker;
  };
  const int number_;
  int left_ = 0;
};

class Master : public Actor {
 public:
  using Constructor = void();

  Task<void> hire(int workers) {
    for (int i = 1; i <= workers; ++i) {
      const Handle<Worker> worker =
          co_await spawn<Worker>(context(), Options("worker-" + std::to_string(i)), i);
      workers_.push_back(worker);
    }
  }

  Task<std::string> ask_all() {
    const std::vector<int> answers = co_await call<&Worker::times>(workers_, 10);
    std::string text;
    for (const int answer : answers) text += std::to_string(answer) + " ";
    co_return text;
  }

  Task<std::string> ask_some() {
    std::vector<Future<int>> answers = call_each<&Worker::think>(workers_, 10);
    const std::vector<std::size_t> ready = co_await wisp::runtime::wait(answers, 2, 10s);
    std::string text;
    for (const std::size_t i : ready) {
      const int answer = co_await answers[i];
      text += std::to_string(answer) + " ";
    }
    answers[2].cancel();  // the coroutine of worker-3 is destroyed where it waits
    try {
      const int never = co_await answers[2];
      text += std::to_string(never);
    } catch (const Cancelled& cancelled) {
      text += cancelled.what();
    }
    const int left = co_await workers_[2].call<&Worker::left>();
    co_return text + "; it has left " + std::to_string(left) + " time";
  }

  Task<std::string> ask_in_time() {
    auto answer = workers_[2].call<&Worker::think>(10);
    answer.within(20ms);
    std::string text;
    try {
      const int never = co_await answer;
      text = std::to_string(never);
    } catch (const Timeout& timeout) {
      text = timeout.what();
    }
    co_return text;
  }

 private:
  std::vector<Handle<Worker>> workers_;
};

void register_actors(Registry& registry) {
  wisp::runtime::register_services(registry);
  registry.actor<Worker>("worker")
      .method<&Worker::times>("times")
      .method<&Worker::think>("think")
      .method<&Worker::left>("left");
  registry.actor<Master>("master")
      .method<&Master::hire>("hire")
      .method<&Master::ask_all>("ask_all")
      .method<&Master::ask_some>("ask_some")
      .method<&Master::ask_in_time>("ask_in_time");
}

int main() {
  example::OneProcess process(&register_actors);
  auto master = process.system().spawn<Master>(Options("master")).get(10s);
  master.call<&Master::hire>(3).get(10s);
  std::cout << master.call<&Master::ask_all>().get(10s) << "\n";
  std::cout << master.call<&Master::ask_some>().get(10s) << "\n";
  std::cout << master.call<&Master::ask_in_time>().get(10s) << "\n";
}
