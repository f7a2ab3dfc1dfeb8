#include "actors/job.h"

#include "actors/async_master.h"
#include "actors/relay.h"
#include "actors/round_master.h"
#include "actors/worker.h"
#include "base/check.h"

namespace wisp::actors {

namespace {

template <class T>
void register_dtype(runtime::Registry& registry, const Catalogs& catalogs, Dtype dtype) {
  registry.actor<Worker<T>>(worker_class(dtype), std::cref(catalogs))
      .template method<&Worker<T>::set_up>("set_up")
      .template method<&Worker<T>::step>("step")
      .template method<&Worker<T>::evaluate>("evaluate")
      .template method<&Worker<T>::test>("test")
      .template method<&Worker<T>::random_start>("random_start")
      .template method<&Worker<T>::receive>("receive");
  registry.actor<RoundMaster<T>>(master_class(dtype), std::cref(catalogs))
      .template method<&RoundMaster<T>::run>("run")
      .template method<&RoundMaster<T>::stop>("stop");
  registry.actor<AsyncMaster<T>>(async_master_class(dtype), std::cref(catalogs))
      .template method<&AsyncMaster<T>::run>("run")
      .template method<&AsyncMaster<T>::stop>("stop");
  registry.actor<Relay<T>>(relay_class(dtype))
      .template method<&Relay<T>::pass>("pass")
      .template method<&Relay<T>::deliver>("deliver");
}

template <class T>
std::vector<runtime::Handle<Worker<T>>> spawn_workers(runtime::System& system, const JobSpec& job,
                                                      const Layout& layout) {
  std::vector<runtime::Future<runtime::Handle<Worker<T>>>> spawned;
  for (std::size_t i = 0; i < layout.worker_nodes.size(); ++i) {
    WorkerParameters parameters;
    parameters.problem = job.problem;
    parameters.source = layout.sources[i];
    if (!layout.tests.empty()) parameters.test = layout.tests[i];
    parameters.method = job.method;
    parameters.seed = job.seed;
    parameters.worker = static_cast<std::uint32_t>(i);
    parameters.workers = static_cast<std::uint32_t>(layout.worker_nodes.size());
    spawned.push_back(system.spawn<Worker<T>>(
        runtime::Options("worker-" + std::to_string(i)).on(layout.worker_nodes[i]), parameters));
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
RunningJob start_master(runtime::System& system, const JobSpec& job, const Layout& layout,
                        const MasterParameters<T>& parameters) {
  const auto where = runtime::Options("master").on(layout.master_node);
  MasterJob master_job(job);
  if (layout.tests.empty()) master_job.problem.test = {};
  const auto master = system.spawn<Master>(where, std::move(master_job), parameters).get();
  return RunningJob{master.template call<&Master::run>(),
                    [master] { master.template tell<&Master::stop>(); }};
}

template <class T>
RunningJob start_dtype(runtime::System& system, const JobSpec& job, const Layout& layout,
                       std::optional<double> optimum, std::function<void(const Progress&)> on_progress,
                       Recording recording) {
  MasterParameters<T> parameters;
  parameters.optimum = optimum;
  parameters.workers = spawn_workers<T>(system, job, layout);
  parameters.relays = spawn_relays<T>(system, layout, parameters.workers);
  parameters.monitor = system.adopt(
      "monitor", std::make_unique<Monitor>(std::move(on_progress), std::move(recording.on_record)));
  parameters.replay = std::move(recording.replay);
  const std::string& consistency = job.method.consistency.kind;
  const bool rounds = consistency.empty() || consistency == "sync";
  return rounds ? start_master<RoundMaster<T>>(system, job, layout, parameters)
                : start_master<AsyncMaster<T>>(system, job, layout, parameters);
}

}  // namespace

std::string master_class(Dtype dtype) { return std::string("master/") + to_string(dtype); }
std::string async_master_class(Dtype dtype) { return std::string("async-master/") + to_string(dtype); }
std::string worker_class(Dtype dtype) { return std::string("worker/") + to_string(dtype); }
std::string relay_class(Dtype dtype) { return std::string("relay/") + to_string(dtype); }

void register_actors(runtime::Registry& registry, const Catalogs& catalogs) {
  registry.actor<Monitor>("monitor").method<&Monitor::report>("report").method<&Monitor::record>("record");
  register_dtype<double>(registry, catalogs, Dtype::kFloat64);
  register_dtype<float>(registry, catalogs, Dtype::kFloat32);
}

RunningJob start(runtime::System& system, const JobSpec& job, const Layout& layout,
                 std::optional<double> optimum, std::function<void(const Progress&)> on_progress,
                 Recording recording) {
  return job.dtype == Dtype::kFloat64
             ? start_dtype<double>(system, job, layout, optimum, std::move(on_progress), std::move(recording))
             : start_dtype<float>(system, job, layout, optimum, std::move(on_progress), std::move(recording));
}

RunningActors start(runtime::System& system, const std::vector<GroupSpec>& groups,
                    const std::map<std::string, std::string>& nodes) {
  const runtime::Registry& registry = system.node().registry();
  std::vector<runtime::Future<runtime::ActorRef>> spawned;
  std::optional<std::size_t> main;
  std::string main_class;
  for (const GroupSpec& group : groups) {
    const runtime::ClassEntry* entry = registry.find_class(group.class_name);
    WISP_CHECK(entry != nullptr && entry->parameters, "config knows the classes that can be started");
    const Bytes arguments =
        entry->pack_arguments(group.arguments.completed(*entry->parameters, "class " + group.class_name));
    if (group.main) {
      main = spawned.size();
      main_class = group.class_name;
    }
    for (const std::string& name : group.actor_names()) {
      spawned.push_back(
          system.spawn_named(group.class_name, runtime::Options(name).on(nodes.at(name)), arguments));
    }
  }
  WISP_CHECK(main, "one actor is main");
  std::vector<runtime::ActorRef> actors;
  for (auto& each : spawned) actors.push_back(each.get());  // all are there before one of them runs
  const runtime::ActorRef& runs = actors[*main];
  std::function<void()> stop;
  if (registry.find_class(main_class)->commands.contains("stop")) {
    stop = [&system, runs, main_class] { static_cast<void>(system.command(runs, main_class, "stop")); };
  }
  return RunningActors{system.command(runs, main_class, "run"), std::move(stop)};
}

}  // namespace wisp::actors
