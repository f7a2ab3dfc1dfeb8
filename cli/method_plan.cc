#include "cli/method_plan.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/experiment.h"
#include "problems/catalog.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;

// As the master finds it out: the worst L and the worst mu of the workers' own functions.
template <class T>
problems::Smoothness smoothness_of(const actors::Catalogs& catalogs, const actors::JobSpec& job,
                                   const problems::Source& source) {
  problems::Smoothness worst;
  for (std::uint32_t i = 0; i < job.worker.replicas; ++i) {
    const auto objective =
        catalogs.problems.make_objective<T>(job.problem, source, i, job.worker.replicas, job.seed);
    const problems::Smoothness mine = objective->smoothness();
    if (i == 0) worst = mine;
    worst.join(mine);
  }
  return worst;
}

// Of `chosen` numbers below `blocks`, in the form that the job asks for; where that depends on which they
// are, by the entropy of numbers without order, which the codecs come within a few percent of.
double number_bytes(const sparse::Kind& kind, sparse::IndexChoice choice, const sparse::Density& density) {
  using enum sparse::IndexChoice;
  const double m = density.blocks;
  const double k = density.chosen;
  if (kind.choice == sparse::Choice::kEverything || kind.choice == sparse::Choice::kWhole) return 0;
  if (choice == kSeeded) return 0;
  if (choice == kAuto && kind.like_random_blocks) return 0;
  if (choice == kRaw) return k * sizeof(std::uint32_t);
  if (choice == kBitmap) return std::ceil(m / 8);
  const double bits = (std::lgamma(m + 1) - std::lgamma(k + 1) - std::lgamma(m - k + 1)) / std::log(2.0);
  return std::ceil(bits / 8);
}

// A change of `changed` of all coordinates, without order; whole, if that is smaller.
double change_bytes(std::uint32_t dim, double changed, double scalar) {
  const double d = dim;
  const double bits =
      (std::lgamma(d + 1) - std::lgamma(changed + 1) - std::lgamma(d - changed + 1)) / std::log(2.0);
  return std::min(d * scalar, changed * scalar + std::ceil(bits / 8));
}

// What one worker is sent. n choices of a share of the coordinates, each independent of the others, move 1 -
// (1 - share)^n of them, in the mean; most kinds of sparsifiers come to less than that. Those are the choices
// of n workers or, for broadcast sparse without rounds, of the n updates between two models of one worker.
double down_bytes(const actors::JobSpec& job, const MethodPlan& plan, bool sparse_steps, double scalar) {
  const std::uint32_t dim = plan.dim;
  const std::uint32_t workers = job.worker.replicas;
  const auto moved = [&](double share) { return dim * (1 - std::pow(1 - share, workers)); };
  if (plan.broadcast.kind == "sparse") {
    const std::uint32_t chosen = plan.broadcast.chosen(dim, workers);
    return change_bytes(dim, plan.in_rounds ? chosen : moved(static_cast<double>(chosen) / dim), scalar);
  }
  if (plan.broadcast.kind == "dense" || !sparse_steps) return dim * scalar;
  return change_bytes(dim, moved(plan.numbers.density.tau()), scalar);
}

// All models, whatever their size.
bool goes_by_chain(const MethodPlan& plan) {
  return plan.broadcast.way == "chain" || plan.broadcast.kind == "dense";
}

std::string broadcast_line(const actors::JobSpec& job, const MethodPlan& plan) {
  const std::string& kind = plan.broadcast.kind;
  if (kind == "dense") return "dense: whole models";
  if (kind == "delta") return "delta: what has changed, exactly; whole models where they are smaller";
  return fmt::format(
      "sparse: the {} of {} coordinates that lag most{}; wisp's own extension, in neither paper "
      "and without a theory",
      plan.broadcast.chosen(plan.dim, job.worker.replicas), plan.dim,
      plan.in_rounds ? "" : " after each update, and to a worker all of them since its last model");
}

void count_bytes(const actors::JobSpec& job, const sparse::Kind& kind, bool sparse_steps, MethodPlan& plan) {
  const auto native =
      job.dtype == actors::Dtype::kFloat64 ? sparse::ValueCodec::kFloat64 : sparse::ValueCodec::kFloat32;
  const auto vector = static_cast<double>(sparse::encoded_size(native, plan.dim));
  const double workers = job.worker.replicas;
  const sparse::Density& density = plan.numbers.density;
  const auto values = static_cast<std::size_t>(std::lround(plan.dim * density.tau()));
  const auto codec = job.method.wire.codec().value_or(native);
  const double numbers = number_bytes(kind, job.method.wire.index_choice(), density);
  plan.uplink_bytes = workers * (static_cast<double>(sparse::encoded_size(codec, values)) + numbers);
  plan.dense_uplink_bytes = workers * vector;
  plan.downlink_bytes =
      workers * down_bytes(job, plan, sparse_steps, static_cast<double>(sparse::encoded_size(native, 1)));
  plan.dense_downlink_bytes = workers * vector;
}

