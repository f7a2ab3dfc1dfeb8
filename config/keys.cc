#include "config/keys.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "config/numbers.h"

namespace wisp::config {
namespace {

using enum KeyType;

constexpr Range kPositive{.low = 0, .above_low = true};
constexpr Range kFromOne{.low = 1};

constexpr Range from(double low, double high) { return {.low = low, .high = high}; }

launcher::HostSpec& host_named(Experiment& experiment, std::string_view name) {
  auto& hosts = experiment.launcher.hosts;
  const auto found =
      std::find_if(hosts.begin(), hosts.end(), [&](const auto& host) { return host.name == name; });
  WISP_CHECK(found != hosts.end(), "hosts are made before their keys are set");
  return *found;
}

actors::GroupSpec& group_named(Experiment& experiment, std::string_view name) {
  auto& groups = experiment.groups;
  const auto found =
      std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group.name == name; });
  WISP_CHECK(found != groups.end(), "groups are made before their keys are set");
  return *found;
}

actors::ChaosSpec& entry_of(Experiment& experiment, std::string_view number) {
  const auto index = static_cast<std::size_t>(parse_integer(number).value_or(experiment.chaos.size()));
  WISP_CHECK(index < experiment.chaos.size(), "entries are made before their keys are set");
  return experiment.chaos[index];
}

void take_target(Experiment& experiment, std::string_view number, actors::ChaosSpec::Kind kind,
                 const Value& value) {
  actors::ChaosSpec& entry = entry_of(experiment, number);
  entry.kind = kind;
  entry.target = value.text;
}

constexpr Range kMemory{.low = 0x1p26, .high = 0x1p40};
constexpr Range kNice{.low = 0, .high = 19};
constexpr Range kRestarts{.low = 0, .high = 1e6};

actors::ActorSpec& actor_named(Experiment& experiment, std::string_view name) {
  return group_named(experiment, name).actor;
}

runtime::Isolation isolation_of(const Value& value) {
  return value.text == "thread" ? runtime::Isolation::kThread : runtime::Isolation::kProcess;
}

void set_l2(Experiment& e, std::string_view, const Value& v) {
  e.job.problem.l2_inverse_rows = v.is_word;
  e.job.problem.l2 = v.is_word ? 0 : v.number;
}

void set_optimum(Experiment& e, std::string_view, const Value& v) {
  using Optimum = problems::ProblemSpec::Optimum;
  e.job.problem.optimum = v.is_word ? Optimum::kSolve : Optimum::kGiven;
  e.job.problem.optimum_value = v.is_word ? 0 : v.number;
}

void set_step_size(Experiment& e, std::string_view, const Value& v) {
  using Kind = optim::StepSizeSpec::Kind;
  Kind kind = Kind::kNumber;
  if (v.is_word) kind = v.text == "paper" ? Kind::kPaper : Kind::kTheory;
  if (v.is_word && v.text == "inv-sqrt") kind = Kind::kInvSqrt;
  e.job.method.step_size = {.kind = kind, .value = v.number};
}

void set_sparsifier(Experiment& e, std::string_view, const Value& v) {
  e.job.method.sparsifier.kind = v.text;
  e.job.method.sparsifier_given = true;
}

// EvaluateSpec or CheckpointSpec; a word is never.
template <class Spec>
void take_every(Spec& spec, const Value& v) {
  spec.every_rounds = v.unit == "rounds" ? v.integer : 0;
  spec.every_updates = v.unit == "updates" ? v.integer : 0;
  spec.every = v.duration;
}

void set_checkpoint_every(Experiment& e, std::string_view, const Value& v) {
  take_every(e.job.checkpoint, v);
  e.job.checkpoint.paced = false;
}

void set_ports(Experiment& e, std::string_view, const Value& v) {
  e.network.port_first = v.port_first;
  e.network.port_last = v.port_last;
}

#define SET(statement)                                       \
  [](Experiment& e, std::string_view name, const Value& v) { \
    static_cast<void>(name), static_cast<void>(v);           \
    statement;                                               \
  }

