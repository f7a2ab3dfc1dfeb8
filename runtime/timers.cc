#include "runtime/timers.h"

#include <algorithm>

#include "base/text.h"

namespace wisp::runtime {

void Timers::wake(Ref<TypedState<void>> state, std::chrono::nanoseconds duration) {
  TypedState<void>* const woken = state.get();
  add(Entry{{}, 0, duration, std::move(state), woken});
}

void Timers::expire(Ref<FutureState> state, std::chrono::nanoseconds duration) {
  add(Entry{{}, 0, duration, std::move(state), nullptr});
}

void Timers::add(Entry entry) {
  const auto now = clock_.steady();
  entry.at = entry.duration > kForever - now ? kForever : now + entry.duration;
  bool sooner = false;
  {
    std::lock_guard lock(mutex_);
    if (heap_.size() >= sweep_at_) sweep();
    entry.number = next_number_++;
    sooner = heap_.empty() || entry.at < heap_.front().at;
    heap_.push_back(std::move(entry));
    std::push_heap(heap_.begin(), heap_.end(),
                   [](auto& a, auto& b) { return later(a, b); });  // it is inlined
  }
  if (sooner) on_sooner_();
}

// Deadlines of calls that were answered long ago would pile up.
void Timers::sweep() {
  std::erase_if(heap_, [](const Entry& each) { return each.state->ready(); });
  std::make_heap(heap_.begin(), heap_.end(), later);
  sweep_at_ = std::max<std::size_t>(1024, 2 * heap_.size());
}

std::optional<std::chrono::nanoseconds> Timers::deadline() const {
  std::lock_guard lock(mutex_);
  if (heap_.empty()) return std::nullopt;
  return heap_.front().at;
}

void Timers::fire(std::chrono::nanoseconds now) {
  for (;;) {
    Entry due;
    {
      std::lock_guard lock(mutex_);
      if (heap_.empty() || heap_.front().at > now) return;
      std::pop_heap(heap_.begin(), heap_.end(), [](auto& a, auto& b) { return later(a, b); });
      due = std::move(heap_.back());
      heap_.pop_back();
      if (!heap_.empty()) __builtin_prefetch(heap_.front().state.get(), 1);  // set long ago
    }
    if (due.woken != nullptr) {
      due.woken->set();
    } else if (!due.state->ready()) {
      due.state->fail(Failure(Failure::Kind::kTimeout, due.state->awaited().actor.str(),
                              "no answer from " + due.state->what() + " within " +
                                  format_duration(std::chrono::ceil<std::chrono::milliseconds>(due.duration)),
                              Fault::kDeadline));
    }
  }
}

std::size_t Timers::size() const {
  std::lock_guard lock(mutex_);
  return heap_.size();
}

}  // namespace wisp::runtime
