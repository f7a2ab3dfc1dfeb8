#include "actors/simulated_stage.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace wisp::actors {

namespace {

constexpr std::chrono::minutes kJoinMost{10};  // virtual, under all faults

}  // namespace

SimulatedStage::SimulatedStage(runtime::SimulatedWorld& world, Layout layout,
                               std::map<std::string, std::string> hosts)
    : world_(world), layout_(std::move(layout)), hosts_(std::move(hosts)) {
  world_.on_ended([this](const runtime::Spawner::Ended& ended) {
    world_.system().lose(ended.node, ended.cause);
    Ended end;
    end.node = ended.name;
    end.id = ended.node;
    end.cause = ended.cause;
    ended_.push_back(std::move(end));
  });
  std::vector<runtime::NodeId> all;
  for (const auto& [node, host] : hosts_) {
    hosts_left_.push_back(host);
    nodes_[node] = world_.start_node(node, host);
    all.push_back(nodes_[node]);
  }
  std::sort(hosts_left_.begin(), hosts_left_.end());
  hosts_left_.erase(std::unique(hosts_left_.begin(), hosts_left_.end()), hosts_left_.end());
  world_.system().wait_for(
      all, kJoinMost, [](const auto&) {}, std::chrono::seconds(1));
}

void SimulatedStage::take_out(const std::string& host) {
  std::erase(hosts_left_, host);
  world_.power_cut(host);
}

std::optional<runtime::NodeId> SimulatedStage::start(const std::string& name, std::uint32_t) {
  if (hosts_left_.empty()) throw Error("no host is left", Fault::kHost);
  std::string& host = hosts_.at(name);
  if (std::find(hosts_left_.begin(), hosts_left_.end(), host) == hosts_left_.end())
    host = hosts_left_.front();
  nodes_[name] = world_.start_node(name, host);
  return nodes_[name];
}

void SimulatedStage::tell(const std::string&, const std::string& event, const std::string& text) {
  told_.push_back(event + " " + text);
}

}  // namespace wisp::actors
