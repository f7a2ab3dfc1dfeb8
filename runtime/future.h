#pragma once
// Future<T>: the answer to a call, awaited inside actors and got outside of them.
#include <atomic>
#include <chrono>
#include <coroutine>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/intrusive.h"
#include "base/pack.h"
#include "base/pool.h"
#include "runtime/executor.h"
#include "runtime/failure.h"
#include "runtime/name.h"
#include "runtime/task.h"
#include "runtime/transport.h"

namespace wisp::runtime {

inline constexpr std::chrono::nanoseconds kForever = std::chrono::hours(24 * 365 * 100);

// Told, once, when an answer is there: under the state's lock, by the thread that answers.
class Waiter {
 public:
  virtual void wake() noexcept = 0;

 protected:
  ~Waiter() = default;
};

// What is waited for, in words: "worker-3.step". `method` is the key of a registered method, or null.
struct Awaited {
  Name actor;
  const void* method = nullptr;
};

// The untyped half of a Future, shared by who waits and who answers. Thread-safe. The first answer counts,
// whatever it is; later ones are ignored.
class FutureState : public RefCounted<FutureState>, public Pooled<FutureState> {
 public:
  // `node` is the caller's, or null.
  FutureState(Node* node, Awaited awaited) : node_(node), awaited_(std::move(awaited)) {}
  virtual ~FutureState() = default;
  Node* node() const { return node_; }
  const Awaited& awaited() const { return awaited_; }
  // "worker-3.step"
  std::string what() const;

  // From another node: the packed result.
  void fulfil(Bytes body);
  virtual void fail(Failure failure);

  bool ready() const { return ready_.load(std::memory_order_acquire); }
  // Registers who waits, one at a time. False, and nothing registered, if the answer is there already.
  bool wait(Waiter& waiter);
  // Afterwards `waiter` is not touched any more.
  void forget(Waiter& waiter);
  // Blocks this thread, or drives the simulated world that the node lives in. Throws Timeout, which names
  // what was waited for.
  void wait_for(std::chrono::nanoseconds deadline);
  // Fails with kTimeout after `deadline` of the node's clock, unless it has an answer by then.
  void expire_after(std::chrono::nanoseconds deadline);
  // Fails with kCancelled; the actor that was called, if it was one, is told that nobody wants its answer.
  void cancel();
  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }
  // Who was called: cancel() reaches it there. Before the call leaves.
  void set_callee(NodeId node, std::uint32_t actor, std::uint64_t call) {
    callee_node_ = node;
    callee_ = actor;
    call_ = call;
  }

 protected:
  // Held while an answer is put in; then settle() or, if another was first, nothing.
  class Lock {
   public:
    explicit Lock(const FutureState& state);
    ~Lock() { state_.lock_.clear(std::memory_order_release); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    const FutureState& state_;
  };
  bool is_settled() const { return ready_.load(std::memory_order_relaxed); }
  void settle() noexcept;  // under the lock, once
  void rethrow() const {
    if (failure_) failure_->raise();
  }

  std::optional<Bytes> packed_;

 private:
  Node* const node_;
  const Awaited awaited_;
  std::uint64_t call_ = 0;  // the node's number of it; 0: within the node
  NodeId callee_node_ = 0;
  std::uint32_t callee_ = 0;  // 0: nobody who can be told
  std::atomic<bool> cancelled_{false};
  mutable std::atomic_flag lock_;
  std::atomic<bool> ready_{false};
  Waiter* waiter_ = nullptr;
  std::unique_ptr<Failure> failure_;
};

// An answer of type T, which stays in this process as it is, or is unpacked by who takes it.
template <class T>
class TypedState : public FutureState {
 public:
  using FutureState::FutureState;
  template <class U>
  void set(U&& value) {
    const Lock lock(*this);
    if (is_settled()) return;
    value_.emplace(std::forward<U>(value));
    settle();
  }
  T take() {
    WISP_CHECK(ready(), "the answer is taken when it is there");
    rethrow();
    if (value_) return std::move(*value_);
    if constexpr (Packable<T>) {
      const NodeScope scope(node());  // for handles inside the answer
      return unpack<T>(*packed_);
    } else {
      check_failed("packed", __FILE__, __LINE__, "a type that does not travel came from another node");
    }
  }

