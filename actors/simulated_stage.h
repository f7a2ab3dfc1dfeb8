#pragma once
// SimulatedStage: the world around a supervised job, in virtual time.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "actors/supervisor.h"
#include "runtime/simulated_world.h"

namespace wisp::actors {

// Joins a Supervisor to a simulated world, whose nodes' ends it takes (on_ended). `world` outlives it. A node
// whose host has been taken out goes to the first that is left, in the order of their names.
class SimulatedStage final : public Stage {
 public:
  // `layout` of the job; `hosts`: by node name. Starts all nodes, and returns when they have joined.
  SimulatedStage(runtime::SimulatedWorld& world, Layout layout, std::map<std::string, std::string> hosts);

  // The present ones, by name.
  const std::map<std::string, runtime::NodeId>& nodes() const { return nodes_; }
  // All its nodes crash, and it takes no others.
  void take_out(const std::string& host);

  std::vector<Ended> take_ended() override { return std::exchange(ended_, {}); }
  std::optional<runtime::NodeId> start(const std::string& name, std::uint32_t attempt) override;
  problems::Source rows(std::uint32_t worker) const override { return layout_.sources[worker]; }
  problems::Source test_rows(std::uint32_t worker) const override { return layout_.tests[worker]; }
  void wait(std::chrono::nanoseconds at_most) override { world_.run_for(at_most); }
  std::chrono::nanoseconds now() const override { return world_.now(); }
  void tell(const std::string& node, const std::string& event, const std::string& text) override;
  // What was told, in order: "back worker-1 is back after ...".
  const std::vector<std::string>& told() const { return told_; }

 private:
  runtime::SimulatedWorld& world_;
  const Layout layout_;
  std::map<std::string, std::string> hosts_;  // by node
  std::vector<std::string> hosts_left_;
  std::map<std::string, runtime::NodeId> nodes_;
  std::vector<Ended> ended_;
  std::vector<std::string> told_;
};

}  // namespace wisp::actors