const char* kind_of(optim::StepSizeSpec::Kind kind) {
  if (kind == optim::StepSizeSpec::Kind::kTheory) return "theory";
  if (kind == optim::StepSizeSpec::Kind::kInvSqrt) return "inv-sqrt";
  return kind == optim::StepSizeSpec::Kind::kPaper ? "paper" : "number";
}

std::string data_line(const actors::JobSpec& job, const MethodPlan& plan) {
  const problems::DataInfo& data = plan.data;
  const std::string from = job.problem.data.path.empty() ? job.problem.data.format : job.problem.data.path;
  if (data.rows == 0) return fmt::format("{}, d {}", from, data.dim);
  const double cells = static_cast<double>(data.rows) * data.dim;
  const std::string& shard = job.problem.data.shard;
  return fmt::format("{}: N {} rows, d {}, nnz {} ({:.3g} %), {}", from, data.rows, data.dim, data.nnz,
                     100 * static_cast<double>(data.nnz) / cells,
                     shard == "all" ? "all at every worker" : shard + " shards");
}

std::string steps_line(const actors::JobSpec& job, const optim::MethodNumbers& numbers) {
  std::string text;
  const std::string falls = numbers.decay > 0 ? fmt::format(" / (1 + {:.3g} t)", numbers.decay) : "";
  if (numbers.theory_step) text += fmt::format("theory {:.6g}{}, ", *numbers.theory_step, falls);
  if (numbers.paper_step) text += fmt::format("paper {:.6g}, ", *numbers.paper_step);
  return text + fmt::format("used {:.6g} ({})", numbers.step, kind_of(job.method.step_size.kind));
}

std::string rounds_line(const MethodPlan& plan) {
  if (plan.numbers.decay > 0) return "not predicted: the step falls, and with it the rate";
  if (plan.numbers.rounds) {
    return fmt::format("about {:.0f} until the squared distance to the minimiser has fallen by 1e-6",
                       *plan.numbers.rounds);
  }
  if (!plan.has_rate) return "not predicted: there is no linear rate for this method";
  if (plan.mu > 0) return "not predicted: the step is too long for it";
  return "not predicted: without strong convexity (mu = 0) there is no linear rate";
}

// A memory that has not been sent yet looks like a bad method.
std::optional<std::string> too_short(const actors::JobSpec& job, const optim::MethodNumbers& numbers) {
  if (!numbers.memory_updates) return std::nullopt;
  const actors::StopSpec& stop = job.stop;
  const double n = job.worker.replicas;
  double updates = 5 * *numbers.memory_updates;
  if (stop.rounds) updates = std::min(updates, n * static_cast<double>(*stop.rounds));
  if (stop.updates) updates = std::min(updates, static_cast<double>(*stop.updates));
  if (updates >= 5 * *numbers.memory_updates) return std::nullopt;
  return fmt::format(
      "{:.0f} updates are few: what error_feedback keeps takes about n/tau = {:.0f} of them to be sent, so a "
      "run of less than 5 n/tau = {:.0f} lags behind one that sends everything",
      updates, *numbers.memory_updates, 5 * *numbers.memory_updates);
}

std::string bytes_text(double bytes) {
  if (bytes < 1e4) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1e7) return fmt::format("{:.4g} kB", bytes / 1e3);
  return fmt::format("{:.4g} MB", bytes / 1e6);
}

std::string share(double bytes, double dense) {
  return bytes == dense ? "dense" : fmt::format("1/{:.3g} of dense", dense / bytes);
}

std::string table_line(const actors::JobSpec& job, const optim::MethodNumbers& numbers) {
  const std::size_t size = job.dtype == actors::Dtype::kFloat64 ? sizeof(double) : sizeof(float);
  return fmt::format("{} at {}: a gradient of each row",
                     bytes_text(static_cast<double>(numbers.table_numbers * size)),
                     numbers.table == optim::Table::kMaster ? "the master" : "a worker");
}

// JSON has no infinity and no NaN.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
Json number(const std::optional<double>& value) { return value ? number(*value) : Json(nullptr); }

}  // namespace

MethodPlan plan_method(const config::Experiment& experiment, const actors::Catalogs& catalogs) {
  const actors::JobSpec& job = experiment.job;
  const problems::Source source = prepare_data(experiment, catalogs);
  MethodPlan plan;
  plan.data = source.info;
  plan.dim = catalogs.problems.dim(job.problem, source.info);
  plan.l2 = problems::Catalog::l2_weight(job.problem, source.info);
  const bool wide = job.dtype == actors::Dtype::kFloat64;
  const problems::Smoothness worst =
      wide ? smoothness_of<double>(catalogs, job, source) : smoothness_of<float>(catalogs, job, source);
  plan.L = worst.L;
  plan.mu = worst.mu;
  plan.L_sample = worst.L_sample;
  plan.sparsifier = catalogs.methods.sparsifier_of(job.method).kind;
  const sparse::Kind& kind = *catalogs.sparsifiers.find(plan.sparsifier);
  plan.single = kind.choice == sparse::Choice::kCoordinates;
  plan.numbers = catalogs.methods.numbers(job.worker.replicas, plan.dim, job.method, worst);
  plan.caution = catalogs.methods.caution(job.method, job.problem);
  if (!plan.caution) plan.caution = catalogs.methods.caution_of_numbers(job.method, plan.numbers);
  if (!plan.caution) plan.caution = too_short(job, plan.numbers);
  plan.has_rate = static_cast<bool>(catalogs.methods.find(job.method.kind)->rate);
  plan.broadcast = catalogs.methods.broadcast_of(job.method);
  plan.in_rounds = catalogs.methods.consistency_of(job.method) == "sync";
  count_bytes(job, kind, catalogs.methods.find(job.method.kind)->sparse_steps, plan);
  return plan;
}

