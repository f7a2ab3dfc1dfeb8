#include "runtime/disturbances.h"

namespace wisp::runtime {

void Disturbances::add(Disturbance disturbance) {
  std::lock_guard lock(mutex_);
  const auto until = clock_.steady() + disturbance.lasts;
  active_.push_back({until, std::move(disturbance)});
  any_.store(true, std::memory_order_relaxed);
}

Disturbances::Effect Disturbances::on(NodeId peer) {
  Effect effect;
  if (!any()) return effect;
  std::lock_guard lock(mutex_);
  std::erase_if(active_, [now = clock_.steady()](const Active& each) { return each.until <= now; });
  any_.store(!active_.empty(), std::memory_order_relaxed);
  for (const auto& [until, what] : active_) {
    effect.drop = std::max(effect.drop, what.drop);
    effect.delay = std::max(effect.delay, what.delay);
    if (what.cut && std::ranges::find(what.spared, peer) == what.spared.end()) effect.cut = true;
  }
  return effect;
}

}  // namespace wisp::runtime
