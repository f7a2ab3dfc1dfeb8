// What the driver does to its own job on purpose, by `chaos` of the job file.
#include <algorithm>
#include <csignal>

#include <fmt/format.h>

#include "cli/driver.h"

namespace wisp::cli {

namespace {

constexpr std::chrono::milliseconds kEveryMost{1};  // between two looks at what is due

}  // namespace

void Driver::begin_chaos() {
  if (experiment_.chaos.empty()) return;
  chaos_.emplace(experiment_.chaos, experiment_.job.seed);
  chaos_began_ = std::chrono::steady_clock::now();
}

void Driver::carry_on_chaos(std::chrono::steady_clock::time_point now) {
  if (!chaos_) return;
  if (ending_ || kill_at_ || done_) return end_chaos();
  std::vector<ChaosAction> due;
  {
    std::lock_guard lock(mutex_);
    due = chaos_->take_due(now - chaos_began_, layout_.nodes);
  }
  for (ChaosAction& each : due) carry_out(std::move(each));
}

void Driver::carry_out(ChaosAction action) {
  NodePlan node;
  runtime::NodeId id = 0;
  {
    std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < layout_.nodes.size(); ++i) {
      const NodePlan& each = layout_.nodes[i];
      const bool spared = !action.spared.empty() && each.host == action.spared;
      if (spared) action.disturbance.spared.push_back(node_ids_[i]);
      if (each.name != action.node) continue;
      node = each;
      id = node_ids_[i];
    }
  }
  if (!is_running(node.actors.front())) return;  // it is on its way back
  if (!action.text.empty()) {
    folder_.append("events.jsonl", event_json(clock_.wall(), "chaos", node.name, node.host, action.text));
    display_.say("chaos: " + action.text);
  }
  switch (action.what) {
    case ChaosAction::What::kKill:
      killed_by_chaos_.insert(node.name);
      return fleet_->signal(node.host, node.name, SIGKILL);
    case ChaosAction::What::kStop:
      return fleet_->signal(node.host, node.name, SIGSTOP);
    case ChaosAction::What::kContinue:
      return fleet_->signal(node.host, node.name, SIGCONT);
    case ChaosAction::What::kDisturb:
      return system_->disturb(id, action.disturbance);
  }
}

// What stands still has to go on to end in an orderly way.
void Driver::end_chaos() {
  if (!chaos_) return;
  const std::vector<std::string> stopped = chaos_->stopped();
  chaos_.reset();
  for (const std::string& node : stopped) {
    carry_out({.what = ChaosAction::What::kContinue, .node = node});
  }
}

bool Driver::is_running(const std::string& actor) const {
  return std::any_of(state_.actors.begin(), state_.actors.end(),
                     [&](const auto& each) { return each.name == actor && each.state == "running"; });
}

// How long to wait for an event, if it would be so long without chaos.
std::chrono::milliseconds Driver::until_chaos(std::chrono::milliseconds wait) const {
  const auto next = chaos_ ? chaos_->next() : std::nullopt;
  if (!next) return wait;
  const auto left = chaos_began_ + *next - std::chrono::steady_clock::now();
  return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(left), kEveryMost, wait);
}

}  // namespace wisp::cli
