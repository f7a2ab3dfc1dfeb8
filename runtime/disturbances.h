#pragma once
// Disturbances: what befalls the frames of a node on purpose.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "runtime/transport.h"

namespace wisp::runtime {

// Of all frames from and to a node, for a time. It says itself how long it lasts: where nothing gets through,
// nobody could be told that it is over.
struct Disturbance {
  Disturbance() = default;
  std::chrono::nanoseconds lasts{0};
  double drop = 0;                    // the share of the frames that is lost
  std::chrono::nanoseconds delay{0};  // of each frame
  bool cut = false;                   // all are lost
  std::vector<NodeId> spared;         // by the cut: those on the node's side of it
  template <class F>
  void fields(F& f) {
    f(lasts, drop, delay, cut, spared);
  }
};

// Those of one node, on both of its channels. Any thread.
class Disturbances {
 public:
  // What becomes of a frame.
  struct Effect {
    double drop = 0;
    std::chrono::nanoseconds delay{0};
    bool cut = false;
  };

  // `clock` must outlive it.
  explicit Disturbances(const Clock& clock) : clock_(clock) {}

  // From now on.
  void add(Disturbance disturbance);
  // Whether there may be any.
  bool any() const { return any_.load(std::memory_order_relaxed); }
  // On what the node sends to `peer` now, or receives from it. Of several disturbances the worst counts.
  Effect on(NodeId peer);

 private:
  struct Active {
    std::chrono::nanoseconds until;
    Disturbance what;
  };
  const Clock& clock_;
  std::atomic<bool> any_{false};
  std::mutex mutex_;
  std::vector<Active> active_;
};

}  // namespace wisp::runtime
