#pragma once
// From specs to a running job: the one function that does it.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "actors/messages.h"
#include "actors/monitor.h"
#include "runtime/system.h"

namespace wisp::actors {

// Makes every actor class of this room known.
void register_actors(runtime::Registry& registry);

// The class names of a job's actors, as registered.
std::string master_class(Dtype dtype);
std::string worker_class(Dtype dtype);

// Where the actors of a job go.
struct Layout {
  std::string master_node;                // node names; the nodes have joined
  std::vector<std::string> worker_nodes;  // worker i is called "worker-<i>"
  std::vector<problems::Source> sources;  // worker i's data
};

struct RunningJob {
  runtime::Future<Summary> summary;
  std::function<void()> stop;  // ends the run after the round that is under way; any thread
};

// Spawns workers, monitor and master on nodes that have joined `system`, and starts the run. `on_progress` is
// called on the driver's node. Blocks until the actors are there. Throws ActorError or ActorDied.
RunningJob start(runtime::System& system, const JobSpec& job, const Layout& layout,
                 std::optional<double> optimum, std::function<void(const Progress&)> on_progress);

}  // namespace wisp::actors
