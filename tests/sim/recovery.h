#pragma once
// A supervised job to look for lost and doubled updates in: its nodes, hosts, network and disk fail in all
// ways that are drawn from one seed, and it is brought back each time.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "actors/cast.h"
#include "actors/simulated_stage.h"
#include "actors/supervisor.h"
#include "tests/sim/recovery_ledger.h"

namespace wisp::actors::sim {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// All that is drawn for a seed. Times are from the run's begin.
struct RecoveryPlan {
  explicit RecoveryPlan(std::uint64_t seed) : rng(seed, 2, 0, Purpose::kFaults) {
    draw_job();
    draw_places();
    draw_network();
    draw_ends();
    if (rng.below(4) == 0) {
      for (std::uint32_t i = 1 + rng.below(3); i > 0; --i) failing_writes.push_back(1 + rng.below(8));
    }
    if (rng.below(5) == 0) full = Span{when(), milliseconds(rng.below(4000))};
  }

  struct Span {
    nanoseconds at, lasts;
  };
  struct OfNode {
    std::uint32_t node;  // 0: the master's, 1...: the workers'
    Span when;
  };
  struct Partition {
    std::uint32_t a, b;  // 0: the driver, 1...: the hosts
    Span when;
  };
  enum class Kind : std::uint8_t { kSync, kAsync, kSsp, kIsega, kAsyncSgd };

  bool is_tally() const { return kind <= Kind::kSsp; }
  bool is_in_rounds() const { return kind == Kind::kSync || kind == Kind::kIsega; }
  bool disk_fails() const { return !failing_writes.empty() || full.has_value(); }
  // When nothing that was done to the run has an effect any more, but that it is behind.
  nanoseconds quiet_from() const {
    nanoseconds last = calm_from;
    for (const OfNode& each : pauses) last = std::max(last, each.when.at + each.when.lasts);
    return last + seconds(10);
  }

  Rng rng;
  Kind kind = Kind::kSync;
  std::uint32_t workers = 2;
  std::uint32_t rounds = 0;
  std::uint32_t checkpoint_rounds = 0;  // 0: none
  std::uint32_t checkpoint_updates = 0;
  std::uint32_t bound = 0;
  std::vector<std::uint32_t> host_of;  // by node
  std::uint32_t hosts = 1;
  bool two_in_one = false;   // workers 0 and 1 live on one node
  bool with_master = false;  // the last worker lives on the master's
  nanoseconds calm_from{0};  // no fault comes later
  runtime::Delay compute;
  nanoseconds step{0};  // the mean time for which the master holds an update; 0: it does not
  runtime::NetworkModel network;
  runtime::NetworkFaults faults;
  bool heartbeats = false;
  nanoseconds notice{0};  // from a node's end to the word of it
  std::vector<OfNode> crashes;
  std::vector<OfNode> pauses;
  std::vector<Partition> partitions;
  std::optional<std::pair<std::uint32_t, nanoseconds>> lost_host;
  std::vector<std::uint32_t> failing_writes;  // counted from 1
  std::optional<Span> full;                   // the driver's disk

