#include "cli/chaos.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/rng.h"
#include "base/text.h"

namespace wisp::cli {

namespace {

using actors::ChaosSpec;
using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds kSlice{40};  // of which a slowed process stands still for a part

// The nodes that are hit together: a host's, or one.
using Unit = std::vector<const NodePlan*>;

std::vector<Unit> units_of(const ChaosSpec& entry, const std::vector<NodePlan>& nodes) {
  std::vector<Unit> units;
  Unit host;
  for (const NodePlan& node : nodes) {
    const bool hit = std::any_of(node.actors.begin(), node.actors.end(),
                                 [&](const std::string& actor) { return entry.aims_at(actor); });
    if (hit) units.push_back({&node});
    if (!entry.host().empty() && node.host == entry.host()) host.push_back(&node);
  }
  if (!host.empty()) units.push_back(std::move(host));
  return units;
}

std::string describe(const ChaosSpec& entry, const NodePlan& node) {
  std::string text = fmt::format("{} {}@{}", to_string(entry.kind), node.name, node.host);
  if (entry.kind == ChaosSpec::Kind::kSlow) text += fmt::format(" by {:g}", entry.factor);
  if (entry.kind == ChaosSpec::Kind::kDelay) text += " by " + format_duration(entry.by);
  if (entry.kind == ChaosSpec::Kind::kDrop) text += fmt::format(" at {:g}", entry.rate);
  if (entry.lasts.count() > 0) text += " for " + format_duration(entry.lasts);
  return text;
}

runtime::Disturbance disturbance_of(const ChaosSpec& entry) {
  runtime::Disturbance disturbance;
  disturbance.lasts = entry.lasts;
  disturbance.drop = entry.rate;
  disturbance.delay = entry.by;
  disturbance.cut = entry.kind == ChaosSpec::Kind::kPartition;
  return disturbance;
}

}  // namespace

ChaosSchedule::ChaosSchedule(std::vector<ChaosSpec> entries, std::uint64_t seed)
    : entries_(std::move(entries)), seed_(seed) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Due first;
    first.entry = i;
    due_.emplace(entries_[i].at, first);
  }
}

std::optional<nanoseconds> ChaosSchedule::next() const {
  return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

std::vector<std::string> ChaosSchedule::stopped() const {
  std::vector<std::string> nodes;
  for (const auto& [node, until] : stopped_until_) nodes.push_back(node);
  return nodes;
}

std::vector<ChaosAction> ChaosSchedule::take_due(nanoseconds now, const std::vector<NodePlan>& nodes) {
  std::vector<ChaosAction> actions;
  while (!due_.empty() && due_.begin()->first <= now) {
    Due due = std::move(due_.begin()->second);
    due_.erase(due_.begin());
    if (!due.stopped.empty()) {
      const auto until = stopped_until_.find(due.stopped);
      if (until == stopped_until_.end() || until->second > now) continue;  // another stop lasts longer
      stopped_until_.erase(until);
      actions.push_back({.what = ChaosAction::What::kContinue, .node = std::move(due.stopped)});
    } else if (!due.slowed.empty()) {
      slice(std::move(due), now, "", actions);
    } else {
      strike(due, now, nodes, actions);
    }
  }
  return actions;
}

void ChaosSchedule::strike(const Due& due, nanoseconds now, const std::vector<NodePlan>& nodes,
                           std::vector<ChaosAction>& actions) {
  const ChaosSpec& entry = entries_[due.entry];
  std::vector<Unit> units = units_of(entry, nodes);
  if (entry.every.count() > 0) {
    Rng rng(seed_, static_cast<std::uint32_t>(due.entry), due.repetition, Purpose::kChaos);
    if (!units.empty()) units = {units[rng.below(static_cast<std::uint32_t>(units.size()))]};
    Due again = due;
    const auto missed = static_cast<std::uint64_t>((now - entry.at) / entry.every);
    again.repetition = std::max(due.repetition, missed) + 1;
    const nanoseconds at = entry.at + static_cast<std::int64_t>(again.repetition) * nanoseconds(entry.every);
    if (entry.until.count() == 0 || at <= entry.until) due_.emplace(at, again);
  }
  for (const Unit& unit : units) {
    for (const NodePlan* node : unit) hit(entry, *node, now, actions);
  }
}

void ChaosSchedule::hit(const ChaosSpec& entry, const NodePlan& node, nanoseconds now,
                        std::vector<ChaosAction>& actions) {
  std::string text = describe(entry, node);
  if (entry.kind == ChaosSpec::Kind::kKill) {
    actions.push_back({.what = ChaosAction::What::kKill, .node = node.name, .text = std::move(text)});
  } else if (entry.kind == ChaosSpec::Kind::kStop) {
    stop(node.name, now, entry.lasts, std::move(text), actions);
  } else if (entry.kind == ChaosSpec::Kind::kSlow) {
    Due due;
    due.entry = static_cast<std::size_t>(&entry - entries_.data());
    due.slowed = node.name;
    due.until = now + entry.lasts;
    slice(std::move(due), now, std::move(text), actions);
  } else {
    actions.push_back({.what = ChaosAction::What::kDisturb,
                       .node = node.name,
                       .disturbance = disturbance_of(entry),
                       .spared = entry.host(),
                       .text = std::move(text)});
  }
}

void ChaosSchedule::stop(const std::string& node, nanoseconds now, nanoseconds lasts, std::string text,
                         std::vector<ChaosAction>& actions) {
  nanoseconds& until = stopped_until_[node];
  until = std::max(until, now + lasts);
  Due due;
  due.stopped = node;
  due_.emplace(now + lasts, std::move(due));
  actions.push_back(
      {.what = ChaosAction::What::kStop, .node = node, .lasts = lasts, .text = std::move(text)});
}

// Late by whatever who asks was late, so that the process has its share all the same.
void ChaosSchedule::slice(Due due, nanoseconds now, std::string text, std::vector<ChaosAction>& actions) {
  if (now >= due.until) return;
  const double share = 1 - 1 / entries_[due.entry].factor;
  const auto still =
      nanoseconds(static_cast<std::int64_t>(share * 1e6 * static_cast<double>(kSlice.count())));
  stop(due.slowed, now, still, std::move(text), actions);
  due_.emplace(now + kSlice, std::move(due));
}

}  // namespace wisp::cli
