#include "runtime/failure.h"

namespace wisp::runtime {

Failure Failure::from_current_exception(const std::string& actor) {
  try {
    throw;
  } catch (const ActorError& error) {
    return error.failure();  // the first to fail is the one to name
  } catch (const Error& error) {
    return Failure(Kind::kThrew, actor, error.what(), error.fault());
  } catch (const std::exception& error) {
    return Failure(Kind::kThrew, actor, error.what());
  } catch (...) {
    return Failure(Kind::kThrew, actor, "threw something that is no std::exception");
  }
}

// Not inline: g++ 12 takes an inlined copy of the text for an array that is too short.
ActorError::ActorError(const Failure& failure)
    : Error(failure.actor + ": " + failure.text, failure.fault), failure_(failure) {}

void Failure::raise() const {
  switch (kind) {
    case Kind::kDied:
      throw ActorDied(*this);
    case Kind::kFull:
      throw MailboxFull(*this);
    case Kind::kTimeout:
      throw Timeout(text);
    case Kind::kCancelled:
      throw Cancelled(*this);
    case Kind::kApplied:
      throw AppliedBefore(*this);
    case Kind::kThrew:
    case Kind::kRefused:
      break;
  }
  throw ActorError(*this);
}

}  // namespace wisp::runtime
