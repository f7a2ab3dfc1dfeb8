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
    kThrew,    // the method threw; the actor lives
    kDied,     // the actor's node is gone
    kRefused,  // no such actor, class or method, or arguments that don't decode
  };
  Failure() = default;
  Failure(Kind failure_kind, std::string failed_actor, std::string why, Fault whose = Fault::kFailed)
      : kind(failure_kind), actor(std::move(failed_actor)), text(std::move(why)), fault(whose) {}

  // What the exception that is being handled says of `actor`.
  static Failure from_current_exception(const std::string& actor);
  // Throws ActorDied or ActorError.
  [[noreturn]] void raise() const;

  Kind kind = Kind::kThrew;
  std::string actor;  // its name
  std::string text;
  Fault fault = Fault::kFailed;
  template <class F>
  void fields(F& f) {
    f(kind, actor, text, fault);
  }
};

// The call reached the actor, or should have, and was answered by a failure.
class ActorError : public Error {
 public:
  explicit ActorError(const Failure& failure)
      : Error(failure.actor + ": " + failure.text, failure.fault), failure_(failure) {}
  const Failure& failure() const { return failure_; }
  const std::string& actor() const { return failure_.actor; }

 private:
  Failure failure_;
};

// The actor's node is gone: no answer will come. Whether the call took effect is unknown.
class ActorDied : public ActorError {
 public:
  using ActorError::ActorError;
};

}  // namespace wisp::runtime