// clang-format off
constexpr auto kKeys = std::to_array<Key>({
  {"version", kInteger, "", "", "schema version of this file", SET(static_cast<void>(e)), from(1, 1), true},
  {"name", kName, "", "", "name of the job; default: the file's stem", SET(e.job.name = v.text)},
  {"seed", kInteger, "", "0", "everything random follows from it",
   SET(e.job.seed = v.integer), from(0, 0x1p64)},
  {"dtype", kWord, "float64 | float32", "float64", "arithmetic",
   SET(e.job.dtype = v.text == "float32" ? actors::Dtype::kFloat32 : actors::Dtype::kFloat64)},

  {"problem", kOneOf, "", "", "what is minimised", nullptr, {}, true},
  {"problem.kind", kProblem, "", "", "the loss; wisp list problems",
   SET(e.job.problem.kind = v.text), {}, true},
  {"problem.l2", kNumber, "1/N", "0", "weight of (l2/2) ||x||^2; 1/N: one over the number of rows",
   set_l2, {.low = 0}},
  {"problem.regulariser", kOneOf, "", "", "R, where f(x) + R(x) is minimised, by a method that takes a prox",
   nullptr, {}, false, true},
  {"problem.regulariser.kind", kWord, "none | l1 | elastic-net | box | ball | nonnegative", "",
   "a penalty, or the set that x stays in", SET(e.job.problem.regulariser.kind = v.text), {}, true},
  {"problem.regulariser.weight", kNumber, "", "", "of ||x||_1",
   SET(e.job.problem.regulariser.weight = v.number), kPositive, true, false, false, "l1"},
  {"problem.regulariser.weight", kNumber, "", "", "of ||x||_1",
   SET(e.job.problem.regulariser.weight = v.number), kPositive, true, false, false, "elastic-net"},
  {"problem.regulariser.l2", kNumber, "", "", "of ||x||^2 / 2",
   SET(e.job.problem.regulariser.l2 = v.number), kPositive, true, false, false, "elastic-net"},
  {"problem.regulariser.low", kNumber, "", "", "least value of each coordinate",
   SET(e.job.problem.regulariser.low = v.number), {}, true, false, false, "box"},
  {"problem.regulariser.high", kNumber, "", "", "largest value of each coordinate",
   SET(e.job.problem.regulariser.high = v.number), {}, true, false, false, "box"},
  {"problem.regulariser.radius", kNumber, "", "", "||x|| is at most this",
   SET(e.job.problem.regulariser.radius = v.number), kPositive, true, false, false, "ball"},
  {"problem.data", kSection, "", "", "where the rows come from"},
  {"problem.data.path", kPath, "", "", "file of the rows; .gz is decompressed",
   SET(e.job.problem.data.path = v.text)},
  {"problem.data.format", kWord, "libsvm | idx | synthetic", "libsvm", "how to read or make the rows",
   SET(e.job.problem.data.format = v.text)},
  {"problem.data.labels", kPath, "", "", "format idx: the file of the labels",
   SET(e.job.problem.data.labels = v.text)},
  {"problem.data.dim", kInteger, "", "", "number of features; default: the largest index in the file",
   SET(e.job.problem.data.dim = static_cast<std::uint32_t>(v.integer)), from(1, 4294967295.0)},
  {"problem.data.rows", kInteger, "", "", "take only the first so many rows; default: all",
   SET(e.job.problem.data.rows = v.integer),
   from(1, 0x1p53)},
  {"problem.data.shard", kWord, "contiguous | round-robin | shuffled | by-label | all",
   "contiguous", "which worker gets which rows; all: every worker has all of them",
   SET(e.job.problem.data.shard = v.text)},
  {"problem.test", kSection, "", "", "rows that are held back, to measure the model on", nullptr, {}, false, true},
  {"problem.test.path", kPath, "", "", "their file, of the format of the data",
   SET(e.job.problem.test.path = v.text), {}, true},
  {"problem.test.labels", kPath, "", "", "format idx: the file of their labels",
   SET(e.job.problem.test.labels = v.text)},
  {"problem.optimum", kNumber, "solve", "", "the least value f*, or solve for it first; makes the gap known",
   set_optimum},
  {"problem.init", kWord, "zeros | ones | random", "zeros", "first iterate", SET(e.job.problem.init = v.text)},

  {"method", kOneOf, "", "", "how it is minimised", nullptr, {}, true},
  {"method.kind", kMethod, "", "", "wisp list methods", SET(e.job.method.kind = v.text), {}, true},
  {"method.step_size", kStepSize, "theory | paper", "theory",
   "mean step, E[x+ - x] = -step * grad f(x); inv-sqrt: initial / sqrt(t + 1), t = 0, 1, ... in rounds, or in "
   "each worker's own steps where it does not wait for others; of sgd, isgd and async-sgd",
   set_step_size, kPositive},
  {"method.batch_size", kInteger, "full", "full",
   "rows that a worker draws for each of its gradients, for methods that take batches",
   SET(e.job.method.batch_size = v.is_word ? 0 : static_cast<std::uint32_t>(v.integer)),
   from(1, 4294967295.0)},
  {"method.sparsifier", kOneOf, "", "", "which part of an update is sent; default: the method's own",
   nullptr, {}, false, true},
  {"method.sparsifier.kind", kSparsifier, "", "", "wisp list sparsifiers", set_sparsifier, {}, true},
  {"method.sparsifier.density", kDensity, "", "1/n",
   "share of the blocks or coordinates that is sent; n: the number of workers",
   SET(e.job.method.sparsifier.density = v.number), {.low = 0, .high = 1, .above_low = true}},
  {"method.sparsifier.blocks", kInteger, "", "", "number of blocks, as equal as possible; default: n",
   SET(e.job.method.sparsifier.blocks = static_cast<std::uint32_t>(v.integer)), from(1, 4294967295.0)},
  {"method.error_feedback", kBool, "", "false", "workers keep what their updates leave out, and send it later",
   SET(e.job.method.error_feedback = v.flag)},
  {"method.wire_dtype", kWord, "float64 | float32 | float16 | bfloat16 | q8 | q4 | ternary | sign", "",
   "form of the values that workers send; default: dtype",
   SET(e.job.method.wire.values = v.text)},
  {"method.indices", kWord, "auto | raw | rice | bitmap | seeded", "auto",
   "form of their indices or block numbers; seeded: none travel, the master draws them again",
   SET(e.job.method.wire.indices = v.text)},
  {"method.broadcast", kOneOf, "", "", "how the model gets to the workers; default: as the method's steps are",
   nullptr, {}, false, true},
  {"method.broadcast.kind", kWord, "dense | delta | sparse", "",
   "whole; what has changed, exactly; the share that lags most (wisp's own, no theory); default: the method's own",
   SET(e.job.method.broadcast.kind = v.text)},
  {"method.broadcast.density", kDensity, "", "1/n", "kind sparse: the share of the coordinates that travels",
   SET(e.job.method.broadcast.density = v.number), {.low = 0, .high = 1, .above_low = true}},
  {"method.broadcast.way", kWord, "auto | chain | star", "auto",
   "from host to host by relays; from the master to each worker; auto: the chain for large models and several hosts",
   SET(e.job.method.broadcast.way = v.text)},

  {"method.consistency", kOneOf, "", "", "whether workers wait for each other; default: the method's own",
   nullptr, {}, false, true},
  {"method.consistency.kind", kWord, "sync | async | ssp", "",
   "in rounds; not at all; or only for those that are more than bound own steps behind",
   SET(e.job.method.consistency.kind = v.text), {}, true},
  {"method.consistency.bound", kInteger, "", "8",
   "ssp: own steps that a worker may be ahead of the slowest; late: drop: rounds of updates after which one is late",
   SET(e.job.method.consistency.bound = static_cast<std::uint32_t>(v.integer)), from(1, 4294967295.0)},
  {"method.late", kWord, "apply | damp | drop", "apply",
   "updates whose model others have changed since: as they are; by 1/(1 + staleness); not, if beyond the bound",
   SET(e.job.method.late = v.text)},
  {"method.nonfinite", kWord, "error | reject | zero", "error",
   "updates with values that are not finite: end the run as diverged; are left out, up to 10 of a worker in a row; "
   "lose those values",
   SET(e.job.method.nonfinite = v.text)},

  {"actors", kSection, "", "", "who does the work"},
  {"actors.master", kSection, "", "", "the actor that holds the iterate"},
  {"actors.master.host", kHostName, "", "", "default: the first host by name",
   SET(e.job.master.host = v.text)},
  {"actors.master.isolation", kWord, "process | thread", "", "default: as the workers",
   SET(e.job.master.isolation = isolation_of(v))},
  {"actors.master.resources", kSection, "", "", "what the master takes of its host"},
  {"actors.master.resources.memory", kSize, "", "", "limit of what its process allocates: heap and stacks, not files",
   SET(e.job.master.resources.memory = v.integer), kMemory},
  {"actors.master.resources.nice", kInteger, "", "0", "how much its process gives way to others",
   SET(e.job.master.resources.nice = static_cast<std::int32_t>(v.integer)), kNice},
  {"actors.master.env", kEnvironment, "", "", "environment variables", SET(e.job.master.env = v.map)},
  {"actors.master.restart", kOneOf, "never", "", "how often it is started again when it has ended"},
  {"actors.master.restart.kind", kWord, "never", "", "not at all", SET(e.job.master.restart.max = 0)},
  {"actors.master.restart.max", kInteger, "", "3", "so often within the time; one end more is that of the job",
   SET(e.job.master.restart.max = static_cast<std::uint32_t>(v.integer)), kRestarts},
  {"actors.master.restart.within", kDuration, "", "60s", "the time in which restarts are counted",
   SET(e.job.master.restart.within = v.duration)},
  {"actors.master.restart.backoff", kDuration, "", "500ms",
   "wait before the second of them; twice as long before each later one",
   SET(e.job.master.restart.backoff = v.duration)},
  {"actors.worker", kSection, "", "", "the actors that hold the rows"},
  {"actors.worker.replicas", kInteger, "", "1", "how many",
   SET(e.job.worker.replicas = static_cast<std::uint32_t>(v.integer)),
   from(1, 65535)},
  {"actors.worker.isolation", kWord, "process | thread", "process", "each a process, or threads of one",
   SET(e.job.worker.isolation = isolation_of(v))},
  {"actors.worker.placement", kOneOf, "", "", "which worker goes to which host"},
  {"actors.worker.placement.kind", kWord, "spread | pack | label", "spread",
   "evenly; a host full before the next; evenly over hosts that match",
   SET(e.job.worker.placement.kind = v.text)},
  {"actors.worker.placement.hosts", kHostNames, "", "", "default: all",
   SET(e.job.worker.placement.hosts = v.texts)},
  {"actors.worker.placement.match", kLabels, "", "", "kind label: hosts that bear all of these labels",
   SET(e.job.worker.placement.match = v.map)},
  {"actors.worker.placement.oversubscribe", kBool, "", "false", "take more actors on a host than it has slots",
   SET(e.job.worker.placement.oversubscribe = v.flag)},
  {"actors.worker.resources", kSection, "", "", "what each takes of its host"},
  {"actors.worker.resources.cpus", kInteger, "", "1", "slots of its host",
   SET(e.job.worker.resources.cpus = static_cast<std::uint32_t>(v.integer)), from(1, 65535)},
  {"actors.worker.resources.memory", kSize, "", "", "limit of what its process allocates: heap and stacks, not files",
   SET(e.job.worker.resources.memory = v.integer), kMemory},
  {"actors.worker.resources.nice", kInteger, "", "0", "how much its process gives way to others",
   SET(e.job.worker.resources.nice = static_cast<std::int32_t>(v.integer)), kNice},
  {"actors.worker.env", kEnvironment, "", "", "environment variables", SET(e.job.worker.env = v.map)},
  {"actors.worker.restart", kOneOf, "never", "", "how often each is started again when it has ended"},
  {"actors.worker.restart.kind", kWord, "never", "", "not at all", SET(e.job.worker.restart.max = 0)},
  {"actors.worker.restart.max", kInteger, "", "3", "so often within the time; one end more is that of the job",
   SET(e.job.worker.restart.max = static_cast<std::uint32_t>(v.integer)), kRestarts},
  {"actors.worker.restart.within", kDuration, "", "60s", "the time in which restarts are counted",
   SET(e.job.worker.restart.within = v.duration)},
  {"actors.worker.restart.backoff", kDuration, "", "500ms",
   "wait before the second of them; twice as long before each later one",
   SET(e.job.worker.restart.backoff = v.duration)},
  {"actors.*", kSection, "", "", "actors of a class of one's own, in a job without problem and method"},
  {"actors.*.class", kClass, "", "", "wisp list actors", SET(group_named(e, name).class_name = v.text), {}, true},
  {"actors.*.args", kSection, "", "", "what its constructor takes, by name"},
  {"actors.*.main", kBool, "", "false", "the job ends when its run() returns; exactly one is",
   SET(group_named(e, name).main = v.flag)},
  {"actors.*.host", kHostName, "", "", "default: as placed", SET(actor_named(e, name).host = v.text)},
  {"actors.*.replicas", kInteger, "", "1", "how many; then they are called <name>-0, <name>-1, ...",
   SET(actor_named(e, name).replicas = static_cast<std::uint32_t>(v.integer)), from(1, 65535)},
  {"actors.*.isolation", kWord, "process | thread", "process", "each a process, or threads of one",
   SET(actor_named(e, name).isolation = isolation_of(v))},
  {"actors.*.placement", kOneOf, "", "", "which replica goes to which host"},
  {"actors.*.placement.kind", kWord, "spread | pack | label", "spread",
   "evenly; a host full before the next; evenly over hosts that match",
   SET(actor_named(e, name).placement.kind = v.text)},
  {"actors.*.placement.hosts", kHostNames, "", "", "default: all",
   SET(actor_named(e, name).placement.hosts = v.texts)},
  {"actors.*.placement.match", kLabels, "", "", "kind label: hosts that bear all of these labels",
   SET(actor_named(e, name).placement.match = v.map)},
  {"actors.*.placement.oversubscribe", kBool, "", "false", "take more actors on a host than it has slots",
   SET(actor_named(e, name).placement.oversubscribe = v.flag)},
  {"actors.*.resources", kSection, "", "", "what each takes of its host"},
  {"actors.*.resources.cpus", kInteger, "", "1", "slots of its host",
   SET(actor_named(e, name).resources.cpus = static_cast<std::uint32_t>(v.integer)), from(1, 65535)},
  {"actors.*.resources.memory", kSize, "", "", "limit of what its process allocates: heap and stacks, not files",
   SET(actor_named(e, name).resources.memory = v.integer), kMemory},
  {"actors.*.resources.nice", kInteger, "", "0", "how much its process gives way to others",
   SET(actor_named(e, name).resources.nice = static_cast<std::int32_t>(v.integer)), kNice},
  {"actors.*.env", kEnvironment, "", "", "environment variables", SET(actor_named(e, name).env = v.map)},

  {"stop", kSection, "", "", "when it ends: whichever comes first"},
  {"stop.gap", kNumber, "", "", "f(x) - f* at most this", SET(e.job.stop.gap = v.number), kPositive},
  {"stop.rounds", kInteger, "", "", "after so many rounds",
   SET(e.job.stop.rounds = v.integer), from(1, 0x1p53)},
  {"stop.time", kDuration, "", "", "after so long", SET(e.job.stop.time = v.duration)},
  {"stop.diverged", kNumber, "", "1e3", "loss above so many times the first",
   SET(e.job.stop.diverged = v.number),
   {.low = 1, .above_low = true}},
  {"stop.updates", kInteger, "", "", "after so many updates of all workers together; n of them are a round",
   SET(e.job.stop.updates = v.integer), from(1, 0x1p53)},
  {"stop.epochs", kNumber, "", "", "after so many passes over the rows, at the next evaluation",
   SET(e.job.stop.epochs = v.number), kPositive},
  {"stop.bytes", kSize, "", "", "after so much payload, up and down together",
   SET(e.job.stop.bytes = v.integer), from(1, 0x1p60)},
  {"evaluate", kSection, "", "", "when the loss is taken"},
  {"evaluate.every", kEvery, "", "10 rounds", "not counted in the step time",
   SET(take_every(e.job.evaluate, v)), kFromOne},
  {"checkpoint", kOneOf, "never", "", "when the state of the whole run is written to the job's folder"},
  {"checkpoint.kind", kWord, "never", "", "not at all", SET(take_every(e.job.checkpoint, v))},
  {"checkpoint.every", kEvery, "never", "",
   "n updates are a round; default: 10s, or as much longer as keeps what they take below 3 % of the time",
   set_checkpoint_every, kFromOne},
  {"checkpoint.keep", kInteger, "", "3", "so many of them, the last ones",
   SET(e.job.checkpoint.keep = static_cast<std::uint32_t>(v.integer)), from(1, 1000)},
  {"checkpoint.copies", kInteger, "", "1", "2: each is also copied to another host, before it counts",
   SET(e.job.checkpoint.copies = static_cast<std::uint32_t>(v.integer)), from(1, 2)},
  {"checkpoint.resume", kPath, "never | auto", "never",
   "begin with the last one of the job folder at this path; auto: of the last job of this name that has one",
   SET(e.job.checkpoint.resume = v.text)},
  {"failure", kSection, "", "", "what becomes of the job when something fails"},
  {"failure.on_host_lost", kWord, "reschedule | wait | fail", "reschedule",
   "its actors go to the hosts that are left; wait until it is back; end the job",
   SET(e.job.failure.on_host_lost = v.text)},
  {"record", kPath, "", "", "file that gets the order of an asynchronous run's updates",
   SET(e.job.record = v.text)},
  {"replay", kPath, "", "", "such a file, whose order this run takes", SET(e.job.replay = v.text)},
  {"simulation", kSection, "", "", "times of an asynchronous job in wisp simulate; default: none of its own",
   nullptr, {}, false, true},
  {"simulation.compute", kOneOf, "", "", "how long a step takes", nullptr, {}, false, true},
  {"simulation.compute.kind", kWord, "constant | uniform | exponential | lognormal", "",
   "always the mean; up to twice the mean; ...", SET(e.job.simulation.compute.kind = v.text), {}, true},
  {"simulation.compute.mean", kDuration, "", "", "default: 10ms",
   SET(e.job.simulation.compute.mean = v.duration)},
  {"simulation.compute.median", kDuration, "", "", "lognormal: instead of a mean; default: 10ms",
   SET(e.job.simulation.compute.mean = v.duration)},
  {"simulation.compute.sigma", kNumber, "", "0.5", "lognormal: standard deviation of the logarithm",
   SET(e.job.simulation.compute.sigma = v.number), from(0, 10)},
  {"simulation.spread", kNumber, "", "1", "mean compute time of the slowest worker over that of the fastest",
   SET(e.job.simulation.given = true; e.job.simulation.spread = v.number), from(1, 1e6)},
  {"simulation.latency", kOneOf, "", "", "of a message, either way", nullptr, {}, false, true},
  {"simulation.latency.kind", kWord, "constant | uniform | exponential | lognormal", "",
   "always the mean; up to twice the mean; ...", SET(e.job.simulation.latency.kind = v.text), {}, true},
  {"simulation.latency.mean", kDuration, "", "", "default: 10ms",
   SET(e.job.simulation.latency.mean = v.duration)},
  {"simulation.latency.median", kDuration, "", "", "lognormal: instead of a mean; default: 10ms",
   SET(e.job.simulation.latency.mean = v.duration)},
  {"simulation.latency.sigma", kNumber, "", "0.5", "lognormal: standard deviation of the logarithm",
   SET(e.job.simulation.latency.sigma = v.number), from(0, 10)},
  {"simulation.bandwidth", kBitRate, "", "", "of each worker's own link, either way; default: no limit",
   SET(e.job.simulation.bandwidth = v.integer), from(1, 1e15)},
  {"simulation.staleness", kOneOf, "", "",
   "instead of times: the model that a worker gets is that of so many updates ago", nullptr, {}, false, true},
  {"simulation.staleness.kind", kWord, "geometric | uniform", "", "0, 1, 2, ...; or up to twice the mean",
   SET(e.job.simulation.staleness = v.text), {}, true},
  {"simulation.staleness.mean", kNumber, "", "", "in updates", SET(e.job.simulation.staleness_mean = v.number),
   from(0, 1e6), true},

  {"chaos", kEntries, "", "", "what is done to the run on purpose: docs/chaos.md"},
  {"chaos.*", kSection, "", "", "what, to whom and when; a target is an actor, a pattern of them, or host:<name>"},
  {"chaos.*.at", kDuration, "", "", "so long after the run's begin, to all of its targets",
   SET(entry_of(e, name).at = v.duration)},
  {"chaos.*.every", kDuration, "", "", "again and again, each time to one of its targets, drawn from the seed",
   SET(entry_of(e, name).at = entry_of(e, name).every = v.duration)},
  {"chaos.*.until", kDuration, "", "", "with every: not later; default: until the run ends",
   SET(entry_of(e, name).until = v.duration)},
  {"chaos.*.kill", kText, "", "", "target whose processes are killed",
   SET(take_target(e, name, actors::ChaosSpec::Kind::kKill, v))},
  {"chaos.*.stop", kText, "", "", "target whose processes stand still",
   SET(take_target(e, name, actors::ChaosSpec::Kind::kStop, v))},
  {"chaos.*.slow", kText, "", "", "target whose processes have 1/factor of their processors",
   SET(take_target(e, name, actors::ChaosSpec::Kind::kSlow, v))},
  {"chaos.*.delay", kText, "", "", "target whose frames, from it and to it, are late",
   SET(take_target(e, name, actors::ChaosSpec::Kind::kDelay, v))},
  {"chaos.*.drop", kText, "", "", "target whose frames, from it and to it, are lost by chance",
   SET(take_target(e, name, actors::ChaosSpec::Kind::kDrop, v))},
  {"chaos.*.partition", kText, "", "", "target that is cut from all others",
   SET(take_target(e, name, actors::ChaosSpec::Kind::kPartition, v))},
  {"chaos.*.for", kDuration, "", "", "how long it lasts; of all but kill", SET(entry_of(e, name).lasts = v.duration)},
  {"chaos.*.factor", kNumber, "", "", "slow: how many times as long everything takes",
   SET(entry_of(e, name).factor = v.number), {.low = 1, .high = 1000, .above_low = true}},
  {"chaos.*.by", kDuration, "", "", "delay: how late each frame is", SET(entry_of(e, name).by = v.duration)},
  {"chaos.*.rate", kNumber, "", "", "drop: which share of the frames is lost",
   SET(entry_of(e, name).rate = v.number), {.low = 0, .high = 1, .above_low = true}},

  {"hosts", kHosts, "", "", "names as ssh knows them; \"node[01-16]\" expands"},
  {"hosts.*", kSection, "", "", "one host, or all that the pattern stands for"},
  {"hosts.*.slots", kInteger, "", "", "actors it takes; default: its cores",
   SET(host_named(e, name).slots = static_cast<std::uint32_t>(v.integer)), from(1, 65535)},
  {"hosts.*.address", kAddress, "", "", "what other hosts connect to; default: what ssh reached it by, or its name's",
   SET(host_named(e, name).address = v.text)},
  {"hosts.*.labels", kLabels, "", "", "what placement.match asks for, such as { disk: ssd }",
   SET(host_named(e, name).labels = v.map)},
  {"hosts.*.ssh", kSection, "", "", "where ~/.ssh/config does not say it"},
  {"hosts.*.ssh.hostname", kSshTarget, "", "", "default: the host's name",
   SET(host_named(e, name).ssh.hostname = v.text)},
  {"hosts.*.ssh.port", kInteger, "", "", "default: as ssh has it",
   SET(host_named(e, name).ssh.port = static_cast<std::uint16_t>(v.integer)), from(1, 65535)},
  {"hosts.*.ssh.user", kHostName, "", "", "default: as ssh has it",
   SET(host_named(e, name).ssh.user = v.text)},
  {"hosts.*.ssh.proxy_jump", kJump, "", "", "[user@]host[:port] to go through",
   SET(host_named(e, name).ssh.proxy_jump = v.text)},

  {"launcher", kOneOf, "", "", "how processes are started"},
  {"launcher.kind", kWord, "local | ssh | slurm | command", "", "default: ssh if there are hosts, else local",
   SET(e.launcher.kind = v.text)},
  {"launcher.template", kTexts, "", "", "the program, and what it takes, that leads to a shell on {host}",
   SET(e.launcher.command = v.texts), {}, true, false, false, "command"},
  {"slurm", kSection, "", "", "what is asked for when a job is submitted, outside of an allocation"},
  {"slurm.partition", kText, "", "", "default: as Slurm has it", SET(e.launcher.slurm.partition = v.text)},
  {"slurm.account", kText, "", "", "default: as Slurm has it", SET(e.launcher.slurm.account = v.text)},
  {"slurm.time", kDuration, "", "", "limit; default: as Slurm has it", SET(e.launcher.slurm.time = v.duration)},
  {"slurm.nodes", kInteger, "", "", "how many; default: as many as hosts, else as Slurm has it",
   SET(e.launcher.slurm.nodes = static_cast<std::uint32_t>(v.integer)), from(1, 4096)},
  {"slurm.template", kPath, "", "", "a script for sbatch of one's own; {run} stands for the command in it",
   SET(e.launcher.slurm.script = v.text)},
  {"ssh", kSection, "", "", "how ssh is called"},
  {"ssh.program", kTexts, "", "ssh", "the program and its first arguments",
   SET(e.launcher.ssh.program = v.texts)},
  {"ssh.config_file", kPath, "", "", "default: as ssh has it", SET(e.launcher.ssh.config_file = v.text)},
  {"ssh.connect_timeout", kDuration, "", "10s", "for one connection",
   SET(e.launcher.ssh.connect_timeout = v.duration)},
  {"ssh.max_parallel", kInteger, "", "32", "connections being made at once",
   SET(e.launcher.ssh.max_parallel = static_cast<std::uint32_t>(v.integer)), from(1, 1024)},
  {"ssh.options", kOptions, "", "", "words of ssh_config(5)", SET(e.launcher.ssh.options = v.map)},
  {"deploy", kOneOf, "", "", "what is put on the hosts"},
  {"deploy.kind", kWord, "auto | rsync | tar | shared-fs | none", "auto",
   "how files travel; auto: rsync if both ends have it, else tar",
   SET(e.launcher.deploy.kind = v.text)},
  {"deploy.binary", kRemotePath, "self", "self", "the wisp that hosts get; kind none: the one that is there",
   SET(e.launcher.deploy.binary = v.text)},
  {"deploy.files", kPath, "", "", "files and folders for the working folder of the actors",
   SET(e.launcher.deploy.files = v.texts), {}, false, false, true},
  {"deploy.workdir", kRemotePath, "", "~/.local/state/wisp", "folder of the hosts for it; ~ is the login's home",
   SET(e.launcher.deploy.workdir = v.text)},
  {"deploy.cleanup", kWord, "on-success | always | never", "on-success",
   "when the working folder of the actors is removed from a host",
   SET(e.launcher.deploy.cleanup = v.text)},

  {"network", kSection, "", "", "between the processes of the job"},
  {"network.transport", kWord, "auto | ipc | tcp", "auto", "auto: ipc if all are on this host",
   SET(e.network.transport = v.text)},
  {"network.security", kWord, "curve | plaintext", "curve", "off this host",
   SET(e.network.security = v.text)},
  {"network.subnet", kSubnet, "", "", "which of a host's addresses its nodes use; default: what ssh reached it by",
   SET(e.network.subnet = v.text)},
  {"network.interface", kHostName, "", "", "the same by the name of an interface",
   SET(e.network.interface = v.text)},
  {"network.tunnel", kBool, "", "false", "between hosts all goes through ssh: no other port need be open",
   SET(e.network.tunnel = v.flag)},
  {"network.ports", kPorts, "", "20000-32767", "where endpoints are bound", set_ports, from(1024, 32767)},
  {"network.max_message", kSize, "", "1GiB", "bytes of one message; a longer one ends the job",
   SET(e.network.message_max = v.integer), from(0x1p20, 0x1p40)},
  {"timeouts", kSection, "", "", "how long is waited"},
  {"timeouts.start", kDuration, "", "60s", "until every process has joined",
   SET(e.launcher.timeouts.start = v.duration)},
  {"timeouts.shutdown_grace", kDuration, "", "10s", "between TERM and KILL",
   SET(e.launcher.timeouts.shutdown_grace = v.duration)},
  {"logs", kSection, "", "", "what the actors' log files hold"},
  {"logs.level", kWord, "debug | info | warn | error", "info", "and above",
   SET(e.launcher.logs.level = v.text)},
  {"logs.format", kWord, "text | json", "text", "of a stored line", SET(e.launcher.logs.format = v.text)},
  {"logs.rotate", kSection, "", "", "how large the log of an actor's attempt may become"},
  {"logs.rotate.max_size", kSize, "", "64MiB", "a full file is put aside and the next one begun",
   SET(e.launcher.logs.rotate_size = v.integer), from(0x1p16, 0x1p40)},
  {"logs.rotate.max_files", kInteger, "", "5", "of these the newest stay",
   SET(e.launcher.logs.rotate_files = static_cast<std::uint32_t>(v.integer)), from(2, 1000)},

  {"metrics", kSection, "", "", "who may look on"},
  {"metrics.tap", kText, "", "",
   "a loopback address of the master's host, as 127.0.0.1:9465: a PULL there gets a copy of each update",
   SET(e.job.metrics.tap = v.text)},
  {"plugins", kPath, "", "", "shared libraries with more methods, problems, sparsifiers, actors and keys",
   SET(e.plugins = v.texts), {}, false, false, true},
  {"include", kFree, "", "", "files that this one lies over"},
  {"sweep", kFree, "", "", "such as seed: [ 1, 2, 3 ]: a job for each combination, one after another"},
  {"vars", kFree, "", "", "values of ${NAME} that neither --var nor the environment has"},
});
// clang-format on
#undef SET

