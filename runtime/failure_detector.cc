#include "runtime/failure_detector.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/error.h"

namespace wisp::runtime {

using std::chrono::nanoseconds;

void FailureLimits::check() const {
  if (interval.count() > 0 && interval < suspect && suspect < dead) return;
  throw Error("heartbeats: interval " + std::to_string(interval.count()) + " ms, suspect " +
                  std::to_string(suspect.count()) + " ms and dead " + std::to_string(dead.count()) +
                  " ms must rise in this order",
              Fault::kConfig);
}

FailureDetector::FailureDetector(FailureLimits limits) : limits_(limits) { limits_.check(); }

void FailureDetector::watch(NodeId node, nanoseconds now) {
  WISP_CHECK(!dead_.contains(node), "a node's number is never given again");
  if (watched_.empty()) {
    advanced_ = now;
    due_ = now + limits_.interval;
  }
  Watched& watched = watched_[node];
  watched.heard = now;
  watched.progressed = now;
}

void FailureDetector::declare_dead(NodeId node) {
  watched_.erase(node);
  dead_.insert(node);
}

bool FailureDetector::heard(NodeId node, std::uint64_t progress, nanoseconds now) {
  const auto found = watched_.find(node);
  if (found == watched_.end()) return false;
  Watched& watched = found->second;
  if (watched.told == Liveness::kSuspect && !watched.silence_ended) {
    watched.silence_ended = now - watched.heard;
    due_ = now;
  }
  watched.heard = now;
  if (progress != watched.progress) {
    watched.progress = progress;
    watched.progressed = now;
  }
  return true;
}

std::vector<FailureDetector::Change> FailureDetector::advance(nanoseconds now) {
  make_up_for_stall(now);
  std::vector<Change> changes;
  for (auto& [node, watched] : watched_) {
    if (const auto change = change_of(node, watched, now)) changes.push_back(*change);
  }
  for (const Change& change : changes) {
    if (change.liveness == Liveness::kDead) declare_dead(change.node);
  }
  due_ = next_due();
  return changes;
}

void FailureDetector::make_up_for_stall(nanoseconds now) {
  const nanoseconds gap = now - advanced_;
  advanced_ = now;
  if (gap <= 2 * limits_.interval) return;
  const nanoseconds stall = gap - limits_.interval;
  for (auto& [node, watched] : watched_) {
    watched.heard = std::min(now, watched.heard + stall);
    watched.progressed = std::min(now, watched.progressed + stall);
  }
}

std::optional<FailureDetector::Change> FailureDetector::change_of(NodeId node, Watched& watched,
                                                                  nanoseconds now) const {
  nanoseconds silent_for = now - watched.heard;
  const Liveness liveness = silent_for >= limits_.dead      ? Liveness::kDead
                            : silent_for >= limits_.suspect ? Liveness::kSuspect
                                                            : Liveness::kWell;
  if (liveness == Liveness::kWell) silent_for = watched.silence_ended.value_or(silent_for);
  watched.silence_ended.reset();
  if (liveness == std::exchange(watched.told, liveness)) return std::nullopt;
  return Change{node, liveness, silent_for};
}

// What is heard later only puts off what is due.
nanoseconds FailureDetector::next_due() const {
  nanoseconds due = advanced_ + limits_.interval;
  for (const auto& [node, watched] : watched_) {
    const nanoseconds limit = watched.told == Liveness::kSuspect ? limits_.dead : limits_.suspect;
    due = std::min(due, watched.heard + limit);
  }
  return due;
}

std::optional<nanoseconds> FailureDetector::deadline() const {
  return watched_.empty() ? std::nullopt : std::optional(due_);
}

std::map<NodeId, FailureDetector::State> FailureDetector::states(nanoseconds now) const {
  std::map<NodeId, State> states;
  for (const auto& [node, watched] : watched_) {
    State& state = states[node];
    state.liveness = watched.told;
    state.silent_for = now - watched.heard;
    state.progress = watched.progress;
    state.unchanged_for = now - watched.progressed;
  }
  dead_.for_each([&states](NodeId node) { states[node].liveness = Liveness::kDead; });
  return states;
}

}  // namespace wisp::runtime
