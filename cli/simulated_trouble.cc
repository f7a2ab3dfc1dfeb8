#include "cli/simulated_trouble.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/math.h"
#include "base/rng.h"

namespace wisp::cli {

namespace {

using std::chrono::nanoseconds;

constexpr double kCrashEarliest = 1e6;  // nanoseconds
constexpr double kCrashLatest = 1e10;
constexpr std::uint32_t kCrashesMost = 2;

}  // namespace

struct SimulatedChaos::Impl {
  Impl(runtime::SimulatedWorld& of, const config::Experiment& experiment, const JobLayout& plan,
       std::function<runtime::NodeId(const std::string&)> find_node)
      : world(of),
        layout(plan),
        find(std::move(find_node)),
        schedule(experiment.chaos, of.seed()),
        began_at(of.now()) {}

  void carry_on() {
    for (ChaosAction& each : schedule.take_due(world.now() - began_at, layout.nodes))
      carry_out(std::move(each));
  }
  void carry_out(ChaosAction action) {
    const runtime::NodeId node = find(action.node);
    if (world.find(node) == nullptr) return;  // it is on its way back
    switch (action.what) {
      case ChaosAction::What::kKill:
        return world.crash(node, "killed, as chaos had asked");
      case ChaosAction::What::kStop:
        return world.pause(node, action.lasts);
      case ChaosAction::What::kContinue:
        return;  // it does so by itself
      case ChaosAction::What::kDisturb:
        break;
    }
    for (const NodePlan& each : layout.nodes) {
      if (!action.spared.empty() && each.host == action.spared) {
        action.disturbance.spared.push_back(find(each.name));
      }
    }
    world.network().disturb(node, action.disturbance);
  }

  runtime::SimulatedWorld& world;
  const JobLayout& layout;
  const std::function<runtime::NodeId(const std::string&)> find;
  ChaosSchedule schedule;
  const nanoseconds began_at;
  bool over = false;
};

namespace {

// The world keeps what it is to do for longer than the run may last.
template <class Impl>
void look_again(const std::shared_ptr<Impl>& impl) {
  const auto next = impl->schedule.next();
  if (!next) return;
  impl->world.at(impl->began_at + *next, [impl] {
    if (impl->over) return;
    impl->carry_on();
    look_again(impl);
  });
}

// Whether the job allows so many ends of the node.
bool may_end(const actors::JobSpec& job, const JobLayout& layout, const std::string& node,
             std::uint32_t ends) {
  const runtime::RestartSpec& restart = node == layout.master_node ? job.master.restart : job.worker.restart;
  return ends <= restart.max;
}

}  // namespace

SimulatedChaos::SimulatedChaos(runtime::SimulatedWorld& world, const config::Experiment& experiment,
                               const JobLayout& layout,
                               std::function<runtime::NodeId(const std::string&)> find)
    : impl_(std::make_shared<Impl>(world, experiment, layout, std::move(find))) {
  look_again(impl_);
}

SimulatedChaos::~SimulatedChaos() { impl_->over = true; }

void arrange_crashes(runtime::SimulatedWorld& world, const actors::JobSpec& job, const JobLayout& layout,
                     std::function<void(const std::string& node)> crash) {
  Rng rng(world.seed(), 0, 2, Purpose::kFaults);
  std::map<std::string, std::uint32_t> ends;
  for (std::uint32_t i = rng.below(kCrashesMost + 1); i > 0; --i) {
    const std::string& node = layout.nodes[rng.below(static_cast<std::uint32_t>(layout.nodes.size()))].name;
    const double after = kCrashEarliest * math::exp(rng.uniform() * math::log(kCrashLatest / kCrashEarliest));
    if (!may_end(job, layout, node, ++ends[node])) continue;
    world.after(nanoseconds(static_cast<std::int64_t>(after)), [crash, node] { crash(node); });
  }
}

}  // namespace wisp::cli
