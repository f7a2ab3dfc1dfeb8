#pragma once
// A place for coroutines whose turns a test takes by hand, in one thread.
#include <deque>
#include <memory>

#include "runtime/future.h"
#include "runtime/registry.h"
#include "runtime/task.h"

namespace wisp::runtime::test {

class Stage : public Executor {
 public:
  void post(std::coroutine_handle<> handle) override { waiting_.push_back(handle); }

  // Runs a task up to its first wait; the future has its result when it is done.
  template <class R>
  Future<R> start(Task<R> task) {
    auto state = std::make_shared<FutureState>(nullptr, "a task");
    const Turn turn(this);
    registry_detail::answer_when_done(
        *roots_, task, "stage", ReplySlot([state](Bytes body, const Failure* failure) {
          failure == nullptr ? state->fulfil(std::move(body)) : state->fail(*failure);
        }));
    return Future<R>(state);
  }
  template <class F>
  void turn(F inside) {
    const Turn own(this);
    inside();
  }
  // Takes turns until nothing is left to resume; their number.
  int run() {
    const Turn turn(this);
    int turns = 0;
    for (; !waiting_.empty(); ++turns) {
      const auto handle = waiting_.front();
      waiting_.pop_front();
      handle.resume();
    }
    return turns;
  }
  // Destroys every coroutine where it is.
  void drop() { roots_ = std::make_unique<Roots>(); }

 private:
  std::deque<std::coroutine_handle<>> waiting_;
  std::unique_ptr<Roots> roots_ = std::make_unique<Roots>();
};

// co_await Yield(): goes on in a later turn.
class Yield {
 public:
  Yield() = default;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) const { Executor::current()->post(handle); }
  void await_resume() const {}
};

inline std::shared_ptr<FutureState> promise() { return std::make_shared<FutureState>(nullptr, "a promise"); }

}  // namespace wisp::runtime::test