 private:
  std::optional<T> value_;
};

template <>
class TypedState<void> final : public FutureState {
 public:
  using FutureState::FutureState;
  void set() {
    const Lock lock(*this);
    if (!is_settled()) settle();
  }
  void take() {
    WISP_CHECK(ready(), "the answer is taken when it is there");
    rethrow();
  }
};

// co_await's half: the coroutine goes on in its actor's turn.
class ResumeWaiter final : public Waiter {
 public:
  explicit ResumeWaiter(FutureState& state) : state_(state) {}
  // In the destructor of the awaiter, which an actor's end may call while it waits.
  ~ResumeWaiter() {
    if (executor_ != nullptr) state_.forget(*this);
  }
  // False if the answer is there already.
  bool suspend(std::coroutine_handle<> handle, Strand* strand);
  // False if a resumption is under way. True: none will be.
  bool withdraw() {
    state_.forget(*this);
    return !woken_;
  }
  void resumed() { executor_ = nullptr; }
  void wake() noexcept override {
    woken_ = true;
    executor_->post(resumption_);
  }

 private:
  FutureState& state_;
  Executor* executor_ = nullptr;
  bool woken_ = false;  // under the state's lock
  Resumption resumption_;
};

// One answer, taken once. Dropping it drops the answer; the call itself goes on.
template <class T>
class [[nodiscard]] Future {
 public:
  using value_type = T;
  explicit Future(Ref<TypedState<T>> state) : state_(std::move(state)) {}

  // Outside actors: blocks. Throws Timeout, ActorDied or ActorError.
  T get(std::chrono::nanoseconds deadline = kForever) {
    WISP_CHECK(Executor::current() == nullptr, "an actor must not block: co_await the future");
    state_->wait_for(deadline);
    return state_->take();
  }
  bool ready() const { return state_->ready(); }

  // The answer has to come within `deadline`, by the clock of the node; else Timeout is what it is.
  Future& within(std::chrono::nanoseconds deadline) & {
    state_->expire_after(deadline);
    return *this;
  }
  Future&& within(std::chrono::nanoseconds deadline) && {
    state_->expire_after(deadline);
    return std::move(*this);
  }
  // The callee's coroutine is destroyed at its next co_await; a call that has not begun never does. The
  // answer is Cancelled, unless it is there already.
  void cancel() { state_->cancel(); }

  // Inside actors: co_await. Throws ActorDied or ActorError.
  auto operator co_await() { return Awaiter(*state_); }

  FutureState& state() const { return *state_; }

 private:
  class Awaiter {
   public:
    explicit Awaiter(TypedState<T>& state) : state_(state), waiter_(state) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    bool await_ready() const { return state_.ready(); }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> handle) {
      return waiter_.suspend(handle, task_detail::strand_of(handle.promise()));
    }
    T await_resume() {
      waiter_.resumed();
      return state_.take();
    }

   private:
    TypedState<T>& state_;
    ResumeWaiter waiter_;
  };

  Ref<TypedState<T>> state_;
};

// The other end of a future that no call made: whoever has it answers.
template <class T>
class Promise {
 public:
  explicit Promise(std::string what = "a promise", Node* node = current_node())
      : state_(make_ref<TypedState<T>>(node, Awaited{Name(std::move(what))})) {}
  Future<T> future() const { return Future<T>(state_); }
  const Ref<TypedState<T>>& state() const { return state_; }
  template <class... U>
  void set(U&&... value) const {
    state_->set(std::forward<U>(value)...);
  }
  void fail(Failure failure) const { state_->fail(std::move(failure)); }

 private:
  Ref<TypedState<T>> state_;
};

namespace future_detail {

// Counts answers among several futures.
class Countdown {
 public:
  Countdown(std::vector<FutureState*> states, std::size_t wanted, std::chrono::nanoseconds deadline);
  ~Countdown();
  Countdown(const Countdown&) = delete;
  Countdown& operator=(const Countdown&) = delete;
  // Has its answer when enough have theirs; Timeout, when the deadline has passed.
  Future<void> done() const { return Future<void>(done_); }

 private:
  struct Slot final : Waiter {
    void wake() noexcept override { owner->one_more(); }
    Countdown* owner = nullptr;
  };
  void one_more() noexcept;

  std::vector<FutureState*> states_;
  std::unique_ptr<Slot[]> slots_;
  std::atomic<std::ptrdiff_t> missing_;
  Ref<TypedState<void>> done_;
};

}  // namespace future_detail

}  // namespace wisp::runtime
