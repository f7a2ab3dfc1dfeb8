#include "cli/simulate.h"

#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "actors/job.h"
#include "actors/simulated_stage.h"
#include "actors/supervisor.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/rng.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/experiment.h"
#include "cli/output.h"
#include "cli/plan.h"
#include "cli/recording.h"
#include "cli/simulated_trouble.h"
#include "runtime/simulated_world.h"

namespace wisp::cli {

namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kEventsMost = 50'000'000;
constexpr milliseconds kJoinMost = std::chrono::minutes(10);  // virtual, under all faults
constexpr std::uint32_t kTroubledMost = 10'000;  // milliseconds; later there is neither cut nor pause
constexpr std::uint32_t kCutMost = 3'000;
constexpr std::uint32_t kRoundsMost = 10;  // between checkpoints

runtime::WorldOptions world_options(const SimulatedJob& job, std::uint64_t seed, bool keep_trace) {
  Rng rng(seed, 0, 0, Purpose::kFaults);
  runtime::WorldOptions options;
  options.seed = seed;
  options.fingerprint = job.experiment.job.name;
  options.events_most = kEventsMost;
  options.join_deadline = kJoinMost;
  options.keep_trace = keep_trace;
  options.network.latency = runtime::Delay::lognormal(std::chrono::microseconds(100 + rng.below(900)), 0.5);
  options.network.bytes_per_second = 125e6;
  options.compute = runtime::Delay::exponential(std::chrono::microseconds(1 + rng.below(1000)));
  options.faults.drop = 0.2 * rng.uniform();
  options.faults.duplicate = 0.2 * rng.uniform();
  options.faults.full = 0.1 * rng.uniform();
  options.faults.delay = 0.1 * rng.uniform();
  options.faults.delay_most = milliseconds(1 + rng.below(1000));
  options.faults.reorder = rng.below(2) == 0;
  options.heartbeats = !job.experiment.chaos.empty();
  return options;
}

void arrange_trouble(runtime::SimulatedWorld& world, std::uint32_t nodes) {
  Rng rng(world.seed(), 0, 1, Purpose::kFaults);
  for (std::uint32_t i = rng.below(3); i > 0; --i) {
    const runtime::NodeId a = rng.below(nodes + 1);
    const runtime::NodeId b = (a + 1 + rng.below(nodes)) % (nodes + 1);
    const milliseconds at(rng.below(kTroubledMost));
    world.network().cut(a, b, at, at + milliseconds(rng.below(kCutMost)));
  }
  for (std::uint32_t i = rng.below(3); i > 0; --i) {
    const runtime::NodeId node = 1 + rng.below(nodes);
    const milliseconds lasts(rng.below(kCutMost));
    world.at(milliseconds(rng.below(kTroubledMost)), [&world, node, lasts] { world.pause(node, lasts); });
  }
}

using NodesByName = std::map<std::string, runtime::NodeId>;

NodesByName start_nodes(runtime::SimulatedWorld& world, const JobLayout& layout) {
  NodesByName by_name;
  std::vector<runtime::NodeId> nodes;
  for (const NodePlan& node : layout.nodes) {
    nodes.push_back(by_name[node.name] = world.start_node(node.name, node.host));
  }
  world.system().wait_for(
      nodes, kJoinMost, [](const auto&) {}, seconds(1));
  return by_name;
}

// An asynchronous job that says itself how long things take: its actors live on one node, and its master lets
// the times pass.
bool is_timed(const SimulatedJob& job) {
  return !job.experiment.plain() && job.experiment.job.simulation.given;
}

// Its nodes are started again when they have ended.
bool is_supervised(const SimulatedJob& job) {
  const actors::JobSpec& spec = job.experiment.job;
  const bool restarts = spec.master.restart.max > 0 || spec.worker.restart.max > 0;
  return !job.experiment.plain() && !is_timed(job) && restarts;
}

runtime::WorldOptions quiet_world(const SimulatedJob& job, std::uint64_t seed, bool keep_trace) {
  runtime::WorldOptions options;
  options.seed = seed;
  options.fingerprint = job.experiment.job.name;
  options.events_most = kEventsMost;
  options.keep_trace = keep_trace;
  return options;
}

actors::Layout layout_of(const SimulatedJob& job) {
  actors::Layout layout;
  if (is_timed(job)) {
    layout.worker_nodes.assign(job.layout.worker_nodes.size(), "");  // the driver's
  } else {
    layout.master_node = job.layout.master_node;
    layout.worker_nodes = job.layout.worker_nodes;
    layout.relays = job.layout.relays;
  }
  layout.sources.assign(layout.worker_nodes.size(), job.source);
  return layout;
}

actors::Summary run_unsupervised(runtime::SimulatedWorld& world, const SimulatedJob& job,
                                 const actors::JobSpec& spec) {
  const NodesByName nodes = is_timed(job) ? NodesByName() : start_nodes(world, job.layout);
  auto running = actors::start(
      world.system(), spec, layout_of(job), job.optimum, [](const auto&) {}, recording_of(job.experiment));
  const SimulatedChaos chaos(world, job.experiment, job.layout,
                             [nodes](const std::string& name) { return nodes.at(name); });
  return running.summary.get();
}

// Of those that a run goes on from, when it does so is drawn from the seed, unless the file says it.
void space_checkpoints(actors::CheckpointSpec& spec, std::uint64_t seed) {
  if (!spec.enabled() || !spec.paced) return;
  spec.every = {};
  spec.every_rounds = 1 + Rng(seed, 0, 3, Purpose::kFaults).below(kRoundsMost);
  spec.paced = false;
}

actors::Summary run_supervised(runtime::SimulatedWorld& world, const SimulatedJob& job,
                               actors::JobSpec spec) {
  space_checkpoints(spec.checkpoint, world.seed());
  std::map<std::string, std::string> hosts;
  for (const NodePlan& node : job.layout.nodes) hosts[node.name] = node.host;
  const actors::Layout layout = layout_of(job);
  actors::SimulatedStage stage(world, layout, std::move(hosts));
  actors::Supervision supervision;
  supervision.stage = &stage;
  supervision.on_progress = [](const auto&) {};
  supervision.recording = recording_of(job.experiment);
  if (spec.checkpoint.enabled()) {
    supervision.checkpoints =
        std::make_unique<actors::CheckpointFolder>(world.disk(""), "ckpt", spec.checkpoint.keep);
  }
  actors::Supervisor supervisor(world.system(), spec, layout, job.optimum, std::move(supervision));
  supervisor.start(stage.nodes());
  const auto find = [&stage](const std::string& name) { return stage.nodes().at(name); };
  const SimulatedChaos chaos(world, job.experiment, job.layout, find);
  if (job.experiment.chaos.empty()) {
    arrange_crashes(world, spec, job.layout, [&world, find](const auto& node) { world.crash(find(node)); });
  }
  return supervisor.run();
}

void optimize(runtime::SimulatedWorld& world, const SimulatedJob& job, SimulatedRun& run) {
  actors::JobSpec spec = job.experiment.job;
  spec.metrics = {};  // nobody looks on in virtual time
  spec.simulation.seed = run.seed;
  const actors::Summary summary =
      is_supervised(job) ? run_supervised(world, job, spec) : run_unsupervised(world, job, spec);
  run.rounds = summary.last.round;
  run.updates = summary.last.updates;
  run.loss = summary.last.loss;
  run.gap = summary.last.gap;
  run.uplink_bytes = summary.last.uplink_bytes;
  run.staleness = summary.last.staleness;
  run.iterate_hash = summary.iterate_hash;
  if (summary.status == "diverged") run.violation = "the run has diverged: " + summary.reason;
}

void run_actors(runtime::SimulatedWorld& world, const SimulatedJob& job) {
  const NodesByName nodes = start_nodes(world, job.layout);
  auto running = actors::start(world.system(), job.experiment.groups, job.layout.node_of);
  const SimulatedChaos chaos(world, job.experiment, job.layout,
                             [nodes](const std::string& name) { return nodes.at(name); });
  running.finished.get();
}

std::string replay(const GlobalOptions& global, const SimulateOptions& options, std::uint64_t seed) {
  std::string command = "wisp simulate";
  for (const std::string& file : options.files) command += " " + shell_quote(file);
  for (const std::string& each : global.sets) command += " --set " + shell_quote(each);
  for (const std::string& each : global.vars) command += " --var " + shell_quote(each);
  return command + fmt::format(" --seed {} --seeds 1 --trace", seed);
}

std::string line_of(const SimulatedRun& run) {
  std::string result = "finished";
  if (!run.iterate_hash.empty()) {
    const bool in_rounds = run.staleness.count() == 0;
    result = fmt::format("{} after {} {}, loss {:.6g}", run.iterate_hash,
                         in_rounds ? run.rounds : run.updates, in_rounds ? "rounds" : "updates", run.loss);
    if (!in_rounds)
      result += fmt::format(", staleness mean {:.4g} max {}", run.staleness.mean(), run.staleness.max());
  }
  return fmt::format("seed {}: {}, {:.3f} virtual s, {} events\n", run.seed, result, run.virtual_seconds,
                     run.events);
}

Json json_of(const SimulatedRun& run) {
  return {{"seed", run.seed},
          {"rounds", run.rounds},
          {"updates", run.updates},
          {"loss", std::isfinite(run.loss) ? Json(run.loss) : Json()},
          {"gap", run.gap && std::isfinite(*run.gap) ? Json(*run.gap) : Json()},
          {"uplink_bytes", run.uplink_bytes},
          {"staleness_mean", run.staleness.mean()},
          {"staleness_max", run.staleness.max()},
          {"iterate_hash", run.iterate_hash},
          {"virtual_seconds", run.virtual_seconds}};
}

// Of this process, so far.
std::uint64_t memory_most() {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? static_cast<std::uint64_t>(usage.ru_maxrss) << 10 : 0;
}

}  // namespace