struct Synonym {
  std::string_view word;
  std::string_view path;
};

// What the neighbouring systems call it. Of several the one of the section it stands in is meant, else the
// first.
constexpr auto kSynonyms = std::to_array<Synonym>({
    {"lr", "method.step_size"},
    {"learning_rate", "method.step_size"},
    {"stepsize", "method.step_size"},
    {"step", "method.step_size"},
    {"eta", "method.step_size"},
    {"gamma", "method.step_size"},
    {"batch", "method.batch_size"},
    {"memory", "method.error_feedback"},
    {"optimizer", "method"},
    {"optimiser", "method"},
    {"algorithm", "method"},
    {"topk", "method.sparsifier"},
    {"compressor", "method.sparsifier"},
    {"compression", "method.sparsifier"},
    {"loss", "problem"},
    {"objective", "problem"},
    {"dataset", "problem.data"},
    {"weight_decay", "problem.l2"},
    {"regularizer", "problem.regulariser"},
    {"penalty", "problem.regulariser"},
    {"num_features", "problem.data.dim"},
    {"num_workers", "actors.worker.replicas"},
    {"workers", "actors.worker.replicas"},
    {"nproc", "actors.worker.replicas"},
    {"world_size", "actors.worker.replicas"},
    {"tolerance", "stop.gap"},
    {"tol", "stop.gap"},
    {"max_rounds", "stop.rounds"},
    {"max_iter", "stop.rounds"},
    {"iterations", "stop.rounds"},
    {"precision", "dtype"},
    {"nodes", "hosts"},
    {"save_every", "checkpoint.every"},
    {"checkpoint_interval", "checkpoint.every"},
    {"save_steps", "checkpoint.every"},
    {"save_total_limit", "checkpoint.keep"},
    {"max_to_keep", "checkpoint.keep"},
    {"resume_from", "checkpoint.resume"},
    {"restart", "actors.worker.restart"},
    {"restart_policy", "actors.worker.restart"},
    {"max_restarts", "actors.worker.restart"},
    {"max_restarts", "actors.worker.restart.max"},
    {"retries", "actors.worker.restart"},
    {"retries", "actors.worker.restart.max"},
});

