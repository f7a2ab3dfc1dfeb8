#pragma once
// Spawns the actors of a job, each kind by itself: for who starts a job, and for who brings back what has
// ended.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/job.h"
#include "actors/keeper.h"
#include "actors/relay.h"
#include "actors/run.h"
#include "actors/worker.h"
#include "runtime/system.h"

namespace wisp::actors {

inline std::string worker_name(std::size_t worker) { return "worker-" + std::to_string(worker); }

// Whether the job has a master of rounds. Its consistency is said by the job itself, where it is not sync.
inline bool is_in_rounds(const JobSpec& job) {
  return job.method.consistency.kind.empty() || job.method.consistency.kind == "sync";
}

// Worker `worker` on its node, which has joined. Its checkpoints go to `keeper`.
template <class T>
runtime::Future<runtime::Handle<Worker<T>>> spawn_worker(runtime::System& system, const JobSpec& job,
                                                         const Layout& layout, std::uint32_t worker,
                                                         const std::optional<runtime::Handle<Keeper>>& keeper,
                                                         const RecoveryFaults& faults = {}) {
  WorkerParameters parameters;
  parameters.problem = job.problem;
  parameters.source = layout.sources[worker];
  if (!layout.tests.empty()) parameters.test = layout.tests[worker];
  parameters.method = job.method;
  parameters.seed = job.seed;
  parameters.worker = worker;
  parameters.workers = static_cast<std::uint32_t>(layout.worker_nodes.size());
  parameters.keeper = keeper;
  parameters.faults = faults;
  return system.spawn<Worker<T>>(runtime::Options(worker_name(worker)).on(layout.worker_nodes[worker]),
                                 parameters);
}

template <class T>
std::vector<runtime::Handle<Worker<T>>> spawn_workers(runtime::System& system, const JobSpec& job,
                                                      const Layout& layout,
                                                      const std::optional<runtime::Handle<Keeper>>& keeper) {
  std::vector<runtime::Future<runtime::Handle<Worker<T>>>> spawned;
  for (std::uint32_t i = 0; i < layout.worker_nodes.size(); ++i) {
    spawned.push_back(spawn_worker<T>(system, job, layout, i, keeper));
  }
  std::vector<runtime::Handle<Worker<T>>> workers;
  for (auto& each : spawned) workers.push_back(each.get());
  return workers;
}

// From the last of the chain on: each is told of its successor.
template <class T>
std::vector<runtime::Handle<Relay<T>>> spawn_relays(runtime::System& system, const Layout& layout,
                                                    const std::vector<runtime::Handle<Worker<T>>>& workers) {
  std::vector<runtime::Handle<Relay<T>>> relays(layout.relays.size());
  for (std::size_t i = relays.size(); i-- > 0;) {
    const RelayPlace& place = layout.relays[i];
    RelayParameters<T> parameters;
    if (i + 1 < relays.size()) parameters.next = relays[i + 1];
    for (const std::uint32_t worker : place.workers) parameters.workers.push_back(workers[worker]);
    const auto where = runtime::Options("relay-" + std::to_string(i)).on(place.node);
    relays[i] = system.spawn<Relay<T>>(where, parameters).get();
  }
  return relays;
}

template <class Master, class T>
runtime::Future<runtime::Handle<Master>> spawn_master(runtime::System& system, const JobSpec& job,
                                                      const Layout& layout,
                                                      const MasterParameters<T>& parameters) {
  MasterJob master_job(job);
  if (layout.tests.empty()) master_job.problem.test = {};
  return system.spawn<Master>(runtime::Options("master").on(layout.master_node), std::move(master_job),
                              parameters);
}

}  // namespace wisp::actors
