#pragma once
// The schedule of a job's `chaos`: what is done to which process, and when.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/spec.h"
#include "cli/layout.h"
#include "runtime/disturbances.h"

namespace wisp::cli {

// What is to be done to one process.
struct ChaosAction {
  enum class What : std::uint8_t { kKill, kStop, kContinue, kDisturb };

  What what = What::kKill;
  std::string node;                       // its name
  std::chrono::nanoseconds lasts{0};      // kStop: kContinue follows then
  runtime::Disturbance disturbance = {};  // kDisturb
  std::string spared = {};                // of a cut: the host whose nodes it spares; empty: none
  std::string text = {};  // for people: "stop worker-1@n1 for 5s"; empty: part of what was told before
};

// It has no clock, and does nothing: who has both asks it now and then. Times are since the run's begin.
class ChaosSchedule {
 public:
  // Who of several is hit is drawn from the seed, by entry and repetition.
  ChaosSchedule(std::vector<actors::ChaosSpec> entries, std::uint64_t seed);

  // What is due by `now` and was not given out before, in order, to the nodes as they lie now. What was
  // missed of what is repeated is left out.
  std::vector<ChaosAction> take_due(std::chrono::nanoseconds now, const std::vector<NodePlan>& nodes);
  // When something is due next; nothing: never again.
  std::optional<std::chrono::nanoseconds> next() const;
  // The names of the nodes that stand still, which are to go on if this is not asked any more.
  std::vector<std::string> stopped() const;

 private:
  struct Due {
    std::size_t entry = 0;
    std::uint64_t repetition = 0;
    std::string slowed = {};            // a node's next slice
    std::string stopped = {};           // a node that is to go on
    std::chrono::nanoseconds until{0};  // of the slices
  };

  void strike(const Due& due, std::chrono::nanoseconds now, const std::vector<NodePlan>& nodes,
              std::vector<ChaosAction>& actions);
  void hit(const actors::ChaosSpec& entry, const NodePlan& node, std::chrono::nanoseconds now,
           std::vector<ChaosAction>& actions);
  void stop(const std::string& node, std::chrono::nanoseconds now, std::chrono::nanoseconds lasts,
            std::string text, std::vector<ChaosAction>& actions);
  void slice(Due due, std::chrono::nanoseconds now, std::string text, std::vector<ChaosAction>& actions);

  const std::vector<actors::ChaosSpec> entries_;
  const std::uint64_t seed_;
  std::multimap<std::chrono::nanoseconds, Due> due_;
  std::map<std::string, std::chrono::nanoseconds> stopped_until_;
};

}  // namespace wisp::cli