// The section of a worker that is like this one of another actor.
std::string as_of_worker(std::string_view section) {
  for (const std::string_view actor : {"actors.master", "actors.*"}) {
    if (section.starts_with(actor)) return "actors.worker" + std::string(section.substr(actor.size()));
  }
  return std::string(section);
}

// As it would be written from within `section`.
std::string seen_from(std::string_view section, std::string_view path) {
  return std::string(parent_of(path) == section ? last_of(path) : path);
}

std::string exact(double number) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.15g", number);
  return buffer;
}

std::string describe_sizes(const Range& range) {
  if (range.low <= 0) return "";
  const auto size = [](double bytes) { return format_size(static_cast<std::uint64_t>(bytes)); };
  return ", from " + size(range.low) + " to " + size(range.high);
}

std::string describe_range(const Range& range) {
  const bool low = range.low > -0x1p53;  // the rest is no limit that anyone meets
  const bool high = range.high < 0x1p53;
  if (low && range.above_low)
    return " above " + exact(range.low) + (high ? " and at most " + exact(range.high) : "");
  if (low && high) return " from " + exact(range.low) + " to " + exact(range.high);
  return low ? " of at least " + exact(range.low) : "";
}

}  // namespace

std::string_view parent_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? "" : path.substr(0, dot);
}

