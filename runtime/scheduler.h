#pragma once
// Scheduler: which thread of a node runs which actor, and when.
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/cell.h"
#include "runtime/parker.h"

namespace wisp::runtime {

class Scheduler;

// A thread's hand in the scheduler: what its actors send gathers here until their turn is over.
class Worker {
 public:
  // Runs actors of `scheduler` in the thread that makes it current. `runs_here`: an actor that turns runnable
  // by what this thread does is best run next by this thread.
  Worker(Scheduler& scheduler, bool runs_here) : scheduler_(scheduler), runs_here_(runs_here) {}
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // This thread's, for as long as one is in use; else null.
  static Worker* current();
  // Makes it the thread's own for as long as this lives.
  class Use {
   public:
    explicit Use(Worker& worker);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    Worker* const before_;
  };

  // Chains of mail for one actor go into its mailbox at once: 30 times fewer compare-and-swaps.
  void send(Cell& target, Mail& mail, bool counts);
  // What was sent is in its mailbox.
  void flush();
  // The same, and what it made runnable may be run by other threads.
  void publish();
  // An actor was made runnable that this thread runs next.
  bool has_next() const { return slot_ != nullptr; }
  // A turn of one actor. False: there was none to run.
  bool run_one();

 private:
  friend class Scheduler;
  static constexpr std::uint32_t kChainMax = 32;
  static constexpr std::uint32_t kAhead = 8;          // mails that are fetched while one is looked at
  static constexpr std::uint32_t kSlotTurnsMax = 16;  // in a row, before the queue has its turn

  Scheduler& scheduler_;
  const bool runs_here_;
  Cell* slot_ = nullptr;  // made runnable last, run next
  std::uint32_t slot_turns_ = 0;
  Ref<Cell> target_;
  Mail* newest_ = nullptr;
  Mail* oldest_ = nullptr;
  std::uint32_t chained_ = 0;
  std::array<Mail*, kAhead> recent_{};  // of the chain
  std::uint32_t counted_ = 0;
  Parker parker_;
};

// A thread that runs one actor and nothing else. It ends with the actor; this object stays.
class OwnThread {
 public:
  OwnThread(Scheduler& scheduler, Cell& cell) : worker_(scheduler, false), cell_(Ref<Cell>::share(&cell)) {}
  ~OwnThread();
  void start();
  // The actor has turned runnable. Any thread.
  void wake();
  // No turn begins any more.
  void stop();
  void join();

 private:
  void serve();

  Worker worker_;
  const Ref<Cell> cell_;
  std::atomic<bool> runnable_{false};
  std::atomic<bool> stopping_{false};
  Parker parker_;
  std::thread thread_;
};

// The run queue of one node and the threads that serve it. Any thread.
class Scheduler {
 public:
  // `on_runnable` is called, if there are no threads of its own, when an actor was queued by another thread
  // than the one that runs them.
  Scheduler(unsigned threads, std::function<void()> on_runnable);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Starts the threads, and those of actors that have one of their own.
  void start();
  // Turns that have begun end; none begins. Returns when all threads have ended.
  void stop();
  // An actor that has just turned runnable.
  void schedule(Cell& cell);
  // The actor's turns run on a thread of its own. Before its first message.
  void give_thread(Cell& cell);
  bool empty() const { return queued_.load(std::memory_order_acquire) == 0; }
  unsigned threads() const { return threads_wanted_; }

 private:
  friend class Worker;

  void enqueue(Cell& cell);
  Cell* dequeue();
  void serve(Worker& worker);
  bool stopping();

  const unsigned threads_wanted_;
  const std::function<void()> on_runnable_;
  std::mutex mutex_;  // guards what follows, up to the blank line
  Cell* first_ = nullptr;
  Cell* last_ = nullptr;
  std::vector<Worker*> parked_;
  bool started_ = false;
  bool stopping_ = false;
  std::vector<std::unique_ptr<OwnThread>> own_threads_;

  std::atomic<std::uint32_t> queued_{0};
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
};

}  // namespace wisp::runtime
