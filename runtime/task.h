#pragma once
// Task<T>: what an actor's method returns when it has to wait on the way.
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/pool.h"
#include "runtime/executor.h"

namespace wisp::runtime {

// A coroutine that yields a T. It starts when it is awaited, runs on the awaiting actor, and is awaited once.
// Dropping a Task destroys it wherever it is suspended.
//
// g++ 12 needs three habits (each is shown by tests/runtime/task_test.cc): keep the result of a co_await in a
// named local; no co_await inside switch, &&, || or braces; no aggregate temporary in an expression that
// holds co_await, which is why runtime refuses aggregates as arguments.
template <class T>
class [[nodiscard]] Task;

namespace task_detail {

// That of a coroutine by its promise; null for coroutines that nobody destroys from outside.
template <class P>
Strand* strand_of(P& promise) {
  if constexpr (std::is_base_of_v<Strand, P>) {
    return &promise;
  } else if constexpr (requires { promise.strand(); }) {
    return promise.strand();
  } else {
    return nullptr;
  }
}

class PromiseBase : public Pooled<PromiseBase> {
 public:
  Strand* strand() const { return caller_.strand; }
  void set_strand(Strand* strand) { caller_.strand = strand; }
  std::suspend_always initial_suspend() noexcept { return {}; }
  auto final_suspend() noexcept {
    // A callee that had suspended hands its caller to the actor's mailbox; nothing is resumed from here, so
    // the stack does not grow with the number of tasks awaited (a symmetric transfer is no tail call below
    // -O2).
    struct Final {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<>) noexcept {
        if (caller.handle) Executor::current()->post(caller);
      }
      void await_resume() noexcept {}
      Resumption& caller;
    };
    return Final{caller_};
  }
  void unhandled_exception() { error_ = std::current_exception(); }
  void set_caller(std::coroutine_handle<> caller) { caller_.handle = caller; }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  Resumption caller_;
  std::exception_ptr error_;
};

template <class T>
class Promise : public PromiseBase {
 public:
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T result() {
    rethrow();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Task<void> get_return_object();
  void return_void() {}
  void result() { rethrow(); }
};

}  // namespace task_detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;
  using value_type = T;

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // No coroutine: nothing to wait for.
  Task() = default;
  bool valid() const { return static_cast<bool>(handle_); }

  bool await_ready() const noexcept { return false; }
  // Runs the callee now; suspends the caller only if the callee has to wait.
  template <class P>
  bool await_suspend(std::coroutine_handle<P> caller) {
    WISP_CHECK(Executor::current() != nullptr, "tasks run on an actor");
    WISP_CHECK(handle_ && !handle_.done(), "a task is awaited once");
    handle_.promise().set_strand(task_detail::strand_of(caller.promise()));
    handle_.resume();
    if (handle_.done()) return false;
    handle_.promise().set_caller(caller);
    return true;
  }
  T await_resume() { return handle_.promise().result(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

namespace task_detail {

template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace task_detail

}  // namespace wisp::runtime