SimulatedJob::SimulatedJob(const config::Experiment& of, const Inventory& with)
    : experiment(of), inventory(with) {
  std::uint32_t dim = 0;
  if (!of.plain()) {
    source = prepare_data(of, with.catalogs());
    dim = with.catalogs().problems.dim(of.job.problem, source.info);
  }
  layout = plan_launch(of, dim).layout;
  if (of.plain()) return;
  optimum = find_optimum(of, with.catalogs(), source);
}

SimulatedRun simulate(const SimulatedJob& job, std::uint64_t seed, bool keep_trace) {
  SimulatedRun run;
  run.seed = seed;
  const bool timed = is_timed(job);
  runtime::SimulatedWorld world(
      timed ? quiet_world(job, seed, keep_trace) : world_options(job, seed, keep_trace),
      job.inventory.registry());
  try {
    if (!timed) arrange_trouble(world, static_cast<std::uint32_t>(job.layout.nodes.size()));
    if (job.experiment.plain()) {
      run_actors(world, job);
    } else {
      optimize(world, job, run);
    }
  } catch (const Error& error) {
    run.violation = error.what();
  }
  run.virtual_seconds = std::chrono::duration<double>(world.now()).count();
  run.events = world.events();
  run.trace_hash = world.trace_hash();
  if (keep_trace) run.trace = world.trace();
  return run;
}

