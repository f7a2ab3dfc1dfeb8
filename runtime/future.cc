#include "runtime/future.h"

namespace wisp::runtime {

void FutureState::fulfil(Bytes body) {
  std::unique_lock lock(mutex_);
  if (ready_) return;
  body_ = std::move(body);
  answer(std::move(lock));
}

void FutureState::fail(Failure failure) {
  std::unique_lock lock(mutex_);
  if (ready_) return;
  failure_ = std::move(failure);
  answer(std::move(lock));
}

void FutureState::answer(std::unique_lock<std::mutex> lock) {
  ready_ = true;
  answered_.notify_all();
  // Under the lock: forget_waiter() waits for it, so the executor lives until the post is done.
  if (waiter_) executor_->post(std::exchange(waiter_, nullptr));
  lock.unlock();
}

bool FutureState::ready() const {
  std::lock_guard lock(mutex_);
  return ready_;
}

bool FutureState::wait(Executor& executor, std::coroutine_handle<> handle) {
  std::lock_guard lock(mutex_);
  if (ready_) return false;
  executor_ = &executor;
  waiter_ = handle;
  return true;
}

void FutureState::forget_waiter() {
  std::lock_guard lock(mutex_);
  waiter_ = nullptr;
}

void FutureState::wait_for(std::chrono::nanoseconds deadline) {
  std::unique_lock lock(mutex_);
  if (answered_.wait_for(lock, deadline, [this] { return ready_; })) return;
  throw Timeout("no answer from " + what_ + " within " +
                std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(deadline).count()) +
                " ms");
}

Bytes FutureState::take() {
  std::lock_guard lock(mutex_);
  WISP_CHECK(ready_, "the answer is taken when it is there");
  if (failure_) failure_->raise();
  return std::move(body_);
}

}  // namespace wisp::runtime
