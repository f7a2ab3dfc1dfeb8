#pragma once
// Restarts: how often an actor that ends may be started again, and when: OTP's restart intensity.
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "runtime/spec.h"

namespace wisp::runtime {

// Of one actor, or one node. A pure state machine: times are handed in, of a steady clock, and never go back.
class Restarts {
 public:
  static constexpr std::chrono::seconds kBackoffMax{30};

  explicit Restarts(const RestartSpec& spec) : spec_(spec) {}

  // It has ended at `now`. When it is to be started again: at once, or, if that is not the first time in
  // spec.within, after spec.backoff, doubled for each further time, at most kBackoffMax. Nothing if it was
  // started again spec.max times in spec.within already, and from then on.
  std::optional<std::chrono::nanoseconds> next(std::chrono::nanoseconds now);
  // Of the incarnation that runs, or is to run next: 1 is the first, which nobody restarted.
  std::uint32_t attempt() const { return attempt_; }
  // next() has answered nothing: why, for people. `key` is where the job file says it:
  // "it was restarted 3 times within 60 s (actors.worker.restart)".
  std::string why_not(const std::string& key) const;

 private:
  std::chrono::nanoseconds delay() const;

  RestartSpec spec_;
  std::deque<std::chrono::nanoseconds> ends_;  // after which it was started again, of the last spec.within
  std::uint32_t attempt_ = 1;
  bool given_up_ = false;
};

}  // namespace wisp::runtime