std::string_view last_of(std::string_view path) { return path.substr(path.rfind('.') + 1); }

bool is_section(const Key& key) {
  return key.type == kSection || key.type == kOneOf || key.type == kHosts || key.type == kEntries;
}

bool is_of_optimization(std::string_view path) {
  for (const std::string_view section :
       {"dtype", "problem", "method", "stop", "evaluate", "checkpoint", "record", "replay", "simulation",
        "actors.master", "actors.worker"}) {
    if (path == section || (path.starts_with(section) && path[section.size()] == '.')) return true;
  }
  return false;
}

std::span<const Key> keys() { return kKeys; }

const Key* find_key(std::string_view path) {
  const auto found =
      std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& key) { return key.path == path; });
  return found == kKeys.end() ? nullptr : &*found;
}

std::vector<std::string> words_of(const Key& key, const Vocabulary& vocabulary) {
  if (key.type == kMethod) return vocabulary.methods;
  if (key.type == kProblem) return vocabulary.problems;
  if (key.type == kSparsifier) return vocabulary.sparsifiers;
  if (key.type == kClass) {
    std::vector<std::string> names;
    for (const ActorClass& each : vocabulary.classes) names.push_back(each.name);
    return names;
  }
  if (key.type == kBool) return {"true", "false"};
  if (key.words.empty()) return {};
  std::vector<std::string> words;
  for (const std::string& word : split(key.words, '|')) {
    const std::size_t first = word.find_first_not_of(' ');
    words.push_back(word.substr(first, word.find_last_not_of(' ') - first + 1));
  }
  return words;
}