void take_relays(std::size_t relays, MethodPlan& plan) {
  plan.relays = relays;
  if (relays != 0 && goes_by_chain(plan)) {
    plan.downlink_bytes *= static_cast<double>(relays) / plan.numbers.constants.workers;
  }
}

std::string method_text(const config::Experiment& experiment, const MethodPlan& plan) {
  const actors::JobSpec& job = experiment.job;
  const optim::MethodNumbers& numbers = plan.numbers;
  const std::string kappa = plan.mu > 0 ? fmt::format(", kappa {:.4g}", plan.L / plan.mu) : "";
  std::string text = fmt::format("job        {}: {} on {}, {}, seed {}\n", job.name, job.method.kind,
                                 job.problem.kind, actors::to_string(job.dtype), job.seed);
  text += "data       " + data_line(job, plan) + "\n";
  text += fmt::format("constants  L {:.6g}, mu {:.6g}{}, l2 {:.6g}\n", plan.L, plan.mu, kappa, plan.l2);
  if (plan.L_sample != plan.L && numbers.constants.L == plan.L_sample) {
    text += fmt::format("           L {:.6g} of a single row, from which the steps follow\n", plan.L_sample);
  }
  text += fmt::format("workers    n {}; sparsifier {}: {} of {} {}, tau {:.4g}\n", job.worker.replicas,
                      plan.sparsifier, numbers.density.chosen, numbers.density.blocks,
                      plan.single ? "coordinates" : "blocks", numbers.density.tau());
  text += "step       " + steps_line(job, numbers) + "\n";
  text += "rounds     " + rounds_line(plan) + "\n";
  if (numbers.table != optim::Table::kNone) text += "table      " + table_line(job, numbers) + "\n";
  text += fmt::format("a round    up {} ({}), down {} ({})\n", bytes_text(plan.uplink_bytes),
                      share(plan.uplink_bytes, plan.dense_uplink_bytes), bytes_text(plan.downlink_bytes),
                      share(plan.downlink_bytes, plan.dense_downlink_bytes));
  text += "broadcast  " + broadcast_line(job, plan);
  if (plan.relays != 0) {
    text += fmt::format("; {} into each of {} hosts once, by a chain of relays",
                        goes_by_chain(plan) ? "they go" : "where they are large, they go", plan.relays);
  }
  text += "\n";
  if (plan.caution) text += "caution    " + *plan.caution + "\n";
  return text;
}

std::string method_json(const config::Experiment& experiment, const MethodPlan& plan) {
  const actors::JobSpec& job = experiment.job;
  const optim::MethodNumbers& numbers = plan.numbers;
  const Json json = {{"name", job.name},
                     {"method", job.method.kind},
                     {"problem", job.problem.kind},
                     {"dtype", actors::to_string(job.dtype)},
                     {"rows", plan.data.rows},
                     {"dim", plan.dim},
                     {"nnz", plan.data.nnz},
                     {"l2", number(plan.l2)},
                     {"L", number(plan.L)},
                     {"mu", number(plan.mu)},
                     {"L_sample", number(plan.L_sample)},
                     {"kappa", plan.mu > 0 ? number(plan.L / plan.mu) : Json(nullptr)},
                     {"workers", job.worker.replicas},
                     {"sparsifier", plan.sparsifier},
                     {"blocks", numbers.density.blocks},
                     {"chosen", numbers.density.chosen},
                     {"tau", number(numbers.density.tau())},
                     {"theory_step", number(numbers.theory_step)},
                     {"paper_step", number(numbers.paper_step)},
                     {"step", number(numbers.step)},
                     {"step_decay", number(numbers.decay)},
                     {"step_size", kind_of(job.method.step_size.kind)},
                     {"table_numbers", numbers.table_numbers},
                     {"predicted_rounds", number(numbers.rounds)},
                     {"broadcast", plan.broadcast.kind},
                     {"uplink_bytes", number(plan.uplink_bytes)},
                     {"downlink_bytes", number(plan.downlink_bytes)},
                     {"dense_uplink_bytes", number(plan.dense_uplink_bytes)},
                     {"dense_downlink_bytes", number(plan.dense_downlink_bytes)},
                     {"caution", plan.caution ? Json(*plan.caution) : Json(nullptr)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace wisp::cli
