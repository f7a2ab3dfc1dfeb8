#pragma once
// Timers: the waits of a node that end by its clock.
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "runtime/future.h"

namespace wisp::runtime {

// Any thread; fire() is the loop's.
class Timers {
 public:
  // `on_sooner` is called when the next deadline has come nearer.
  Timers(const Clock& clock, std::function<void()> on_sooner)
      : clock_(clock), on_sooner_(std::move(on_sooner)) {}

  // Has its answer, nothing, after `duration`.
  void wake(Ref<TypedState<void>> state, std::chrono::nanoseconds duration);
  // Fails with kTimeout after `duration`, unless it has its answer by then.
  void expire(Ref<FutureState> state, std::chrono::nanoseconds duration);
  // When fire() has something to do.
  std::optional<std::chrono::nanoseconds> deadline() const;
  // Whatever is due at `now`.
  void fire(std::chrono::nanoseconds now);
  std::size_t size() const;

 private:
  struct Entry {
    std::chrono::nanoseconds at;
    std::uint64_t number;  // equal times fire in the order they were set
    std::chrono::nanoseconds duration;
    Ref<FutureState> state;
    TypedState<void>* woken;  // the same, if it is to be woken
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at > b.at : a.number > b.number;
  }
  void add(Entry entry);
  void sweep();

  const Clock& clock_;
  const std::function<void()> on_sooner_;
  mutable std::mutex mutex_;
  std::vector<Entry> heap_;  // the first is due next
  std::uint64_t next_number_ = 0;
  std::size_t sweep_at_ = 1024;  // entries
};

}  // namespace wisp::runtime