std::string describe(const Key& key) {
  if (key.is_list) {
    Key each = key;
    each.is_list = false;
    return "a list, each item " + describe(each);
  }
  switch (key.type) {
    case kSection:
      return "a map of keys";
    case kOneOf:
      return key.words.empty() ? "a word, or a map with a kind"
                               : std::string(key.words) + ", or a map of keys";
    case kHosts:
      return "a map from host names, or a list of them";
    case kEntries:
      return "a list of maps of keys";
    case kFree:
      if (key.path == "sweep") return "a map from keys to lists of values";
      return key.path == "vars" ? "a map from names to values" : "a list of files";
    case kWord:
      return "one of " + std::string(key.words);
    case kMethod:
      return "the name of a method";
    case kProblem:
      return "the name of a problem";
    case kSparsifier:
      return "the name of a sparsifier";
    case kClass:
      return "the name of a class of actors";
    case kName:
      return "a name of letters, digits, - and _, at most 64";
    case kText:
      return "text";
    case kPath:
      return key.words.empty() ? "the path of a file" : join(words_of(key, {}), ", ") + " or a path";
    case kRemotePath:
      return (key.words.empty() ? "" : std::string(key.words) + ", ") + "an absolute path, or one below ~/";
    case kHostName:
      return "a name of letters, digits, '.', '-' and '_'";
    case kAddress:
      return "an IPv4 or IPv6 address";
    case kSubnet:
      return "a network such as 192.0.2.0/24";
    case kSshTarget:
      return "a host name or an IPv6 address";
    case kJump:
      return "[user@]host[:port], or several with commas";
    case kBool:
      return "true or false";
    case kInteger:
      if (key.range.low == key.range.high) return exact(key.range.low);
      return (key.words.empty() ? "" : join(words_of(key, {}), ", ") + " or ") + "a whole number" +
             describe_range(key.range);
    case kNumber: {
      const std::string number = "a number" + describe_range(key.range);
      return key.words.empty() ? number : join(words_of(key, {}), ", ") + " or " + number;
    }
    case kStepSize:
      return join(words_of(key, {}), ", ") + ", a number" + describe_range(key.range) +
             ", or { schedule: inv-sqrt, initial: a number }";
    case kDuration:
      return "a time such as 500ms, 10s, 5m or 2h";
    case kSize:
      return "a size such as 64MiB or 1GB" + describe_sizes(key.range);
    case kDensity:
      return "1/n, a share above 0 and at most 1, or a percentage";
    case kEvery:
      return (key.words.empty() ? "" : std::string(key.words) + " or ") +
             "a number of rounds, updates or seconds such as '10 rounds' or 10s";
    case kBitRate:
      return "bits per second such as 100Mbit or 1Gbit";
    case kPorts:
      return "a range of ports from 1024 to 32767 (those above are for outgoing connections) such as "
             "20000-20063";
    case kTexts:
      return "a list of texts";
    case kHostNames:
      return "a list of host names";
    case kEnvironment:
      return "a map from names of variables to texts";
    case kOptions:
      return "a map from words of ssh_config(5) to texts";
    case kLabels:
      return "a map from labels to texts";
  }
  return "";
}

