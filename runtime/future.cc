#include "runtime/future.h"

#include <sched.h>

#include "base/text.h"
#include "runtime/node.h"
#include "runtime/parker.h"

namespace wisp::runtime {

namespace {

class ThreadWaiter final : public Waiter {
 public:
  void wake() noexcept override { parker_.unpark(); }
  bool park(std::chrono::nanoseconds deadline) { return parker_.park(deadline); }

 private:
  Parker parker_;
};

}  // namespace

FutureState::Lock::Lock(const FutureState& state) : state_(state) {
  while (state_.lock_.test_and_set(std::memory_order_acquire))
    ::sched_yield();  // held for a few instructions
}

std::string FutureState::what() const {
  std::string what = awaited_.actor.str();
  if (awaited_.method != nullptr && node_ != nullptr)
    what += "." + node_->registry().method_word(awaited_.method);
  return what;
}

void FutureState::fulfil(Bytes body) {
  const Lock lock(*this);
  if (is_settled()) return;
  packed_.emplace(std::move(body));
  settle();
}

void FutureState::fail(Failure failure) {
  auto owned = std::make_unique<Failure>(std::move(failure));
  const Lock lock(*this);
  if (is_settled()) return;
  failure_ = std::move(owned);
  settle();
}

void FutureState::settle() noexcept {
  ready_.store(true, std::memory_order_release);
  // Under the lock: forget() waits for it, so the waiter lives until it has been told.
  if (Waiter* waiter = std::exchange(waiter_, nullptr)) waiter->wake();
}

bool FutureState::wait(Waiter& waiter) {
  const Lock lock(*this);
  if (is_settled()) return false;
  waiter_ = &waiter;
  return true;
}

void FutureState::forget(Waiter& waiter) {
  const Lock lock(*this);
  if (waiter_ == &waiter) waiter_ = nullptr;
}

void FutureState::wait_for(std::chrono::nanoseconds deadline) {
  if (ready()) return;
  if (node_ != nullptr && node_->blocks_by_driving()) {
    node_->drive_until(*this, deadline);
  } else {
    ThreadWaiter waiter;
    if (!wait(waiter)) return;
    waiter.park(deadline);
    forget(waiter);
  }
  if (!ready())
    throw Timeout("no answer from " + what() + " within " +
                  format_duration(std::chrono::ceil<std::chrono::milliseconds>(deadline)));
}

void FutureState::expire_after(std::chrono::nanoseconds deadline) {
  WISP_CHECK(node_ != nullptr, "a deadline is kept by the clock of a node");
  node_->timers().expire(Ref<FutureState>::share(this), deadline);
}

void FutureState::cancel() {
  if (ready()) return;
  cancelled_.store(true, std::memory_order_release);
  fail(Failure(Failure::Kind::kCancelled, awaited_.actor.str(), "the call was cancelled"));
  if (node_ != nullptr && callee_ != 0) node_->cancel(ActorId(callee_node_, callee_), call_);
}

bool ResumeWaiter::suspend(std::coroutine_handle<> handle, Strand* strand) {
  executor_ = Executor::current();
  WISP_CHECK(executor_ != nullptr, "a future is awaited on an actor");
  resumption_.handle = handle;
  resumption_.strand = strand;
  if (strand != nullptr) strand->waiting = this;
  if (state_.wait(*this)) return true;  // the answer may come, and resume us, on another thread from now on
  if (strand != nullptr) strand->waiting = nullptr;
  executor_ = nullptr;
  return false;
}

namespace future_detail {

Countdown::Countdown(std::vector<FutureState*> states, std::size_t wanted, std::chrono::nanoseconds deadline)
    : states_(std::move(states)),
      slots_(std::make_unique<Slot[]>(states_.size())),
      missing_(static_cast<std::ptrdiff_t>(wanted)),
      done_(make_ref<TypedState<void>>(states_.empty() ? nullptr : states_.front()->node(),
                                       Awaited{Name("some of several answers")})) {
  WISP_CHECK(wanted <= states_.size(), "no more answers can be waited for than there are futures");
  if (wanted == 0) done_->set();
  for (std::size_t i = 0; i < states_.size(); ++i) {
    slots_[i].owner = this;
    if (!states_[i]->wait(slots_[i])) one_more();
  }
  if (deadline < kForever && !done_->ready()) done_->expire_after(deadline);
}

Countdown::~Countdown() {
  for (std::size_t i = 0; i < states_.size(); ++i) states_[i]->forget(slots_[i]);
}

void Countdown::one_more() noexcept {
  if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) done_->set();
}

}  // namespace future_detail

}  // namespace wisp::runtime
