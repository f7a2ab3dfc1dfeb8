#pragma once
// Calls: those of this node to other nodes that have no answer yet.
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "runtime/future.h"

namespace wisp::runtime {

// Any thread. A call's number is never 0, and is used again only after four thousand million others of its
// slot.
class Calls {
 public:
  // Its number, for the frame that carries it.
  // `kept`: by Deliveries, which sees to it that it is answered if the callee is restarted.
  std::uint64_t add(Ref<FutureState> state, NodeId callee, bool kept = false);
  struct Taken {
    Ref<FutureState> state;
    bool kept = false;
  };
  // The call to `callee` is over; null if it was already, or is another's.
  Taken take(std::uint64_t call, NodeId callee);
  // All whose callee is chosen are over.
  std::vector<Taken> take_if(const std::function<bool(NodeId callee)>& chosen);

 private:
  struct Slot {
    Ref<FutureState> state;
    NodeId callee = 0;
    bool kept = false;
    std::uint32_t generation = 1;
    std::uint32_t next_free = 0;
  };
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  Taken release(std::uint32_t index);

  std::mutex mutex_;
  std::vector<Slot> slots_;
  std::uint32_t free_ = kNone;
};

// Calls of other nodes that their callers have cancelled, until the actor that was called has come to know.
// Any thread.
class CancelledCalls {
 public:
  void add(NodeId caller, std::uint64_t call);
  void remove(NodeId caller, std::uint64_t call);
  bool contains(NodeId caller, std::uint64_t call) const {
    return count_.load(std::memory_order_acquire) > 0 && find(caller, call);
  }

 private:
  bool find(NodeId caller, std::uint64_t call) const;
  std::atomic<std::size_t> count_{0};
  mutable std::mutex mutex_;
  std::set<std::pair<NodeId, std::uint64_t>> calls_;
};

}  // namespace wisp::runtime
