#pragma once
// A supervised job in a simulated world: what the tests of recovery share.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/cast.h"
#include "actors/simulated_stage.h"
#include "actors/supervisor.h"
#include "tests/actors/cluster.h"

namespace wisp::actors::test {

// Every actor on a node of its own, and every node on a host of its own, both called as the actor is.
class SupervisedRun {
 public:
  explicit SupervisedRun(JobSpec job, std::uint64_t seed = 1)
      : SupervisedRun(std::move(job), world_options(seed)) {}
  SupervisedRun(JobSpec job, runtime::WorldOptions options)
      : job_(std::move(job)), world_(std::move(options), registry()) {
    layout_.master_node = "master";
    std::map<std::string, std::string> hosts{{"master", "master"}};
    for (std::size_t i = 0; i < job_.worker.replicas; ++i) {
      layout_.worker_nodes.push_back(worker_name(i));
      hosts[worker_name(i)] = worker_name(i);
    }
    layout_.sources.assign(job_.worker.replicas, catalogs().problems.prepare(job_.problem));
    stage_ = std::make_unique<SimulatedStage>(world_, layout_, hosts);
  }

  static runtime::WorldOptions world_options(std::uint64_t seed) {
    runtime::WorldOptions options;
    options.seed = seed;
    options.events_most = 5'000'000;
    options.network.latency =
        runtime::Delay::uniform(std::chrono::microseconds(50), std::chrono::microseconds(500));
    options.compute = runtime::Delay::exponential(std::chrono::milliseconds(1));
    return options;
  }
  static const runtime::Registry& registry() {
    static const auto all = [] {
      auto made = std::make_unique<runtime::Registry>();
      runtime::register_services(*made);
      register_actors(*made, catalogs());
      return made;
    }();
    return *all;
  }

  runtime::SimulatedWorld& world() { return world_; }
  SimulatedStage& stage() { return *stage_; }
  SimulatedDisk& disk() { return world_.disk(""); }

  // The node crashes so long after the run's begin, in whatever incarnation it is then.
  void crash(std::chrono::nanoseconds after, const std::string& node) {
    world_.after(after, [this, node] { world_.crash(stage_->nodes().at(node)); });
  }
  Summary run() {
    Supervision supervision;
    supervision.stage = stage_.get();
    supervision.on_progress = [this](const Progress& progress) { progress_.push_back(progress); };
    if (job_.checkpoint.enabled()) {
      supervision.checkpoints = std::make_unique<CheckpointFolder>(disk(), "ckpt", job_.checkpoint.keep);
    }
    supervisor_ =
        std::make_unique<Supervisor>(world_.system(), job_, layout_, std::nullopt, std::move(supervision));
    supervisor_->start(stage_->nodes());
    began_at_ = world_.now();
    return supervisor_->run();
  }
  std::chrono::nanoseconds duration() const { return world_.now() - began_at_; }
  const std::vector<Progress>& progress() const { return progress_; }
  std::size_t told(const std::string& event) const {
    return static_cast<std::size_t>(
        std::count_if(stage_->told().begin(), stage_->told().end(),
                      [&](const auto& each) { return each.rfind(event + " ", 0) == 0; }));
  }

 private:
  const JobSpec job_;
  Layout layout_;
  runtime::SimulatedWorld world_;
  std::unique_ptr<SimulatedStage> stage_;
  std::unique_ptr<Supervisor> supervisor_;
  std::chrono::nanoseconds began_at_{0};
  std::vector<Progress> progress_;
};

// A small job whose nodes may end as often as they like, with a checkpoint every `rounds` rounds.
inline JobSpec supervised_job(const std::string& method, std::uint64_t rounds = 4) {
  JobSpec job = small_job(method);
  job.checkpoint = {};
  job.checkpoint.every = {};
  job.checkpoint.every_rounds = rounds;
  job.checkpoint.paced = false;
  for (ActorSpec* actor : {&job.master, &job.worker}) actor->restart.max = 1000;
  return job;
}

// The same of an asynchronous run of so many updates, whose x is a ledger of the steps that have counted.
inline JobSpec ledger_job(const std::string& consistency, std::uint64_t updates) {
  JobSpec job = supervised_job("ledger");
  job.method.consistency.kind = consistency;
  job.problem.data.dim = job.worker.replicas * kLedgerSteps;
  job.evaluate.every_rounds = 40;
  job.stop = {};
  job.stop.updates = updates;
  job.stop.diverged = 1e300;
  return job;
}

}  // namespace wisp::actors::test
