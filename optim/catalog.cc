#include "optim/catalog.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "base/text.h"
#include "optim/gd.h"
#include "optim/ibcd.h"
#include "optim/isega.h"

namespace wisp::optim {
namespace {

constexpr std::array<std::string_view, 1> kWhole{"identity"};
constexpr std::array<std::string_view, 2> kBlocks{"random-blocks", "identity"};

constexpr std::string_view kGdRefusal = "gd sends whole gradients";
constexpr std::string_view kBlockRefusal =
    "its theory is for blocks that are drawn at random, whatever the gradient is";

template <class T, template <class> class Worker, template <class> class Master>
constexpr Makers<T> makers() {
  return {
      .worker = [](const WorkerPlace& place) -> std::unique_ptr<WorkerRule<T>> {
        return std::make_unique<Worker<T>>(place);
      },
      .master = [](const MasterPlace& place) -> std::unique_ptr<MasterRule<T>> {
        return std::make_unique<Master<T>>(place);
      },
  };
}

constexpr std::array<Method, 3> kMethods{{
    {"gd", "gradient descent; every worker sends its whole gradient", "the baseline of P2", kWhole,
     kGdRefusal, gd_theory_step, gd_paper_step, gd_rate, false, makers<float, GdWorker, GdMaster>(),
     makers<double, GdWorker, GdMaster>()},
    {"ibcd", "independent block coordinate descent, for problems that all workers' optima share",
     "P2 Algorithm 1, Theorem 1", kBlocks, kBlockRefusal, ibcd_theory_step, ibcd_paper_step, ibcd_rate, true,
     makers<float, IbcdWorker, IbcdMaster>(), makers<double, IbcdWorker, IbcdMaster>()},
    {"isega", "independent SEGA: sends blocks of what has changed, converges on any split of the data",
     "P2 Algorithm 2, Theorem 3", kBlocks, kBlockRefusal, isega_theory_step, isega_paper_step, isega_rate,
     false, makers<float, IsegaWorker, IsegaMaster>(), makers<double, IsegaWorker, IsegaMaster>()},
}};

std::string unknown_method(const std::string& name) {
  std::vector<std::string> names;
  for (const Method& method : kMethods) names.emplace_back(method.name);
  const std::optional<std::string> near = nearest(name, names);
  return "unknown method '" + name + "'" + (near ? "; did you mean '" + *near + "'?" : "") + " (" +
         join(names, " | ") + ")";
}

std::optional<std::string> why_not_sparsifier(const Method& method, const std::string& kind) {
  const auto& allowed = method.sparsifiers;
  if (std::find(allowed.begin(), allowed.end(), kind) != allowed.end()) return std::nullopt;
  std::string takers;
  for (const Method& other : kMethods) {
    if (std::find(other.sparsifiers.begin(), other.sparsifiers.end(), kind) == other.sparsifiers.end())
      continue;
    takers += (takers.empty() ? "" : " or ") + std::string(other.name);
  }
  return "method " + std::string(method.name) + " does not take the sparsifier " + kind + ": " +
         std::string(method.other_sparsifiers) + "; use " +
         (takers.empty() ? std::string(allowed.front()) : takers + " for " + kind);
}

const Method& allowed_method(const MethodSpec& spec) {
  if (const auto reason = why_not(spec)) throw Error(*reason, Fault::kConfig);
  return *find_method(spec.kind);
}

double chosen_step(const Method& method, const StepSizeSpec& step_size, const Constants& constants) {
  if (step_size.kind == StepSizeSpec::Kind::kNumber) return step_size.value;
  if (!(constants.L > 0)) {
    throw Error("the gradient of this problem does not change (L = 0): give step_size as a number",
                Fault::kConfig);
  }
  return step_size.kind == StepSizeSpec::Kind::kTheory ? method.theory_step(constants)
                                                       : method.paper_step(constants);
}

}  // namespace

std::span<const Method> methods() { return kMethods; }

const Method* find_method(std::string_view name) {
  const auto* found = std::find_if(kMethods.begin(), kMethods.end(),
                                   [&](const Method& method) { return method.name == name; });
  return found == kMethods.end() ? nullptr : found;
}

sparse::SparsifierSpec sparsifier_of(const MethodSpec& spec) {
  if (spec.sparsifier_given) return spec.sparsifier;
  const Method* method = find_method(spec.kind);
  WISP_CHECK(method != nullptr, "the method is one of the catalogue");
  return {.kind = std::string(method->sparsifiers.front())};
}

std::optional<std::string> why_not(const MethodSpec& spec) {
  const Method* method = find_method(spec.kind);
  if (method == nullptr) return unknown_method(spec.kind);
  if (const auto reason = why_not_sparsifier(*method, sparsifier_of(spec).kind)) return reason;
  const bool no_theory = spec.step_size.kind == StepSizeSpec::Kind::kTheory && method->theory_step == nullptr;
  const bool no_paper = spec.step_size.kind == StepSizeSpec::Kind::kPaper && method->paper_step == nullptr;
  if (!no_theory && !no_paper) return std::nullopt;
  return "method " + spec.kind + " has no step size named " + (no_theory ? "theory" : "paper") +
         "; give step_size as a number";
}

std::optional<std::string> caution(const MethodSpec& spec, const problems::ProblemSpec& problem) {
  const Method* method = find_method(spec.kind);
  if (method == nullptr || !method->needs_interpolation) return std::nullopt;
  if (sparsifier_of(spec).kind == "identity" || problem.kind == "quadratic") return std::nullopt;
  if (problem.l2 == 0 && !problem.l2_inverse_rows) return std::nullopt;
  return spec.kind +
         " reaches the minimiser only where every worker's own gradient vanishes there, which a problem with "
         "l2 does "
         "not offer: it will level off above it. isega has no such limit";
}

MethodNumbers method_numbers(std::uint32_t workers, std::uint32_t dim, const MethodSpec& spec,
                             problems::Smoothness smoothness) {
  const Method& method = allowed_method(spec);
  MethodNumbers numbers;
  numbers.density = sparse::density(sparsifier_of(spec), dim, workers);
  numbers.constants = {
      .L = smoothness.L, .mu = smoothness.mu, .workers = workers, .tau = numbers.density.tau()};
  numbers.step = chosen_step(method, spec.step_size, numbers.constants);
  if (smoothness.L > 0) {
    if (method.theory_step != nullptr) numbers.theory_step = method.theory_step(numbers.constants);
    if (method.paper_step != nullptr) numbers.paper_step = method.paper_step(numbers.constants);
  }
  numbers.rounds = predicted_rounds(method.rate(numbers.step, numbers.constants), 1e-6);
  return numbers;
}

template <class T>
std::unique_ptr<WorkerRule<T>> make_worker(std::uint64_t seed, std::uint32_t worker, std::uint32_t workers,
                                           std::uint32_t dim, const MethodSpec& spec) {
  const Method& method = allowed_method(spec);
  const WorkerPlace place{
      .seed = seed, .worker = worker, .workers = workers, .dim = dim, .sparsifier = sparsifier_of(spec)};
  if constexpr (std::is_same_v<T, float>) {
    return method.float32.worker(place);
  } else {
    return method.float64.worker(place);
  }
}

template <class T>
std::unique_ptr<MasterRule<T>> make_master(std::uint32_t workers, std::uint32_t dim, const MethodSpec& spec,
                                           problems::Smoothness smoothness) {
  const Method& method = allowed_method(spec);
  const MethodNumbers numbers = method_numbers(workers, dim, spec, smoothness);
  const MasterPlace place{.workers = workers, .dim = dim, .tau = numbers.constants.tau, .step = numbers.step};
  if constexpr (std::is_same_v<T, float>) {
    return method.float32.master(place);
  } else {
    return method.float64.master(place);
  }
}

template std::unique_ptr<WorkerRule<float>> make_worker(std::uint64_t, std::uint32_t, std::uint32_t,
                                                        std::uint32_t, const MethodSpec&);
template std::unique_ptr<WorkerRule<double>> make_worker(std::uint64_t, std::uint32_t, std::uint32_t,
                                                         std::uint32_t, const MethodSpec&);
template std::unique_ptr<MasterRule<float>> make_master(std::uint32_t, std::uint32_t, const MethodSpec&,
                                                        problems::Smoothness);
template std::unique_ptr<MasterRule<double>> make_master(std::uint32_t, std::uint32_t, const MethodSpec&,
                                                         problems::Smoothness);

}  // namespace wisp::optim
