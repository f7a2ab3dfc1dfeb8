#pragma once
// Mail: what waits in an actor's mailbox: a message, or a coroutine that goes on.
#include <coroutine>

namespace wisp::runtime {

class Cell;
struct Failure;

// An intrusive node: a mailbox allocates nothing. Each kind decides who owns it: a message owns itself, a
// resumption is part of the frame of the coroutine that waits.
class Mail {
 public:
  // `counts`: against the mailbox's capacity; what an actor waits for does not.
  explicit Mail(bool counts = true) : is_message(counts) {}
  virtual ~Mail() = default;
  Mail(const Mail&) = delete;
  Mail& operator=(const Mail&) = delete;

  // Takes effect, in a turn of the actor. The mail may be gone when this returns.
  virtual void run(Cell& cell) = 0;
  // The actor does not take it: who waits for an answer is told why. The mail may be gone when this returns.
  virtual void refuse(const Failure& why) = 0;

  Mail* next = nullptr;
  Mail* ahead = nullptr;  // some places further on, if known: a hint to whoever walks along
  const bool is_message;
};

class ResumeWaiter;

// What coroutines that wait for one another share: the first of them, whose destruction takes all with it. Of
// one strand at most one resumption is under way. Used in the actor's turns only.
struct Strand {
  explicit Strand(std::coroutine_handle<> root) : first(root) {}
  const std::coroutine_handle<> first;
  ResumeWaiter* waiting = nullptr;  // for an answer; null: it runs, or its resumption is under way
  bool is_doomed = false;           // it is to be destroyed, but a resumption is under way, which does it
};

// A suspended coroutine that goes on in a later turn. Lives in the frame of the coroutine or of what it
// awaits.
class Resumption final : public Mail {
 public:
  Resumption() : Mail(false) {}
  void run(Cell&) override { resume(); }
  void refuse(const Failure&) override {}  // its coroutine is destroyed with the actor
  void resume() {
    if (strand == nullptr) return handle.resume();
    if (strand->is_doomed) return strand->first.destroy();
    strand->waiting = nullptr;
    handle.resume();
  }

  std::coroutine_handle<> handle;
  Strand* strand = nullptr;
};

}  // namespace wisp::runtime
