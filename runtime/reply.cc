#include "runtime/reply.h"

#include "runtime/node.h"

namespace wisp::runtime {

void Reply::send(PackedView&& packed) {
  if (state_) return std::exchange(state_, nullptr)->fulfil(packed.whole());
  std::exchange(node_, nullptr)->answer(caller_, call_, std::move(packed));
}

void Reply::fail(const Failure& failure) {
  if (state_) {
    std::exchange(state_, nullptr)->fail(failure);
  } else if (node_ != nullptr) {
    std::exchange(node_, nullptr)->fail(caller_, call_, failure);
  }
}

void Reply::abandon() { fail(Failure(Failure::Kind::kDied, "", "it ended before it answered")); }

}  // namespace wisp::runtime
