#include "runtime/calls.h"

namespace wisp::runtime {

std::uint64_t Calls::add(Ref<FutureState> state, NodeId callee, bool kept) {
  std::lock_guard lock(mutex_);
  if (free_ == kNone) {
    free_ = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
    slots_.back().next_free = kNone;
  }
  const std::uint32_t index = free_;
  Slot& slot = slots_[index];
  free_ = slot.next_free;
  slot.state = std::move(state);
  slot.callee = callee;
  slot.kept = kept;
  return std::uint64_t{slot.generation} << 32 | index;
}

Calls::Taken Calls::take(std::uint64_t call, NodeId callee) {
  const auto index = static_cast<std::uint32_t>(call);
  std::lock_guard lock(mutex_);
  if (index >= slots_.size()) return {};
  const Slot& slot = slots_[index];
  if (slot.generation != call >> 32 || !slot.state || slot.callee != callee) return {};
  return release(index);
}

std::vector<Calls::Taken> Calls::take_if(const std::function<bool(NodeId callee)>& chosen) {
  std::vector<Taken> taken;
  std::lock_guard lock(mutex_);
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].state && chosen(slots_[i].callee)) taken.push_back(release(i));
  }
  return taken;
}

Calls::Taken Calls::release(std::uint32_t index) {
  Slot& slot = slots_[index];
  if (++slot.generation == 0) slot.generation = 1;
  slot.next_free = free_;
  free_ = index;
  return Taken{std::move(slot.state), slot.kept};
}

void CancelledCalls::add(NodeId caller, std::uint64_t call) {
  std::lock_guard lock(mutex_);
  calls_.emplace(caller, call);
  count_.store(calls_.size(), std::memory_order_release);
}

void CancelledCalls::remove(NodeId caller, std::uint64_t call) {
  std::lock_guard lock(mutex_);
  calls_.erase({caller, call});
  count_.store(calls_.size(), std::memory_order_release);
}

bool CancelledCalls::find(NodeId caller, std::uint64_t call) const {
  std::lock_guard lock(mutex_);
  return calls_.contains({caller, call});
}

}  // namespace wisp::runtime
