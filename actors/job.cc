#include "actors/job.h"

#include "actors/async_master.h"
#include "actors/cast.h"
#include "actors/relay.h"
#include "actors/round_master.h"
#include "actors/worker.h"
#include "base/check.h"

namespace wisp::actors {

namespace {

template <class T>
void register_dtype(runtime::Registry& registry, const Catalogs& catalogs, Dtype dtype) {
  registry.actor<Worker<T>>(worker_class(dtype), std::cref(catalogs))
      .template method<&Worker<T>::rewind>("rewind")
      .template method<&Worker<T>::set_up>("set_up")
      .template method<&Worker<T>::recall>("recall")
      .template method<&Worker<T>::checkpoint>("checkpoint")
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
      .template method<&AsyncMaster<T>::replace>("replace")
      .template method<&AsyncMaster<T>::stop>("stop");
  registry.actor<Relay<T>>(relay_class(dtype))
      .template method<&Relay<T>::pass>("pass")
      .template method<&Relay<T>::deliver>("deliver");
}

template <class Master, class T>
RunningJob start_master(runtime::System& system, const JobSpec& job, const Layout& layout,
                        const MasterParameters<T>& parameters) {
  const auto master = spawn_master<Master>(system, job, layout, parameters).get();
  return RunningJob{master.template call<&Master::run>(),
                    [master] { master.template tell<&Master::stop>(); }};
}

template <class T>
RunningJob start_dtype(runtime::System& system, const JobSpec& job, const Layout& layout,
                       std::optional<double> optimum, std::function<void(const Progress&)> on_progress,
                       Recording recording) {
  MasterParameters<T> parameters;
  parameters.optimum = optimum;
  parameters.workers = spawn_workers<T>(system, job, layout, std::nullopt);
  parameters.relays = spawn_relays<T>(system, layout, parameters.workers);
  parameters.monitor = system.adopt(
      "monitor", std::make_unique<Monitor>(std::move(on_progress), std::move(recording.on_record)));
  parameters.replay = std::move(recording.replay);
  return is_in_rounds(job) ? start_master<RoundMaster<T>>(system, job, layout, parameters)
                           : start_master<AsyncMaster<T>>(system, job, layout, parameters);
}

}  // namespace

std::string master_class(Dtype dtype) { return std::string("master/") + to_string(dtype); }
std::string async_master_class(Dtype dtype) { return std::string("async-master/") + to_string(dtype); }
std::string worker_class(Dtype dtype) { return std::string("worker/") + to_string(dtype); }
std::string relay_class(Dtype dtype) { return std::string("relay/") + to_string(dtype); }

void register_actors(runtime::Registry& registry, const Catalogs& catalogs) {
  registry.actor<Monitor>("monitor").method<&Monitor::report>("report").method<&Monitor::record>("record");
  registry.actor<Keeper>("keeper")
      .method<&Keeper::put>("put")
      .method<&Keeper::keep>("keep")
      .method<&Keeper::last>("last");
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
