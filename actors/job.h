#pragma once
// From specs to a running job: the one function that does it.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/catalogs.h"
#include "actors/messages.h"
#include "actors/monitor.h"
#include "runtime/system.h"

namespace wisp::actors {

// Makes every actor class of this room known.
// `catalogs` are what workers and masters look their problem and method up in; they outlive the registry.
void register_actors(runtime::Registry& registry, const Catalogs& catalogs);

// The class names of a job's actors, as registered.
std::string master_class(Dtype dtype);
std::string async_master_class(Dtype dtype);
std::string worker_class(Dtype dtype);
std::string relay_class(Dtype dtype);

// Where a relay goes, and which workers it serves.
struct RelayPlace {
  std::string node;
  std::vector<std::uint32_t> workers;
};

// Where the actors of a job go.
struct Layout {
  std::string master_node;                   // node names; the nodes have joined
  std::vector<std::string> worker_nodes;     // worker i is called "worker-<i>"
  std::vector<problems::Source> sources;     // worker i's data
  std::vector<problems::Source> tests = {};  // worker i's test rows; empty: nothing is tested
  // In the order of their chain; relay i is called "relay-<i>", and each worker has one. None: models go
  // without, as they do in asynchronous runs.
  std::vector<RelayPlace> relays = {};
};

struct RunningJob {
  runtime::Future<Summary> summary;
  std::function<void()> stop;  // ends the run after the round that is under way; any thread
};

// Of an asynchronous run: what is to be done with the order of its updates (arrivals.h).
struct Recording {
  std::function<void(const Bytes&)> on_record = nullptr;  // gets the pieces of job.record, in order
  Bytes replay = {};                                      // the file job.replay; empty: none
};

// Spawns workers, monitor and master on nodes that have joined `system`, and starts the run. The job says its
// consistency itself, where that is not sync (Catalog::consistency_of()). `on_progress` and the recording are
// called on the driver's node. Blocks until the actors are there. Throws ActorError or ActorDied.
RunningJob start(runtime::System& system, const JobSpec& job, const Layout& layout,
                 std::optional<double> optimum, std::function<void(const Progress&)> on_progress,
                 Recording recording = {});

// A job of plain actors: one that is under way.
struct RunningActors {
  runtime::Future<void> finished;  // when main's run() has returned; its failure is the job's
  std::function<void()> stop;      // tells main to stop(); null if its class has no such method
};

// Spawns every actor of `groups` on its node, then calls run() of the one that is main. `nodes` are the names
// of the nodes, by actor name; they have joined `system`. Throws ActorError or ActorDied.
RunningActors start(runtime::System& system, const std::vector<GroupSpec>& groups,
                    const std::map<std::string, std::string>& nodes);

}  // namespace wisp::actors
