#include "actors/job.h"

#include "actors/round_master.h"
#include "actors/worker.h"

namespace wisp::actors {

namespace {

template <class T>
void register_dtype(runtime::Registry& registry, Dtype dtype) {
  registry.actor<Worker<T>>(worker_class(dtype))
      .template method<&Worker<T>::set_up>("set_up")
      .template method<&Worker<T>::step>("step")
      .template method<&Worker<T>::evaluate>("evaluate");
  registry.actor<RoundMaster<T>>(master_class(dtype))
      .template method<&RoundMaster<T>::run>("run")
      .template method<&RoundMaster<T>::stop>("stop");
}

template <class T>
std::vector<runtime::Handle<Worker<T>>> spawn_workers(runtime::System& system, const JobSpec& job,
                                                      const Layout& layout) {
  std::vector<runtime::Future<runtime::Handle<Worker<T>>>> spawned;
  for (std::size_t i = 0; i < layout.worker_nodes.size(); ++i) {
    WorkerParameters parameters;
    parameters.problem = job.problem;
    parameters.source = layout.sources[i];
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

template <class T>
RunningJob start_dtype(runtime::System& system, const JobSpec& job, const Layout& layout,
                       std::optional<double> optimum, std::function<void(const Progress&)> on_progress) {
  MasterParameters<T> parameters;
  parameters.job = job;
  parameters.optimum = optimum;
  parameters.workers = spawn_workers<T>(system, job, layout);
  parameters.monitor = system.adopt("monitor", std::make_unique<Monitor>(std::move(on_progress)));
  const auto master =
      system.spawn<RoundMaster<T>>(runtime::Options("master").on(layout.master_node), parameters).get();
  return RunningJob{master.template call<&RoundMaster<T>::run>(),
                    [master] { master.template tell<&RoundMaster<T>::stop>(); }};
}

}  // namespace

std::string master_class(Dtype dtype) { return std::string("master/") + to_string(dtype); }
std::string worker_class(Dtype dtype) { return std::string("worker/") + to_string(dtype); }

void register_actors(runtime::Registry& registry) {
  registry.actor<Monitor>("monitor").method<&Monitor::report>("report");
  register_dtype<double>(registry, Dtype::kFloat64);
  register_dtype<float>(registry, Dtype::kFloat32);
}

RunningJob start(runtime::System& system, const JobSpec& job, const Layout& layout,
                 std::optional<double> optimum, std::function<void(const Progress&)> on_progress) {
  return job.dtype == Dtype::kFloat64
             ? start_dtype<double>(system, job, layout, optimum, std::move(on_progress))
             : start_dtype<float>(system, job, layout, optimum, std::move(on_progress));
}

}  // namespace wisp::actors
