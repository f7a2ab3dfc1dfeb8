#pragma once
// How the failure of an actor reaches those who called it.
#include <cstdint>
#include <exception>
#include <string>

#include "base/error.h"

namespace wisp::runtime {

// A failure on the wire.
struct Failure {
  enum class Kind : std::uint8_t {
    kThrew,      // the method threw; the actor lives
    kDied,       // the actor has ended, or its node is gone
    kRefused,    // no such actor, class or method, or arguments that don't decode
    kFull,       // the actor's mailbox, or the queue to its node, has no room: the message was not taken
    kTimeout,    // the caller's deadline passed
    kCancelled,  // the caller cancelled the call
    kApplied,    // a call that had taken effect before the actor was restarted; its answer is lost
  };
  Failure() = default;
  Failure(Kind failure_kind, std::string failed_actor, std::string why, Fault whose = Fault::kFailed)
      : kind(failure_kind), actor(std::move(failed_actor)), text(std::move(why)), fault(whose) {}

  // What the exception that is being handled says of `actor`.
  static Failure from_current_exception(const std::string& actor);
  // Throws the error class of its kind.
  [[noreturn]] void raise() const;

  Kind kind = Kind::kThrew;
  std::string actor;  // its name
  std::string text;
  Fault fault = Fault::kFailed;
  std::string log;  // where the actor's log is; empty where that is not known
  template <class F>
  void fields(F& f) {
    f(kind, actor, text, fault, log);
  }
};

// The call reached the actor, or should have, and was answered by a failure. what() is "<actor>: <cause>".
class ActorError : public Error {
 public:
  explicit ActorError(const Failure& failure);
  const Failure& failure() const { return failure_; }
  const std::string& actor() const { return failure_.actor; }
  const std::string& cause() const { return failure_.text; }
  const std::string& log() const { return failure_.log; }

 private:
  Failure failure_;
};

// The actor has ended, or its node is gone: no answer will come. Whether the call took effect is unknown.
class ActorDied : public ActorError {
 public:
  using ActorError::ActorError;
};

// The message was not taken: its mailbox, or the queue to its node, has no room. It had no effect.
class MailboxFull : public ActorError {
 public:
  using ActorError::ActorError;
};

// The call was cancelled. Whether it took effect before is unknown.
class Cancelled : public ActorError {
 public:
  using ActorError::ActorError;
};

// The call took effect before the actor was restarted; its answer is lost.
class AppliedBefore : public ActorError {
 public:
  using ActorError::ActorError;
};

// Another node takes this one for dead, or a later incarnation has taken an actor's place: what it does has
// no effect any more, so it is to end.
class Fenced : public Error {
 public:
  using Error::Error;
};

// No answer came within the deadline that the caller gave. The call may still take effect.
class Timeout : public Error {
 public:
  explicit Timeout(const std::string& what) : Error(what, Fault::kDeadline) {}
};

}  // namespace wisp::runtime
