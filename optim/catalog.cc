#include "optim/catalog.h"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "base/text.h"
#include "optim/rows.h"

namespace wisp::optim {
namespace {

constexpr std::uint64_t kTableNumbersMax = std::uint64_t{1} << 29;  // 4 GiB as float64

// iasgd's.
double rho_of(const MethodSpec& spec) {
  return spec.settings.has("rho") ? spec.settings.get<double>("rho") : 0;
}

std::optional<std::string> why_not_rho(const MethodSpec& spec) {
  try {  // its complaint is what was asked for
    const double rho = rho_of(spec);
    if (rho == 0) return std::nullopt;
    if (rho < 1) return "method.rho: at least 1, which no noise at all has; 0: as Lemma 1 has it";
    if (spec.step_size.kind != StepSizeSpec::Kind::kNumber) return std::nullopt;
    return "method.rho: the step is 1/(rho L), so step_size as a number says the same; give one of them";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string short_number(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value, std::chars_format::general, 3).ptr;
  return std::string(text, end);
}

double chosen_step(const Method& method, const StepSizeSpec& step_size, const Constants& constants) {
  if (step_size.is_number()) return step_size.value;
  if (!(constants.L > 0)) {
    throw Error(
        "no L is known for this problem (L = 0), which a named step follows from: give step_size as a number",
        Fault::kConfig);
  }
  return step_size.kind == StepSizeSpec::Kind::kTheory ? method.theory_step(constants)
                                                       : method.paper_step(constants);
}

std::string gibibytes(double bytes) {
  std::string text = std::to_string(bytes / 0x1p30);
  return text.substr(0, text.find('.') + 2) + " GiB";
}

}  // namespace

Catalog::Catalog(const sparse::Catalog& sparsifiers) : sparsifiers_(sparsifiers) {
  for (Method& row : synchronous_methods()) add(std::move(row));
  for (Method& row : asynchronous_methods()) add(std::move(row));
}

void Catalog::add(Method method) {
  const auto refuse = [&](const char* why) {
    throw Error("method '" + method.name + "' " + why, Fault::kConfig);
  };
  if (method.sparsifiers.empty()) refuse("names no sparsifier; the first is its default");
  if (method.consistencies.empty()) refuse("names no consistency; the first is its default");
  if (!method.float32.worker || !method.float32.master || !method.float64.worker || !method.float64.master) {
    refuse("says not what it is made_of");
  }
  methods_.add(std::move(method));
}

bool Catalog::takes(const Method& method, const std::string& sparsifier) const {
  const auto names = [&](const std::string& name) {
    return std::find(method.sparsifiers.begin(), method.sparsifiers.end(), name) != method.sparsifiers.end();
  };
  if (method.any_sparsifier || names(sparsifier)) return true;
  const sparse::Kind* kind = sparsifiers_.find(sparsifier);
  return kind != nullptr && kind->like_random_blocks && names("random-blocks");
}

std::optional<std::string> Catalog::why_not_sparsifier(const Method& method, const std::string& kind) const {
  if (takes(method, kind)) return std::nullopt;
  std::string takers;
  for (const Method& other : methods_) {
    if (takes(other, kind)) takers += (takers.empty() ? "" : " or ") + other.name;
  }
  return "method " + method.name + " does not take the sparsifier " + kind + ": " + method.other_sparsifiers +
         "; use " + (takers.empty() ? method.sparsifiers.front() : takers + " for " + kind);
}

std::optional<std::string> Catalog::why_not_memory(const Method& method, const MethodSpec& spec) const {
  if (!spec.error_feedback || method.takes_error_feedback) return std::nullopt;
  std::string takers;
  for (const Method& other : methods_) {
    if (other.takes_error_feedback) takers += (takers.empty() ? "" : " or ") + other.name;
  }
  const std::string why = method.other_memory.empty() ? "" : ": " + method.other_memory;
  return "method.error_feedback: method " + method.name + " keeps no memory of what it leaves out" + why +
         "; leave it out" + (takers.empty() ? "" : ", or use " + takers);
}

std::optional<std::string> Catalog::why_not_wire(const Method& method, const MethodSpec& spec) const {
  if (spec.wire.codec() == sparse::ValueCodec::kSign && !method.takes_biased && !spec.error_feedback) {
    return "method " + method.name + " does not take wire_dtype sign" +
           (method.takes_error_feedback ? " by itself" : "") +
           ": it keeps no memory of the error, which is large and always the same way; " +
           (method.takes_error_feedback ? "set error_feedback: true, or " : "") +
           "use ternary, q4 or q8, which are right in the mean";
  }
  const std::string sparsifier = sparsifier_of(spec).kind;
  const sparse::Kind* kind = sparsifiers_.find(sparsifier);
  if (spec.wire.index_choice() == sparse::IndexChoice::kSeeded && kind != nullptr &&
      !kind->like_random_blocks) {
    return "indices seeded need a sparsifier that draws at random, which " + sparsifier +
           " does not; use auto";
  }
  return std::nullopt;
}

// Of methods that take any sparsifier: others have refused what is not right in the mean.
std::optional<std::string> Catalog::why_not_bias(const Method& method, const MethodSpec& spec) const {
  if (!method.any_sparsifier) return std::nullopt;
  const sparse::SparsifierSpec sparsifier = sparsifier_of(spec);
  const sparse::Kind& kind = *sparsifiers_.find(sparsifier.kind);
  if (spec.step_size.kind == StepSizeSpec::Kind::kTheory && kind.choice == sparse::Choice::kByValue) {
    return "method.step_size: theory is for a sparsifier that sends a known share of an update, which " +
           sparsifier.kind + " does not; give a number";
  }
  const bool scaled = spec.settings.has("scaled") && spec.settings.get<bool>("scaled");
  if (scaled && spec.error_feedback) {
    return "method.scaled: with error_feedback what is left out is sent later, and would count twice; leave "
           "out one of the two";
  }
  if (scaled && !kind.like_random_blocks) {
    return "method.scaled: the sparsifier " + sparsifier.kind +
           " does not draw at random, so no factor makes it right in the mean; set error_feedback: true";
  }
  if (scaled || spec.error_feedback || !kind.like_random_blocks || sparsifier.density == 1) {
    return std::nullopt;
  }
  return sparsifier.kind +
         " without memory is biased: scale it (method.scaled: true), or set error_feedback: true";
}

std::optional<std::string> Catalog::why_not_step(const Method& method, const StepSizeSpec& step) const {
  const bool no_theory = step.kind == StepSizeSpec::Kind::kTheory && !method.theory_step;
  const bool no_paper = step.kind == StepSizeSpec::Kind::kPaper && !method.paper_step;
  if (no_theory || no_paper) {
    return "method " + method.name + " has no step size named " + (no_theory ? "theory" : "paper") +
           "; give step_size as a number";
  }
  if (step.kind == StepSizeSpec::Kind::kInvSqrt && !method.takes_schedule) {
    return "method.step_size: method " + method.name +
           " keeps its step: with one that falls it would still stop where a constant one does; "
           "give a number";
  }
  return std::nullopt;
}

std::optional<std::string> Catalog::why_not_consistency(const Method& method, const MethodSpec& spec) const {
  const auto has = [](const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  for (const auto& [key, word, words] :
       {std::tuple{"consistency", consistency_of(spec), std::vector<std::string>{"sync", "async", "ssp"}},
        std::tuple{"late", spec.late, std::vector<std::string>{"apply", "damp", "drop"}},
        std::tuple{"nonfinite", spec.nonfinite, std::vector<std::string>{"error", "reject", "zero"}}}) {
    if (!has(words, word))
      return std::string("unknown ") + key + " '" + word + "' (" + join(words, " | ") + ")";
  }
  const std::string consistency = consistency_of(spec);
  if (!has(method.consistencies, consistency)) {
    std::string takers;
    for (const Method& other : methods_) {
      if (has(other.consistencies, consistency)) takers += (takers.empty() ? "" : " or ") + other.name;
    }
    return "method " + method.name + " does not take consistency " + consistency + ": its theory is for " +
           (method.consistencies.front() == "sync" ? "whole rounds of all workers"
                                                   : "updates that come one by one") +
           "; use " + join(method.consistencies, " or ") +
           (takers.empty() ? "" : ", or method " + takers + " for " + consistency);
  }
  if (spec.late != "apply" && consistency == "sync") {
    return "late: " + spec.late +
           " has no meaning in synchronous rounds, where no update is late; leave it out, "
           "or use consistency: async";
  }
  if (spec.late != "apply" && method.needs_every_update) {
    return "method " + method.name + " does not take late: " + spec.late +
           ": its master adds up what its workers know, and an update that is scaled or left out would bias "
           "that "
           "for ever; use late: apply";
  }
  if (spec.nonfinite != "error" && method.needs_every_update) {
    return "method " + method.name + " does not take nonfinite: " + spec.nonfinite +
           ": its worker goes on with what the master has left out; use nonfinite: error";
  }
  if (spec.nonfinite == "reject" && consistency == "sync") {
    return "nonfinite: reject has no meaning in synchronous rounds, which need an update of every worker; "
           "use "
           "nonfinite: zero, which leaves out the values that are not finite";
  }
  return std::nullopt;
}

std::optional<std::string> Catalog::why_not_batch(const Method& method, const MethodSpec& spec) const {
  if (spec.batch_size == 0 || method.takes_batches) return std::nullopt;
  std::string takers;
  for (const Method& other : methods_) {
    if (other.takes_batches) takers += (takers.empty() ? "" : " or ") + other.name;
  }
  return "method.batch_size: method " + method.name +
         " takes none: " + (method.of_samples ? "it draws one row at a time" : "it goes by whole gradients") +
         "; leave it out, or use " + takers;
}

std::optional<std::string> Catalog::why_not(const MethodSpec& spec, const problems::ProblemSpec& problem,
                                            bool of_rows, std::uint32_t workers) const {
  if (const auto reason = why_not(spec, problem)) return reason;
  const Method* method = find(spec.kind);
  if (!of_rows && (method->of_samples || spec.batch_size > 0)) {
    return "problem.kind: " + problem.kind + " is not made of rows, which method " + spec.kind +
           (method->of_samples ? "" : " with a batch_size") + " draws; use a problem that is, or isega";
  }
  if (method->one_machine && workers > 1) {
    return "actors.worker.replicas: method " + spec.kind +
           " is the baseline of one machine; set it to 1, or use isaga";
  }
  if (method->shares_data && workers > 1 && problem.data.shard != "all") {
    return "problem.data.shard: method " + spec.kind +
           " needs all rows at every worker; set it to all, or use isaga";
  }
  return std::nullopt;
}

std::optional<std::string> Catalog::why_not_broadcast(const MethodSpec& spec) const {
  const BroadcastSpec broadcast = broadcast_of(spec);
  const auto& [kind, density, way] = broadcast;
  if (kind != "dense" && kind != "delta" && kind != "sparse")
    return "unknown broadcast '" + kind + "' (dense | delta | sparse)";
  if (way != "auto" && way != "chain" && way != "star")
    return "unknown way of a broadcast '" + way + "' (auto | chain | star)";
  if (way == "chain" && consistency_of(spec) != "sync") {
    return "broadcast.way: chain passes one model on to all workers, and without rounds each gets another; "
           "use way: star";
  }
  if (!(density >= 0 && density <= 1)) return "the density of a broadcast is above 0 and at most 1";
  if (density == 0 || kind == "sparse") return std::nullopt;
  return "broadcast " + kind + " sends " + (kind == "dense" ? "whole models" : "all that has changed") +
         "; leave its density out, or use kind: sparse";
}

const Method& Catalog::allowed(const MethodSpec& spec) const {
  if (const auto reason = why_not(spec)) throw Error(*reason, Fault::kConfig);
  return *find(spec.kind);
}

sparse::SparsifierSpec Catalog::sparsifier_of(const MethodSpec& spec) const {
  if (spec.sparsifier_given) return spec.sparsifier;
  const Method* method = find(spec.kind);
  WISP_CHECK(method != nullptr, "the method is one of the catalogue");
  return {.kind = method->sparsifiers.front()};
}

std::string Catalog::consistency_of(const MethodSpec& spec) const {
  if (!spec.consistency.kind.empty()) return spec.consistency.kind;
  const Method* method = find(spec.kind);
  WISP_CHECK(method != nullptr, "the method is one of the catalogue");
  return method->consistencies.front();
}

BroadcastSpec Catalog::broadcast_of(const MethodSpec& spec) const {
  BroadcastSpec broadcast = spec.broadcast;
  const Method* method = find(spec.kind);
  WISP_CHECK(method != nullptr, "the method is one of the catalogue");
  if (broadcast.kind.empty()) broadcast.kind = method->sparse_steps ? "delta" : "dense";
  return broadcast;
}

std::optional<std::string> Catalog::why_fixed_workers(const MethodSpec& spec) const {
  const Method* method = find(spec.kind);
  WISP_CHECK(method != nullptr, "the method is one of the catalogue");
  if (spec.error_feedback) return "each worker's memory is of its own rows";
  if (!method->fixed_workers.empty()) return method->fixed_workers;
  return std::nullopt;
}

std::optional<std::string> Catalog::why_not(const MethodSpec& spec) const {
  const Method* method = find(spec.kind);
  if (method == nullptr) {
    const auto near = nearest(spec.kind, names());
    return "unknown method '" + spec.kind + "'" + (near ? "; did you mean '" + *near + "'?" : "") + " (" +
           join(names(), " | ") + ")";
  }
  if (const auto reason = why_not_batch(*method, spec)) return reason;
  const sparse::SparsifierSpec sparsifier = sparsifier_of(spec);
  if (const auto reason = why_not_sparsifier(*method, sparsifier.kind)) return reason;
  try {  // its complaint is what was asked for
    sparsifier.check(sparsifiers_);
    if (const auto reason = why_not_memory(*method, spec)) return reason;
    if (const auto reason = why_not_wire(*method, spec)) return reason;
    if (const auto reason = why_not_bias(*method, spec)) return reason;
  } catch (const Error& error) {
    return error.what();
  }
  if (const auto reason = why_not_consistency(*method, spec)) return reason;
  if (const auto reason = why_not_broadcast(spec)) return reason;
  if (const auto reason = why_not_step(*method, spec.step_size)) return reason;
  return why_not_rho(spec);
}

std::optional<std::string> Catalog::why_not_regulariser(const Method& method,
                                                        const problems::RegulariserSpec& regulariser) const {
  if (regulariser.is_none() || method.takes_prox) return std::nullopt;
  std::string takers;
  for (const Method& other : methods_) {
    if (other.takes_prox) takers += (takers.empty() ? "" : " or ") + other.name;
  }
  return "problem.regulariser: method " + method.name +
         " takes none: its theorem has no prox, and without one it would not reach the minimiser of f + R; "
         "use " +
         takers + ", or problem.l2";
}

std::optional<std::string> Catalog::why_not(const MethodSpec& spec,
                                            const problems::ProblemSpec& problem) const {
  if (const auto reason = why_not(spec)) return reason;
  return why_not_regulariser(*find(spec.kind), problem.regulariser);
}

std::optional<std::string> Catalog::caution(const MethodSpec& spec,
                                            const problems::ProblemSpec& problem) const {
  const Method* method = find(spec.kind);
  if (method == nullptr) return std::nullopt;
  if (spec.wire.codec() == sparse::ValueCodec::kTernary && !method->takes_biased) {
    return "values as ternary are right in the mean, but their noise is as large as the largest of 256 "
           "values: "
           "most steps that are safe without it are too large; give a smaller step_size, or use q4";
  }
  const std::string sparsifier = sparsifier_of(spec).kind;
  const sparse::Kind* chosen = sparsifiers_.find(sparsifier);
  const bool by_size = method->any_sparsifier && chosen != nullptr && !chosen->like_random_blocks &&
                       chosen->choice != sparse::Choice::kEverything;
  if (by_size && !spec.error_feedback) {
    return sparsifier + " without memory stalls: what is never among the largest is never sent; set " +
           "error_feedback: true";
  }
  if (spec.late != "apply" && (method->takes_biased || spec.error_feedback)) {
    return "late: " + spec.late +
           " takes away from updates what their workers' memories count as sent: it is lost, and not made up "
           "for "
           "by later updates; late: apply loses nothing";
  }
  if (spec.kind == "sgd" && spec.batch_size == 0) {
    return "sgd with batch_size: full draws no rows: it is gd, with shorter steps; give a batch_size";
  }
  if (!method->needs_interpolation) return std::nullopt;
  if (sparsifier == "identity" || problem.kind == "quadratic") return std::nullopt;
  if (problem.data.shard == "all") return std::nullopt;  // then f_i = f
  if (problem.l2 == 0 && !problem.l2_inverse_rows) return std::nullopt;
  return spec.kind +
         " reaches the minimiser only where every worker's own gradient vanishes there, which a problem with "
         "l2 does "
         "not offer: it will level off above it. isega has no such limit";
}

std::optional<std::string> Catalog::caution_of_numbers(const MethodSpec& spec,
                                                       const MethodNumbers& numbers) const {
  const Constants& c = numbers.constants;
  if (spec.kind != "isega" || !(c.mu > 0) || c.tau * c.L >= c.mu) return std::nullopt;
  return "1/tau = " + short_number(1 / c.tau) + " is above L/mu = " + short_number(c.L / c.mu) +
         ": the workers learn their h_i more slowly than gd converges, so that sending less is not free here "
         "(P2 Corollary 3); raise sparsifier.density, up to " +
         short_number(c.mu / c.L);
}

MethodNumbers Catalog::numbers(std::uint32_t workers, std::uint32_t dim, const MethodSpec& spec,
                               problems::Smoothness smoothness) const {
  const Method& method = allowed(spec);
  MethodNumbers numbers;
  numbers.density = sparsifiers_.density(sparsifier_of(spec), dim, workers);
  numbers.constants = {.L = method.of_samples ? smoothness.L_sample : smoothness.L,
                       .mu = smoothness.mu,
                       .workers = workers,
                       .tau = numbers.density.tau(),
                       .samples = smoothness.samples,
                       .rho = rho_of(spec)};
  numbers.table = method.table;
  if (method.table != Table::kNone) numbers.table_numbers = smoothness.samples * dim;
  check_numbers(method, numbers);
  numbers.step = chosen_step(method, spec.step_size, numbers.constants);
  if (numbers.constants.L > 0) {
    if (method.theory_step) numbers.theory_step = method.theory_step(numbers.constants);
    if (method.paper_step) numbers.paper_step = method.paper_step(numbers.constants);
    if (method.theory_decay && spec.step_size.kind == StepSizeSpec::Kind::kTheory) {
      numbers.decay = method.theory_decay(numbers.constants);
    }
  }
  if (method.memory != nullptr) {
    const double bytes = sizeof(double) * method.memory(workers, dim);
    if (bytes > kMasterBytesMax) {
      throw Error("the master of " + method.name + " would keep " + gibibytes(bytes) + " for " +
                      std::to_string(workers) + " workers in dimension " + std::to_string(dim) +
                      ", more than " + gibibytes(kMasterBytesMax) +
                      "; use async-isega, whose master keeps one vector, or fewer workers",
                  Fault::kConfig);
    }
  }
  if (spec.error_feedback && numbers.constants.tau < 1) {
    numbers.memory_updates = memory_updates(numbers.constants);
  }
  if (method.rate) numbers.rounds = predicted_rounds(method.rate(numbers.step, numbers.constants), 1e-6);
  return numbers;
}

void Catalog::check_numbers(const Method& method, const MethodNumbers& numbers) const {
  const auto refuse = [&](const std::string& why) {
    throw Error("method " + method.name + " " + why, Fault::kConfig);
  };
  const Constants& c = numbers.constants;
  if (method.one_machine && c.workers > 1) refuse("has one worker: set actors.worker.replicas to 1");
  if (method.of_samples && c.samples == 0) {
    refuse("goes by single rows, and this problem is not made of rows: use isega");
  }
  if (method.shares_data && c.samples < c.workers) {
    refuse("draws " + std::to_string(c.workers) + " different rows a round, one a worker, out of " +
           std::to_string(c.samples) + ": lower actors.worker.replicas");
  }
  if (method.needs_strong_convexity && !(c.mu > 0)) {
    refuse("needs strong convexity, and mu is 0 here: set problem.l2 above 0, or use isgd");
  }
  if (numbers.table_numbers > kTableNumbersMax) {
    refuse("keeps a gradient of each row at " +
           std::string(method.table == Table::kMaster ? "the master" : "its worker") + ", " +
           std::to_string(numbers.table_numbers) + " numbers, where " + std::to_string(kTableNumbersMax) +
           " are allowed: use isgd or isega, fewer rows (problem.data.rows)" +
           (method.table == Table::kWorkers && !method.one_machine ? ", or more workers" : ""));
  }
}

template <class T>
std::unique_ptr<WorkerRule<T>> Catalog::make_worker(std::uint64_t seed, std::uint32_t worker,
                                                    std::uint32_t workers, std::uint32_t dim,
                                                    const MethodSpec& spec, sparse::Meter* meter) const {
  const Method& method = allowed(spec);
  const WorkerPlace place{.seed = seed,
                          .worker = worker,
                          .workers = workers,
                          .dim = dim,
                          .sparsifier = sparsifier_of(spec),
                          .sparsifiers = &sparsifiers_,
                          .wire = spec.wire.codec(),
                          .settings = spec.settings.completed(method.settings, "method " + method.name),
                          .schedule = spec.step_size.schedule(),
                          .batch_size = spec.batch_size,
                          .error_feedback = spec.error_feedback,
                          .meter = meter};
  if constexpr (std::is_same_v<T, float>) {
    return method.float32.worker(place);
  } else {
    return method.float64.worker(place);
  }
}

template <class T>
std::unique_ptr<MasterRule<T>> Catalog::make_master(std::uint32_t workers, std::uint32_t dim,
                                                    const MethodSpec& spec, problems::Smoothness smoothness,
                                                    const problems::RegulariserSpec& regulariser,
                                                    std::uint64_t seed) const {
  const Method& method = allowed(spec);
  if (const auto reason = why_not_regulariser(method, regulariser)) throw Error(*reason, Fault::kConfig);
  const MethodNumbers found = numbers(workers, dim, spec, smoothness);
  const MasterPlace place{.workers = workers,
                          .dim = dim,
                          .tau = found.constants.tau,
                          .step = found.step,
                          .settings = spec.settings.completed(method.settings, "method " + method.name),
                          .regulariser = regulariser,
                          .decay = found.decay,
                          .schedule = spec.step_size.schedule(),
                          .L = found.constants.L,
                          .mu = found.constants.mu,
                          .samples = found.constants.samples,
                          .seed = seed};
  if constexpr (std::is_same_v<T, float>) {
    return method.float32.master(place);
  } else {
    return method.float64.master(place);
  }
}

template std::unique_ptr<WorkerRule<float>> Catalog::make_worker(std::uint64_t, std::uint32_t, std::uint32_t,
                                                                 std::uint32_t, const MethodSpec&,
                                                                 sparse::Meter*) const;
template std::unique_ptr<WorkerRule<double>> Catalog::make_worker(std::uint64_t, std::uint32_t, std::uint32_t,
                                                                  std::uint32_t, const MethodSpec&,
                                                                  sparse::Meter*) const;
template std::unique_ptr<MasterRule<float>> Catalog::make_master(std::uint32_t, std::uint32_t,
                                                                 const MethodSpec&, problems::Smoothness,
                                                                 const problems::RegulariserSpec&,
                                                                 std::uint64_t) const;
template std::unique_ptr<MasterRule<double>> Catalog::make_master(std::uint32_t, std::uint32_t,
                                                                  const MethodSpec&, problems::Smoothness,
                                                                  const problems::RegulariserSpec&,
                                                                  std::uint64_t) const;

}  // namespace wisp::optim
