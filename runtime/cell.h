#pragma once
// Cell: an actor in its node, with its mailbox and its coroutines.
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>

#include "runtime/actor.h"
#include "runtime/executor.h"
#include "runtime/registry.h"

namespace wisp::runtime {

// A message as it waits in a mailbox.
struct Delivery {
  const MethodEntry* method;
  Bytes arguments;
  ReplySlot reply;
};

// Takes messages and resumptions from any thread; run() is one turn, never two at a time.
class Cell : public Executor, public std::enable_shared_from_this<Cell> {
 public:
  // `schedule` is told, from any thread, when the cell has turned runnable.
  Cell(Node& node, ActorId id, std::string name, std::unique_ptr<Actor> actor, std::unique_ptr<Log> log,
       std::function<void(std::shared_ptr<Cell>)> schedule);

  const std::string& name() const { return context_.name(); }
  Log& log() { return *log_; }
  void deliver(Delivery delivery);
  void post(std::coroutine_handle<> handle) override;
  // Handles what waits, up to a limit. The scheduler calls it after schedule(), once for each.
  void run();

 private:
  using Item = std::variant<Delivery, std::coroutine_handle<>>;
  void push(Item item);
  bool pop(Item& item);
  void handle(Delivery& delivery);

  std::unique_ptr<Log> log_;
  Context context_;
  std::unique_ptr<Actor> actor_;
  const std::function<void(std::shared_ptr<Cell>)> schedule_;
  std::mutex mutex_;
  std::deque<Item> items_;
  bool scheduled_ = false;
  Roots roots_;  // last: the coroutines go first, while all that they refer to is there
};

}  // namespace wisp::runtime
