// One turn at a time: where the methods of an actor interleave, and where they don't.
#include <chrono>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "one_process.h"

using namespace std::chrono_literals;

using wisp::runtime::Actor;
using wisp::runtime::Options;
using wisp::runtime::Promise;
using wisp::runtime::Registry;
using wisp::runtime::Task;

class Diary : public Actor {
 public:
  using Constructor = void();

  Task<void> write(std::string word) {
    text_ += word + "-begins ";
    const Promise<void> leave("leave to go on");
    waiting_.push_back(leave);
    auto given = leave.future();
    co_await given;  // here, and only here, others have their turn
    text_ += word + "-ends ";
  }
  void go_on() {
    text_ += "go-on ";
    for (const Promise<void>& each : std::exchange(waiting_, {})) each.set();
    text_ += "said ";  // who waited goes on in a later turn
  }
  std::string text() const { return text_; }

 private:
  std::string text_;
  std::vector<Promise<void>> waiting_;
};

void register_actors(Registry& registry) {
  wisp::runtime::register_services(registry);
  registry.actor<Diary>("diary")
      .method<&Diary::write>("write")
      .method<&Diary::go_on>("go_on")
      .method<&Diary::text>("text");
}

int main() {
  example::OneProcess process(&register_actors);
  auto diary = process.system().spawn<Diary>(Options("diary")).get(10s);
  auto first = diary.call<&Diary::write>("a");
  auto second = diary.call<&Diary::write>("b");
  diary.call<&Diary::go_on>().get(10s);
  first.get(10s);
  second.get(10s);
  std::cout << diary.call<&Diary::text>().get(10s) << "\n";
}
