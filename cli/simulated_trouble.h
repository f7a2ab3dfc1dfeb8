#pragma once
// What befalls the nodes of a simulated run: `chaos` of the job file, or crashes drawn from the seed.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cli/chaos.h"
#include "cli/layout.h"
#include "config/experiment.h"
#include "runtime/simulated_world.h"

namespace wisp::cli {

// Carries a job's `chaos` out in a world, from when it is made, as the run begins, until it goes.
class SimulatedChaos {
 public:
  // `find`: the present node of a name. What is drawn is drawn from the world's seed.
  SimulatedChaos(runtime::SimulatedWorld& world, const config::Experiment& experiment,
                 const JobLayout& layout, std::function<runtime::NodeId(const std::string&)> find);
  ~SimulatedChaos();
  SimulatedChaos(const SimulatedChaos&) = delete;
  SimulatedChaos& operator=(const SimulatedChaos&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Up to two crashes, as many of a node as its actors' `restart` allows, some time in the first 10 s of a run
// that begins now; soon rather than late, because most runs are short.
void arrange_crashes(runtime::SimulatedWorld& world, const actors::JobSpec& job, const JobLayout& layout,
                     std::function<void(const std::string& node)> crash);

}  // namespace wisp::cli
