#include "runtime/scheduler.h"

namespace wisp::runtime {

namespace {
thread_local constinit Worker* worker_of_thread __attribute__((tls_model("initial-exec"))) = nullptr;
}  // namespace

Worker::~Worker() {
  if (slot_ != nullptr) slot_->drop_ref();
}

// Not inline: a coroutine may come back on another thread, so no compiler may keep the address of a
// thread_local.
Worker* Worker::current() { return worker_of_thread; }
Worker::Use::Use(Worker& worker) : before_(std::exchange(worker_of_thread, &worker)) {}
Worker::Use::~Use() { worker_of_thread = before_; }

void Worker::send(Cell& target, Mail& mail, bool counts) {
  if (target_.get() != &target || chained_ == kChainMax) {
    if (chained_ == kChainMax) {
      publish();  // a turn that sends so much may last: who is sent to need not wait for its end
    } else {
      flush();
    }
    target_ = Ref<Cell>::share(&target);
    oldest_ = &mail;
  }
  mail.next = newest_;
  newest_ = &mail;
  Mail*& before = recent_[chained_ % kAhead];
  if (chained_ >= kAhead) mail.ahead = before;
  before = &mail;
  ++chained_;
  if (counts) ++counted_;
}

void Worker::flush() {
  if (newest_ == nullptr) return;
  const Ref<Cell> target = std::move(target_);
  Mail& newest = *std::exchange(newest_, nullptr);
  const std::uint32_t counted = std::exchange(counted_, 0);
  chained_ = 0;
  switch (target->push(newest, *oldest_, counted)) {
    case Mailbox::Pushed::kQueued:
      return;
    case Mailbox::Pushed::kFirst:
      return target->schedule();
    case Mailbox::Pushed::kClosed:
      return target->refuse_pushed(newest);
  }
}

void Worker::publish() {
  flush();
  if (slot_ != nullptr) scheduler_.enqueue(*std::exchange(slot_, nullptr));
}

bool Worker::run_one() {
  Cell* cell = nullptr;
  if (slot_ != nullptr && slot_turns_ < kSlotTurnsMax) {
    cell = std::exchange(slot_, nullptr);
    ++slot_turns_;
  } else {
    cell = scheduler_.dequeue();
    if (cell == nullptr) cell = std::exchange(slot_, nullptr);
    slot_turns_ = 0;
  }
  if (cell == nullptr) return false;
  const bool again = cell->run();
  flush();
  if (again) {
    scheduler_.enqueue(*cell);
  } else {
    cell->drop_ref();
  }
  return true;
}

OwnThread::~OwnThread() {
  stop();
  join();
}

void OwnThread::start() {
  thread_ = std::thread([this] { serve(); });
}

void OwnThread::join() {
  if (thread_.joinable()) thread_.join();
}

void OwnThread::wake() {
  runnable_.store(true, std::memory_order_release);
  parker_.unpark();
}

void OwnThread::stop() {
  stopping_.store(true, std::memory_order_release);
  parker_.unpark();
}

void OwnThread::serve() {
  const Worker::Use use(worker_);
  while (!stopping_.load(std::memory_order_acquire)) {
    if (!runnable_.exchange(false, std::memory_order_acq_rel)) {
      parker_.park(kForever);
      continue;
    }
    while (cell_->run() && !stopping_.load(std::memory_order_acquire)) worker_.flush();
    worker_.flush();
    if (cell_->ended_) return;
  }
}

Scheduler::Scheduler(unsigned threads, std::function<void()> on_runnable)
    : threads_wanted_(threads), on_runnable_(std::move(on_runnable)) {}

Scheduler::~Scheduler() {
  stop();
  while (Cell* cell = dequeue()) cell->drop_ref();
}

void Scheduler::start() {
  for (unsigned i = 0; i < threads_wanted_; ++i) {
    workers_.push_back(std::make_unique<Worker>(*this, true));
    threads_.emplace_back([this, worker = workers_.back().get()] { serve(*worker); });
  }
  std::lock_guard lock(mutex_);
  started_ = true;
  for (const auto& each : own_threads_) each->start();
}

void Scheduler::stop() {
  std::vector<OwnThread*> own_threads;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (Worker* worker : parked_) worker->parker_.unpark();
    parked_.clear();
    for (const auto& each : own_threads_) own_threads.push_back(each.get());
  }
  for (OwnThread* each : own_threads) each->stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  for (OwnThread* each : own_threads) each->join();  // they stay: who still sends to their actors wakes them
}

void Scheduler::give_thread(Cell& cell) {
  auto own_thread = std::make_unique<OwnThread>(*this, cell);
  cell.own_thread_ = own_thread.get();
  std::lock_guard lock(mutex_);
  if (started_ && !stopping_) own_thread->start();
  own_threads_.push_back(std::move(own_thread));
}

void Scheduler::schedule(Cell& cell) {
  if (cell.own_thread_ != nullptr) return cell.own_thread_->wake();
  cell.add_ref();
  Worker* worker = Worker::current();
  if (worker == nullptr || &worker->scheduler_ != this || !worker->runs_here_) return enqueue(cell);
  if (Cell* displaced = std::exchange(worker->slot_, &cell)) enqueue(*displaced);
}

void Scheduler::enqueue(Cell& cell) {
  Worker* woken = nullptr;
  {
    std::lock_guard lock(mutex_);
    cell.next_runnable_ = nullptr;
    (last_ == nullptr ? first_ : last_->next_runnable_) = &cell;
    last_ = &cell;
    queued_.fetch_add(1, std::memory_order_release);
    if (!parked_.empty()) {
      woken = parked_.back();
      parked_.pop_back();
    }
  }
  if (woken != nullptr) woken->parker_.unpark();
  if (threads_wanted_ == 0) on_runnable_();
}

Cell* Scheduler::dequeue() {
  if (queued_.load(std::memory_order_acquire) == 0) return nullptr;
  std::lock_guard lock(mutex_);
  Cell* cell = first_;
  if (cell == nullptr) return nullptr;
  first_ = cell->next_runnable_;
  if (first_ == nullptr) last_ = nullptr;
  queued_.fetch_sub(1, std::memory_order_release);
  return cell;
}

bool Scheduler::stopping() {
  std::lock_guard lock(mutex_);
  return stopping_;
}

void Scheduler::serve(Worker& worker) {
  const Worker::Use use(worker);
  for (;;) {
    while (worker.run_one()) {
      if (stopping()) return;
    }
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
      if (first_ != nullptr) continue;
      parked_.push_back(&worker);
    }
    worker.parker_.park(kForever);
  }
}

}  // namespace wisp::runtime