 private:
  nanoseconds when() {
    return milliseconds(rng.below(static_cast<std::uint32_t>(calm_from / milliseconds(1))));
  }
  std::uint32_t node() { return rng.below(workers + 1); }
  void draw_job() {
    constexpr Kind kinds[] = {Kind::kSync,  Kind::kSync, Kind::kAsync, Kind::kAsync, Kind::kAsync,
                              Kind::kAsync, Kind::kSsp,  Kind::kSsp,   Kind::kIsega, Kind::kAsyncSgd};
    kind = kinds[rng.below(std::size(kinds))];
    workers = 2 + rng.below(3);
    rounds = 6 + rng.below(12);
    const std::uint32_t interval = 1 + rng.below(5);
    if (rng.below(12) != 0) (rng.below(2) == 0 ? checkpoint_rounds : checkpoint_updates) = interval;
    bound = kind == Kind::kSsp ? rng.below(4) : kSteps;
    calm_from = milliseconds(300 + rng.below(4'000));
    // A run takes about as long as the faults; some asynchronous ones take much longer.
    compute = runtime::Delay::exponential(calm_from / (rounds * (2 + rng.below(5))));
    if (!is_in_rounds() && rng.below(2) == 0) step = (calm_from + seconds(rng.below(2) * 25)) / rounds;
  }
  void draw_places() {
    hosts = 1 + rng.below(workers + 1);
    for (std::uint32_t i = 0; i <= workers; ++i) host_of.push_back(rng.below(hosts));
    two_in_one = rng.below(6) == 0;
    with_master = rng.below(8) == 0;
  }
  void draw_network() {
    const auto part = [this](double most) { return rng.below(3) == 0 ? most * rng.uniform() : 0; };
    network.latency = rng.below(2) == 0 ? runtime::Delay::uniform(nanoseconds(0), milliseconds(5))
                                        : runtime::Delay::lognormal(milliseconds(1), 1);
    faults.drop = part(0.3);
    faults.duplicate = part(0.3);
    faults.delay = part(1);
    faults.delay_most = milliseconds(1 + rng.below(1000));
    faults.reorder = rng.below(2) == 0;
    heartbeats = rng.below(4) == 0;
    if (heartbeats) compute = runtime::Delay::exponential(milliseconds(1 + rng.below(30)));
    notice = milliseconds(rng.below(2) == 0 ? 20 : 20 + rng.below(2000));
    for (std::uint32_t i = rng.below(4); i > 0; --i) {
      const std::uint32_t a = rng.below(hosts + 1);
      const std::uint32_t b = (a + 1 + rng.below(hosts)) % (hosts + 1);
      partitions.push_back({a, b, {when(), milliseconds(rng.below(8) == 0 ? 15'000 : rng.below(3000))}});
    }
  }
  void draw_ends() {
    for (std::uint32_t i = rng.below(rng.below(3) == 0 ? 8 : 4); i > 0; --i) {
      crashes.push_back({node(), {when(), nanoseconds(0)}});
      if (rng.below(2) == 0) continue;  // else another comes soon
      crashes.push_back({node(), {crashes.back().when.at + milliseconds(rng.below(400)), nanoseconds(0)}});
    }
    for (std::uint32_t i = rng.below(3); i > 0; --i) {
      pauses.push_back(
          {node(), {when(), milliseconds(rng.below(3) == 0 ? 1500 + rng.below(15'000) : rng.below(1000))}});
    }
    if (hosts > 1 && rng.below(4) == 0) lost_host = {host_of[node()], when()};
  }
};

class Recovery {
 public:
  Recovery(std::uint64_t seed, const RecoveryFaults& planted, bool keep_trace)
      : plan_(seed),
        witness_(seed, plan_.is_in_rounds(), plan_.heartbeats, plan_.bound),
        job_(job_of(plan_)),
        planted_(planted),
        layout_(layout_of(plan_, job_)),
        world_(world_options(plan_, seed, keep_trace), registry()) {}

  // To the end; what was violated, or nothing.
  std::string run() {
    TallyWitness::current() = &witness_;
    try {
      stage_ = std::make_unique<SimulatedStage>(world_, layout_, hosts());
      began_at_ = world_.now();
      arrange_faults();
      summary_ = supervise(world_, *stage_, job_, layout_, planted_);
      check_end();
    } catch (const Error& error) {
      if (witness_.violation().empty()) return error.what();
    }
    return witness_.violation();
  }
  const runtime::SimulatedWorld& world() const { return world_; }
  const RecoveryPlan& plan() const { return plan_; }
  std::size_t told(const std::string& event) const {
    if (!stage_) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(
        stage_->told(), [&](const std::string& each) { return each.starts_with(event + " "); }));
  }

 private:
  static constexpr seconds kPatience{600};

  static const runtime::Registry& registry() {
    static const auto all = [] {
      auto made = std::make_unique<runtime::Registry>();
      runtime::register_services(*made);
      register_actors(*made, catalogs());
      return made;
    }();
    return *all;
  }
  static std::string host_name(std::uint32_t host) { return "host-" + std::to_string(host); }
  static std::string node_name(std::uint32_t node) { return node == 0 ? "master" : worker_name(node - 1); }
  // By node, of those that have actors.
  std::map<std::string, std::string> hosts() const {
    std::map<std::string, std::string> hosts;
    for (std::uint32_t i = 0; i <= plan_.workers; ++i) {
      const bool is_used = i == 0 || std::ranges::count(layout_.worker_nodes, node_name(i)) > 0;
      if (is_used) hosts[node_name(i)] = host_name(plan_.host_of[i]);
    }
    return hosts;
  }
  bool is_another_host() const {
    return std::ranges::any_of(
        hosts(), [&](const auto& each) { return each.second != host_name(plan_.lost_host->first); });
  }

  static JobSpec job_of(const RecoveryPlan& plan) {
    using Kind = RecoveryPlan::Kind;
    JobSpec job;
    job.name = "recovery";
    job.seed = 7;
    job.method.step_size.kind = optim::StepSizeSpec::Kind::kPaper;
    job.problem.data.format = "synthetic";
    job.worker.replicas = plan.workers;
    job.stop.diverged = 1e300;
    job.evaluate.every_rounds = 5;
    if (plan.is_tally()) {
      job.method.kind = "tally";
      job.problem.kind = "nothing";
      job.problem.data.dim = plan.workers * 2 * kSteps;
    } else {
      job.method.kind = plan.kind == Kind::kIsega ? "isega" : "async-sgd";
      job.problem.kind = "logistic";
      job.problem.l2 = 1e-2;
      job.problem.data.dim = 7;
      job.problem.data.rows = 2 * plan.workers;
    }
    if (plan.kind == Kind::kAsyncSgd) {
      job.method.step_size = {.kind = optim::StepSizeSpec::Kind::kNumber, .value = 0.1};
      job.method.sparsifier = {.kind = "top-k", .density = 0.3};
      job.method.sparsifier_given = true;
      job.method.error_feedback = true;
    }
    job.method.consistency.kind = plan.is_in_rounds() ? "sync" : plan.kind == Kind::kSsp ? "ssp" : "async";
    if (plan.kind == Kind::kSsp) job.method.consistency.bound = plan.bound;
    job.stop.updates = plan.workers * plan.rounds;
    if (plan.step > nanoseconds(0)) {
      job.simulation.given = true;
      job.simulation.seed = 7;
      job.simulation.compute = {.kind = "exponential", .mean = std::chrono::ceil<milliseconds>(plan.step)};
    }
    job.checkpoint.every = {};
    job.checkpoint.every_rounds = plan.checkpoint_rounds;
    job.checkpoint.every_updates = plan.checkpoint_updates;
    job.checkpoint.paced = false;
    for (ActorSpec* actor : {&job.master, &job.worker}) {
      actor->restart = {.max = 1000, .within = seconds(2), .backoff = milliseconds(20)};
    }
    return job;
  }

  static Layout layout_of(const RecoveryPlan& plan, const JobSpec& job) {
    Layout layout;
    layout.master_node = "master";
    for (std::uint32_t i = 0; i < plan.workers; ++i) layout.worker_nodes.push_back(worker_name(i));
    if (plan.two_in_one) layout.worker_nodes[1] = worker_name(0);
    if (plan.with_master) layout.worker_nodes.back() = "master";
    layout.sources.assign(plan.workers, catalogs().problems.prepare(job.problem));
    return layout;
  }

  static runtime::WorldOptions world_options(const RecoveryPlan& plan, std::uint64_t seed, bool keep_trace) {
    runtime::WorldOptions options;
    options.seed = seed;
    options.network = plan.network;
    options.compute = plan.compute;
    options.heartbeats = plan.heartbeats;
    options.report_after = plan.notice;
    options.failure.interval = milliseconds(100);
    options.failure.suspect = milliseconds(400);
    options.failure.dead = milliseconds(1500);
    options.keep_trace = keep_trace;
    return options;
  }

  static Summary supervise(runtime::SimulatedWorld& world, SimulatedStage& stage, const JobSpec& job,
                           const Layout& layout, const RecoveryFaults& planted) {
    Supervision supervision;
    supervision.stage = &stage;
    supervision.on_progress = [](const Progress&) {};
    supervision.faults = planted;
    if (job.checkpoint.enabled()) {
      supervision.checkpoints =
          std::make_unique<CheckpointFolder>(world.disk(""), "ckpt", job.checkpoint.keep);
    }
    Supervisor supervisor(world.system(), job, layout, std::nullopt, std::move(supervision));
    supervisor.start(stage.nodes());
    return supervisor.run();
  }

  void arrange_faults() {
    world_.network().set_faults(plan_.faults);
    world_.after(plan_.calm_from, [this] {
      world_.network().set_faults(runtime::NetworkFaults());
      world_.network().heal();
    });
    world_.after(plan_.calm_from + kPatience,
                 [] { throw Error("stuck: the faults are over, and the run does not end"); });
    const auto host = [](std::uint32_t number) {
      return number == 0 ? std::string() : host_name(number - 1);
    };
    for (const RecoveryPlan::Partition& each : plan_.partitions) {
      const nanoseconds from = world_.now() + each.when.at;
      world_.network().cut(host(each.a), host(each.b), from, from + each.when.lasts);
    }
    for (const RecoveryPlan::OfNode& each : plan_.crashes) {
      world_.after(each.when.at, [this, each] {
        if (const auto node = present(each.node)) world_.crash(*node);
      });
    }
    for (const RecoveryPlan::OfNode& each : plan_.pauses) {
      world_.after(each.when.at, [this, each] {
        if (const auto node = present(each.node)) world_.pause(*node, each.when.lasts);
      });
    }
    if (plan_.lost_host && is_another_host()) {
      world_.after(plan_.lost_host->second, [this] { stage_->take_out(host_name(plan_.lost_host->first)); });
    }
    SimulatedDisk& disk = world_.disk("");
    for (const std::uint32_t number : plan_.failing_writes) disk.fail_write(number);
    if (!plan_.full) return;
    world_.after(plan_.full->at, [&disk] { disk.set_capacity(0); });
    world_.after(plan_.full->at + plan_.full->lasts,
                 [&disk] { disk.set_capacity(std::numeric_limits<std::size_t>::max()); });
  }

  std::optional<runtime::NodeId> present(std::uint32_t node) const {
    const auto found = stage_->nodes().find(node_name(node));
    if (found == stage_->nodes().end()) return std::nullopt;
    return found->second;
  }

  void check_end() {
    const auto check = [this](bool holds, const std::string& what) {
      if (!holds) witness_.violated(what);
    };
    check(summary_.status == "finished", "the run ended " + summary_.status + ": " + summary_.reason);
    check(summary_.last.updates >= *job_.stop.updates, "the run ended too early");
    if (plan_.is_in_rounds()) {
      check(summary_.iterate_hash == undisturbed_hash(), "the iterate is not that of the undisturbed run");
    } else {
      check(summary_.last.staleness.count() == summary_.last.updates, "an update has no staleness");
      if (plan_.kind == RecoveryPlan::Kind::kSsp) {
        const std::uint64_t most = std::uint64_t{2 * plan_.bound + 1} * (plan_.workers - 1);
        check(summary_.last.staleness.max() <= most, "an update is staler than it may be");
      }
    }
    if (plan_.is_tally()) check_tally();
    check(!is_last_checkpoint_missing(), "the run ended quietly, and not in a checkpoint");
  }

  // What a worker had in mind when it died may be missing; nothing that it sent is, and nothing counts twice.
  void check_tally() {
    const std::span<const double> x(reinterpret_cast<const double*>(summary_.iterate.data()),
                                    summary_.iterate.size() / sizeof(double));
    std::uint64_t steps = 0;
    for (std::uint32_t worker = 0; worker < plan_.workers; ++worker) {
      std::uint32_t round = 0;
      for (; round < kSteps && x[mark_of(worker, round)] == 1; ++round) {
        const double mass = x[mass_of(worker, round)];
        if (mass == 0 && !witness_.may_be_missing(mass_of(worker, round))) {
          witness_.violated("what a worker sent, or still has in mind, is lost");
        } else if (mass != 0 && mass != 1) {
          witness_.violated("what a worker sent has counted twice");
        }
      }
      steps += round;
    }
    if (steps != summary_.last.updates) witness_.violated("the updates in x are not those that were counted");
  }

  // The last checkpoint of a run that nothing has disturbed for long has all that the run has.
  bool is_last_checkpoint_missing() {
    if (!job_.checkpoint.enabled() || plan_.disk_fails() || world_.now() < began_at_ + plan_.quiet_from())
      return false;
    std::vector<std::string> warnings;
    const auto last = CheckpointFolder(world_.disk(""), "ckpt", job_.checkpoint.keep).newest(warnings);
    return !last || last->updates != summary_.last.updates;
  }

  std::string undisturbed_hash() const {
    static std::map<std::vector<std::uint32_t>, std::string> known;
    std::string& hash = known[{static_cast<std::uint32_t>(plan_.kind), plan_.workers, plan_.rounds}];
    if (!hash.empty()) return hash;
    JobSpec job = job_;
    job.checkpoint = {};
    job.checkpoint.every = {};
    runtime::SimulatedWorld world(runtime::WorldOptions(), registry());
    TallyWitness witness(1, true, false, plan_.bound);
    TallyWitness::current() = &witness;
    Layout layout = layout_;
    std::map<std::string, std::string> hosts{{"master", "host"}};
    for (const std::string& each : layout.worker_nodes) hosts[each] = "host";
    SimulatedStage stage(world, layout, hosts);
    hash = supervise(world, stage, job, layout, RecoveryFaults()).iterate_hash;
    return hash;
  }

  const RecoveryPlan plan_;
  TallyWitness witness_;
  const JobSpec job_;
  const RecoveryFaults planted_;
  const Layout layout_;
  runtime::SimulatedWorld world_;
  std::unique_ptr<SimulatedStage> stage_;
  nanoseconds began_at_{0};
  Summary summary_;
};

}  // namespace wisp::actors::sim
