#pragma once
// A place for coroutines whose turns a test takes by hand, in one thread.
#include <deque>
#include <memory>

#include "runtime/call.h"
#include "runtime/future.h"
#include "runtime/task.h"

namespace wisp::runtime::test {

class Stage : public Executor {
 public:
  void post(Resumption& resumption) override { waiting_.push_back(&resumption); }

  // Runs a task up to its first wait; the future has its result when it is done.
  template <class R>
  Future<R> start(Task<R> task) {
    auto state = make_ref<TypedState<R>>(nullptr, Awaited{Name("a task")});
    Reply reply(state);
    const Turn turn(this);
    call_detail::answer_when_done(*roots_, reply, task);
    return Future<R>(std::move(state));
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
      Resumption& next = *waiting_.front();
      waiting_.pop_front();
      next.resume();
    }
    return turns;
  }
  // Destroys every coroutine where it is.
  void drop() {
    roots_ = std::make_unique<Roots>(nullptr);
    waiting_.clear();
  }

 private:
  std::deque<Resumption*> waiting_;
  std::unique_ptr<Roots> roots_ = std::make_unique<Roots>(nullptr);
};

// co_await Yield(): goes on in a later turn.
class Yield {
 public:
  Yield() = default;
  bool await_ready() const { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> handle) {
    resumption_.handle = handle;
    resumption_.strand = task_detail::strand_of(handle.promise());
    Executor::current()->post(resumption_);
  }
  void await_resume() const {}

 private:
  Resumption resumption_;
};

}  // namespace wisp::runtime::test
