#pragma once
// Future<T>: the answer to a call, awaited inside actors and got outside of them.
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/pack.h"
#include "runtime/executor.h"
#include "runtime/failure.h"

namespace wisp::runtime {

// No answer came within the deadline that the caller gave. The call may still take effect.
class Timeout : public Error {
 public:
  explicit Timeout(const std::string& what) : Error(what, Fault::kDeadline) {}
};

// The untyped half of a Future, shared by who waits and who answers. Thread-safe.
class FutureState {
 public:
  // `node` is the caller's; `what` names the wait in a timeout's message: "worker-3.step".
  FutureState(Node* node, std::string what) : node_(node), what_(std::move(what)) {}
  Node* node() const { return node_; }

  // The first answer counts; later ones are ignored.
  void fulfil(Bytes body);
  void fail(Failure failure);

  bool ready() const;
  // Registers who waits. False, and nothing registered, if the answer is there already.
  bool wait(Executor& executor, std::coroutine_handle<> handle);
  void forget_waiter();
  // Blocks this thread. Throws Timeout.
  void wait_for(std::chrono::nanoseconds deadline);
  // The packed answer; raises the failure. Only when ready.
  Bytes take();

 private:
  void answer(std::unique_lock<std::mutex> lock);

  Node* const node_;
  const std::string what_;
  mutable std::mutex mutex_;
  std::condition_variable answered_;
  bool ready_ = false;
  Bytes body_;
  std::optional<Failure> failure_;
  Executor* executor_ = nullptr;
  std::coroutine_handle<> waiter_;
};

// One answer, taken once. Dropping it drops the answer; the call itself goes on.
template <class T>
class [[nodiscard]] Future {
 public:
  using value_type = T;
  explicit Future(std::shared_ptr<FutureState> state) : state_(std::move(state)) {}

  // Outside actors: blocks. Throws Timeout, ActorDied or ActorError.
  T get(std::chrono::nanoseconds deadline = std::chrono::hours(24 * 365)) {
    WISP_CHECK(Executor::current() == nullptr, "an actor must not block: co_await the future");
    state_->wait_for(deadline);
    return value();
  }
  bool ready() const { return state_->ready(); }

  // Inside actors: co_await. Throws ActorDied or ActorError.
  auto operator co_await() {
    struct Awaiter {
      explicit Awaiter(Future* awaited) : future(awaited) {}
      Awaiter(const Awaiter&) = delete;
      Awaiter& operator=(const Awaiter&) = delete;
      ~Awaiter() {
        if (waiting) future->state_->forget_waiter();
      }
      bool await_ready() const { return future->state_->ready(); }
      bool await_suspend(std::coroutine_handle<> handle) {
        Executor* executor = Executor::current();
        WISP_CHECK(executor != nullptr, "a future is awaited on an actor");
        waiting = true;  // before the wait: the answer may come, and resume us, on another thread
        if (future->state_->wait(*executor, handle)) return true;
        waiting = false;
        return false;
      }
      T await_resume() {
        waiting = false;
        return future->value();
      }
      Future* future;
      bool waiting = false;
    };
    return Awaiter(this);
  }

 private:
  T value() {
    const Bytes body = state_->take();
    const NodeScope scope(state_->node());  // for handles inside the answer
    if constexpr (!std::is_void_v<T>) return unpack<T>(body);
  }
  std::shared_ptr<FutureState> state_;
};

}  // namespace wisp::runtime