namespace {

KeyType type_of(const Setting& setting) {
  switch (setting.type) {
    case Setting::Type::kBool:
      return kBool;
    case Setting::Type::kInteger:
      return kInteger;
    case Setting::Type::kNumber:
      return kNumber;
    case Setting::Type::kText:
      break;
  }
  return setting.words.empty() ? kText : kWord;
}

}  // namespace

KeyTable::KeyTable(const Vocabulary& vocabulary) : keys_(kKeys.begin(), kKeys.end()) {
  for (const KindKeys& kind : vocabulary.keys) {
    for (const Setting& setting : kind.settings) {
      Key key;
      key.path = texts_.emplace_back(kind.section + "." + setting.name);
      key.type = type_of(setting);
      key.words = setting.words;
      if (setting.fallback && !setting.is_list) key.fallback = setting.fallback->front();
      key.doc = setting.doc;
      key.range = {.low = setting.low, .high = setting.high, .above_low = setting.above_low};
      key.required = !setting.fallback;
      key.is_list = setting.is_list;
      key.owner = kind.kind;
      key.setting = &setting;
      const auto last = std::find_if(keys_.rbegin(), keys_.rend(), [&](const Key& each) {
        return each.path == kind.section || each.path.starts_with(kind.section + ".");
      });
      keys_.insert(last.base(), key);  // a section's keys stand together
    }
  }
}

