#pragma once
// Actor: a plain class whose methods others may call, and its view of the runtime.
#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/pack.h"
#include "runtime/future.h"
#include "runtime/task.h"
#include "runtime/transport.h"

namespace wisp::runtime {

class Cell;
class Node;
template <class A>
class Handle;

// Never given twice in a job, so it is also the actor's incarnation: a restarted actor has another.
struct ActorId {
  ActorId() = default;
  ActorId(NodeId of_node, std::uint32_t of_actor) : node(of_node), index(of_actor) {}
  NodeId node = 0;
  std::uint32_t index = 0;  // within its node; 0 is the node's own service
  auto operator<=>(const ActorId&) const = default;
  template <class F>
  void fields(F& f) {
    f(node, index);
  }
};

// How an actor that was watched came to its end.
struct Down {
  Down() = default;
  Down(ActorId who, std::string its_name, std::string why)
      : actor(who), name(std::move(its_name)), cause(std::move(why)) {}
  ActorId actor;
  std::string name;
  std::string cause;  // in words
  template <class F>
  void fields(F& f) {
    f(actor, name, cause);
  }
};

// Bytes of frames that a node's transport took or gave, envelopes included.
struct Traffic {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
};

// What an actor sees of its surroundings. Valid for the actor's life, from its own methods only.
class Context {
 public:
  explicit Context(Cell& cell) : cell_(cell) {}

  ActorId self() const;
  const std::string& name() const;
  Node& node() const;
  Log& log() const;
  // Time since some point of this node's past; never compare it with another node's.
  std::chrono::nanoseconds now() const;
  // Of the whole node.
  Traffic traffic() const;
  // A way out of the job for copies of what the actor sees. As Transport::open_tap().
  std::unique_ptr<Tap> open_tap(const std::string& endpoint, const TapLimits& limits) const;
  // Messages that the actor's full mailbox has dropped, or refused without their senders' being told.
  std::uint64_t dropped() const;
  // A handle to this actor, to be given to others. A is its class.
  template <class A>
  Handle<A> handle() const;

  // co_await it: goes on after `duration` of the node's clock; other messages have their turn meanwhile.
  Future<void> sleep(std::chrono::nanoseconds duration) const;
  // Runs a coroutine of the actor beside its messages, from now on; an exception goes to its log.
  void begin(Task<void> task) const;
  // What this actor has told others leaves it at the end of its turn or at its next co_await; now, with this.
  // For a method that tells, and then computes for long.
  void flush() const;
  // The actor's on_down() is called once `watched` has ended, at once if it has.
  template <class B>
  void monitor(const Handle<B>& watched) const;
  // Ends this actor: what waits in its mailbox is refused, coroutines are destroyed at their co_await.
  void end(const std::string& cause) const;
  // co_await it: the actor's state, by its save(), is on disk together with the table of what it has taken
  // in, and who sent that may forget it. Throws Error, naming the file, if it can't be written; the old file
  // is as it was.
  Future<void> commit() const;

 private:
  void watch(Future<Down> end) const;
  bool is_saved() const;
  Cell& cell_;
};

// Base of all actors. One message at a time, in the order of arrival; a method that returns Task<T> gives way
// to others at each co_await, and only there. A method that throws answers its caller with the exception's
// text; the actor lives on.
class Actor {
 public:
  virtual ~Actor() = default;
  // Called once, before the first message.
  void attach(Context& context) { context_ = &context; }

  // In the actor's turn, before its first message, when the constructor and restore() are done.
  virtual Task<void> on_start() { return {}; }
  // An actor that context().monitor() watches has ended.
  virtual void on_down(const Down&) {}
  // stop() was asked for, and what came before it has been handled.
  virtual void on_stop() {}

  // What a restart brings back; both or neither. Between restore() and the state that was saved lies nothing
  // else: save() is called in a turn of the actor, by commit().
  virtual void save(Packer&) const {}
  virtual void restore(Unpacker&) {}

 protected:
  Actor() = default;
  // Not in the constructor.
  Context& context() const { return *context_; }

 private:
  Context* context_ = nullptr;
};

}  // namespace wisp::runtime
