#pragma once
// Actor: a plain class whose methods others may call, and its view of the runtime.
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "runtime/transport.h"

namespace wisp::runtime {

class Node;

// Never given twice in a job.
struct ActorId {
  NodeId node = 0;
  std::uint32_t index = 0;  // within its node; 0 is the node's own service
  auto operator<=>(const ActorId&) const = default;
  template <class F>
  void fields(F& f) {
    f(node, index);
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
  Context(Node& node, ActorId self, std::string name, Log& log)
      : node_(node), self_(self), name_(std::move(name)), log_(log) {}

  ActorId self() const { return self_; }
  const std::string& name() const { return name_; }
  Node& node() const { return node_; }
  Log& log() const { return log_; }
  // Time since some point of this node's past; never compare it with another node's.
  std::chrono::nanoseconds now() const;
  // Of the whole node.
  Traffic traffic() const;

 private:
  Node& node_;
  ActorId self_;
  std::string name_;
  Log& log_;
};

// Base of all actors. One message at a time; a method that returns Task<T> gives way to others at each
// co_await, and only there. A method that throws answers its caller with the exception's text; the actor
// lives on.
class Actor {
 public:
  virtual ~Actor() = default;
  // Called once, before the first message.
  void attach(Context& context) { context_ = &context; }

 protected:
  Actor() = default;
  // Not in the constructor.
  Context& context() const { return *context_; }

 private:
  Context* context_ = nullptr;
};

}  // namespace wisp::runtime