namespace {

// The seeds of one job; whether none of them failed.
bool simulate_seeds(const config::Experiment& experiment, const Inventory& inventory,
                    const GlobalOptions& options, const SimulateOptions& simulated) {
  const SimulatedJob job(experiment, inventory);
  const SystemClock clock;
  const auto start = clock.steady();
  std::map<std::uint64_t, std::string> hashes;  // the first, by rounds
  std::string iterate_hash;                     // the last
  std::uint64_t trace_hash = 0;
  Json failures = Json::array();
  Json runs = Json::array();
  const bool in_rounds = experiment.plain() || experiment.job.method.consistency.kind == "sync";
  for (std::uint64_t seed = simulated.seed; seed < simulated.seed + simulated.seeds; ++seed) {
    SimulatedRun run = simulate(job, seed, simulated.trace);
    iterate_hash = run.iterate_hash;
    trace_hash = (trace_hash ^ run.trace_hash) * 0x9e3779b97f4a7c15;
    const std::string& first = hashes.try_emplace(run.rounds, run.iterate_hash).first->second;
    if (in_rounds && run.violation.empty() && run.iterate_hash != first) {
      run.violation = "its iterate is " + run.iterate_hash + ", that of an earlier seed " + first;
    }
    runs.push_back(json_of(run));
    if (!options.json) {
      for (const std::string& each : run.trace) print(each + "\n");
    }
    if (!run.violation.empty()) {
      const std::string command = replay(options, simulated, seed);
      failures.push_back({{"seed", seed}, {"what", run.violation}, {"replay", command}});
      warn(fmt::format("seed {}: {}\nreplay: {}", seed, run.violation, command));
    } else if (!options.json) {
      print(line_of(run));
    }
  }
  const double elapsed = std::chrono::duration<double>(clock.steady() - start).count();
  const std::string hash = fmt::format("{:016x}", trace_hash);
  if (options.json) {
    const Json result = {{"seeds", simulated.seeds},
                         {"violations", failures.size()},
                         {"trace_hash", hash},
                         {"iterate_hash", iterate_hash},
                         {"seconds", elapsed},
                         {"failures", failures},
                         {"runs", runs},
                         {"memory_bytes", memory_most()}};
    print(result.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  } else {
    print(fmt::format("{} seeds, {} violations, trace hash {}, {:.1f} s, {:.0f} MiB of memory\n",
                      simulated.seeds, failures.size(), hash, elapsed,
                      static_cast<double>(memory_most()) / 0x1p20));
  }
  return failures.empty();
}

}  // namespace

int simulate_command(const GlobalOptions& options, const SimulateOptions& simulated) {
  Inventory inventory;
  const config::Sweep sweep = load_sweep(options, simulated.files, inventory);
  int status = kExitDone;
  for (const config::SweepPoint& point : sweep.points) {
    if (!sweep.axes.empty()) talk(options, config::settings_text(sweep, point));
    if (!simulate_seeds(point.experiment, inventory, options, simulated)) status = kExitFailed;
  }
  return status;
}

}  // namespace wisp::cli
