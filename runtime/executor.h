#pragma once
// Where a suspended coroutine goes on: on the actor it belongs to, one turn at a time.
#include <cstdint>

#include "runtime/mail.h"

namespace wisp::runtime {

class Node;

// The node that this thread works for; null outside. A handle that is unpacked calls through it.
Node* current_node();

// Makes `node` the current one of this thread for as long as it lives.
class NodeScope {
 public:
  explicit NodeScope(Node* node);
  ~NodeScope();
  NodeScope(const NodeScope&) = delete;
  NodeScope& operator=(const NodeScope&) = delete;

 private:
  Node* before_;
};

// Runs the turns of one actor. A coroutine that waits remembers the executor it suspended on and is posted
// back to it.
class Executor {
 public:
  virtual ~Executor() = default;
  // Resumes it in a later turn. Any thread.
  virtual void post(Resumption& resumption) = 0;
  // Of the actor within its node; 0 where there is none.
  virtual std::uint32_t index() const { return 0; }

  // The executor whose turn this thread is running; null outside actors.
  static Executor* current();

 protected:
  // Makes `executor` the current one of this thread for as long as it lives.
  class Turn {
   public:
    explicit Turn(Executor* executor);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Executor* before_;
  };
};

}  // namespace wisp::runtime