const Key* KeyTable::find(std::string_view path, std::string_view kind) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) {
    return key.path == path && (key.owner.empty() || key.owner == kind);
  });
  return found == keys_.end() ? nullptr : &*found;
}

std::vector<std::string> KeyTable::owners(std::string_view path) const {
  std::vector<std::string> owners;
  for (const Key& key : keys_) {
    if (key.path == path && !key.owner.empty()) owners.emplace_back(key.owner);
  }
  return owners;
}

std::optional<std::string> KeyTable::suggest(std::string_view section, std::string_view word,
                                             std::string_view kind) const {
  std::string lower(word);
  for (char& c : lower) {
    if (c == '-') c = '_';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  std::vector<std::string> siblings;
  for (const Key& key : keys_) {
    const bool of_kind = key.owner.empty() || key.owner == kind;
    if (parent_of(key.path) == section && last_of(key.path) != "*" && of_kind) {
      siblings.emplace_back(last_of(key.path));
    }
  }
  if (std::find(siblings.begin(), siblings.end(), lower) != siblings.end()) return lower;
  const auto sibling = nearest(lower, siblings);
  if (sibling && lower.size() > 4 && edit_distance(lower, *sibling) == 1) return sibling;
  const std::string like = as_of_worker(section);
  for (const Synonym& synonym : kSynonyms) {
    const std::string last(last_of(synonym.path));
    const bool is_here = parent_of(synonym.path) == like &&
                         std::find(siblings.begin(), siblings.end(), last) != siblings.end();
    if (synonym.word == lower && is_here) return last;
  }
  for (const Synonym& synonym : kSynonyms) {
    if (synonym.word == lower) return seen_from(section, synonym.path);
  }
  if (sibling) return sibling;
  if (lower == "kind") return std::nullopt;  // every other section has one
  for (const Key& key : kKeys) {
    if (last_of(key.path) == lower && key.path.find('*') == std::string_view::npos && key.path != section) {
      return seen_from(section, key.path);
    }
  }
  return std::nullopt;
}

}  // namespace wisp::config
