#pragma once
// FailureDetector: who was heard of, and who is taken for dead.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "runtime/node_set.h"
#include "runtime/transport.h"

namespace wisp::runtime {

struct FailureLimits {
  FailureLimits() = default;
  std::chrono::milliseconds interval{500};  // between two beats of a node
  std::chrono::milliseconds suspect{3000};  // silent for so long: suspected
  std::chrono::milliseconds dead{10'000};   // silent for so long: dead
  // Throws Error (kConfig) unless 0 < interval < suspect < dead.
  void check() const;
  template <class F>
  void fields(F& f) {
    f(interval, suspect, dead);
  }
};

enum class Liveness : std::uint8_t { kWell, kSuspect, kDead };

// A pure state machine; the time is handed in and never goes back. Not thread-safe.
//
// Silence is counted only while we listen: when our own process was stopped for a while, which shows as a gap
// between two calls of advance(), everybody is given that time again.
class FailureDetector {
 public:
  struct Change {
    NodeId node = 0;
    Liveness liveness = Liveness::kWell;
    std::chrono::nanoseconds silent_for{0};  // for kWell: how long it had been
  };
  struct State {
    Liveness liveness = Liveness::kWell;
    std::chrono::nanoseconds silent_for{0};
    std::uint64_t progress = 0;
    std::chrono::nanoseconds unchanged_for{0};  // since `progress` was another
  };

  explicit FailureDetector(FailureLimits limits);

  // Expects to hear of `node` from now on. Whoever was dead never comes back: numbers are not given twice.
  void watch(NodeId node, std::chrono::nanoseconds now);
  // It left in good order.
  void forget(NodeId node) { watched_.erase(node); }
  // Known from elsewhere: its process has ended.
  void declare_dead(NodeId node);
  // False if `node` is not watched, dead ones included: it is to be fenced.
  bool heard(NodeId node, std::uint64_t progress, std::chrono::nanoseconds now);

  // What has changed since the last call; dead nodes are watched no more. To be called at deadline() at the
  // latest, after all that has arrived was told to heard().
  std::vector<Change> advance(std::chrono::nanoseconds now);
  // When to call advance(): at the latest `interval` after the last call. None while nobody is watched.
  std::optional<std::chrono::nanoseconds> deadline() const;

  bool is_dead(NodeId node) const { return dead_.contains(node); }
  std::map<NodeId, State> states(std::chrono::nanoseconds now) const;

 private:
  struct Watched {
    Liveness told = Liveness::kWell;
    std::chrono::nanoseconds heard{0};
    std::optional<std::chrono::nanoseconds> silence_ended;  // how long a suspect's had been
    std::uint64_t progress = 0;
    std::chrono::nanoseconds progressed{0};
  };
  void make_up_for_stall(std::chrono::nanoseconds now);
  std::chrono::nanoseconds next_due() const;
  std::optional<Change> change_of(NodeId node, Watched& watched, std::chrono::nanoseconds now) const;

  const FailureLimits limits_;
  std::chrono::nanoseconds due_{0};
  std::map<NodeId, Watched> watched_;
  NodeSet dead_;
  std::chrono::nanoseconds advanced_{0};  // the last call of advance(), or the first watch()
};

}  // namespace wisp::runtime
