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

void Failure::raise() const {
  if (kind == Kind::kDied) throw ActorDied(*this);
  throw ActorError(*this);
}

}  // namespace wisp::runtime
