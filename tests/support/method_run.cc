#include "tests/support/method_run.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "sparse/encoded.h"
#include "sparse/received.h"
#include "sparse/sparsifier.h"
#include "tests/support/transplant.h"

namespace wisp::test {

const optim::Catalog& methods() {
  static const sparse::Catalog sparsifiers;
  static const optim::Catalog methods(sparsifiers);
  return methods;
}

template <class T>
MethodRun<T>::MethodRun(const std::vector<DenseProblem>& problem, const optim::MethodSpec& spec,
                        std::uint64_t seed, problems::Smoothness constants, std::vector<T> start,
                        problems::RegulariserSpec regulariser)
    : spec_(spec),
      seed_(seed),
      constants_(constants),
      regulariser_(std::move(regulariser)),
      x_(std::move(start)) {
  for (const DenseProblem& each : problem) objectives_.push_back(make_dense_objective<T>(each));
  make_rules();
}

template <class T>
void MethodRun<T>::make_rules() {
  const auto dim = static_cast<std::uint32_t>(x_.size());
  const auto n = static_cast<std::uint32_t>(objectives_.size());
  workers_.clear();
  for (std::uint32_t i = 0; i < n; ++i) workers_.push_back(methods().make_worker<T>(seed_, i, n, dim, spec_));
  master_ = methods().make_master<T>(n, dim, spec_, constants_, regulariser_, seed_);
}

template <class T>
void MethodRun<T>::step() {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const sparse::Vector<T> sent = workers_[i]->step(round_, x_, *objectives_[i]);
    const sparse::DrawKey sender{seed_, static_cast<std::uint32_t>(i), round_};
    sparse::Received<T> update;  // as the master has it
    update.take(sparse::encode(sent, spec_.wire.index_choice()), static_cast<std::uint32_t>(x_.size()),
                sender);
    values_sent_ += update.view().values.size();
    master_->absorb(static_cast<std::uint32_t>(i), update.view());
    WISP_CHECK(update.vector() == sent, "a worker has sent what the master takes in");
  }
  master_->advance(x_);
  ++round_;
}

template <class T>
void MethodRun<T>::restart() {
  const auto old_workers = std::move(workers_);
  const auto old_master = std::move(master_);
  make_rules();
  for (std::size_t i = 0; i < workers_.size(); ++i) transplant(*old_workers[i], *workers_[i]);
  transplant(*old_master, *master_);
}

problems::Smoothness constants_of(const std::vector<DenseProblem>& problem) {
  problems::Smoothness all = problem.front().smoothness();
  for (const DenseProblem& each : problem) all.join(each.smoothness());
  return all;
}

std::vector<Case> awkward_cases() {
  return {
      {.loss = Loss::kLogistic, .d = 20, .n = 4, .rows = 31, .blocks = 0, .density = 0},
      {.loss = Loss::kLeastSquares, .d = 23, .n = 5, .rows = 40, .blocks = 7, .density = 0.3},
      {.loss = Loss::kQuadratic, .d = 17, .n = 3, .rows = 25, .blocks = 17, .density = 0.5},
      {.loss = Loss::kLogistic, .d = 3, .n = 8, .rows = 20, .blocks = 0, .density = 0},
      {.loss = Loss::kLeastSquares, .d = 1, .n = 4, .rows = 9, .blocks = 0, .density = 0},
      {.loss = Loss::kLogistic, .d = 9, .n = 1, .rows = 12, .blocks = 4, .density = 0.5},
      {.loss = Loss::kQuadratic, .d = 1, .n = 1, .rows = 3, .blocks = 0, .density = 0},
      {.loss = Loss::kLogistic, .d = 10, .n = 6, .rows = 50, .blocks = 5, .density = 1},
  };
}

OracleSetting oracle_setting(const Case& c, std::vector<DenseProblem> problem, std::uint64_t seed,
                             double gamma) {
  const optim::MethodSpec spec = method_spec("ibcd", c, 1);
  const sparse::Density density = sparse::Catalog().density(spec.sparsifier, static_cast<std::uint32_t>(c.d),
                                                            static_cast<std::uint32_t>(c.n));
  const problems::Smoothness constants = constants_of(problem);
  std::vector<std::size_t> samples;
  for (const DenseProblem& each : problem) samples.push_back(each.b.size());
  return {.d = c.d,
          .n = c.n,
          .m = density.blocks,
          .k = density.chosen,
          .gamma = gamma,
          .seed = seed,
          .gradient = [problem](std::size_t i, const Dense& x) { return problem[i].gradient(x); },
          .sample_gradient = [problem](std::size_t i, std::size_t j,
                                       const Dense& x) { return problem[i].sample_gradient(j, x); },
          .samples = std::move(samples),
          .L = constants.L,
          .mu = constants.mu};
}

optim::MethodSpec method_spec(const char* kind, const Case& c, double mean_step) {
  optim::MethodSpec spec;
  spec.kind = kind;
  spec.step_size = {.kind = optim::StepSizeSpec::Kind::kNumber, .value = mean_step};
  const std::string own = methods().find(kind)->sparsifiers.front();
  spec.sparsifier_given = own != "identity";
  if (spec.sparsifier_given) spec.sparsifier = {.kind = own, .density = c.density, .blocks = c.blocks};
  return spec;
}

std::vector<DenseProblem> dealt(std::vector<DenseProblem> problem, Dealt how) {
  if (how == Dealt::kRows) return problem;
  DenseProblem whole = problem.front();
  for (std::size_t i = 1; i < problem.size(); ++i) {
    whole.a.insert(whole.a.end(), problem[i].a.begin(), problem[i].a.end());
    whole.b.insert(whole.b.end(), problem[i].b.begin(), problem[i].b.end());
  }
  whole.weight /= static_cast<double>(problem.size());
  return std::vector<DenseProblem>(how == Dealt::kAll ? problem.size() : 1, whole);
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t j = 0; j < a.size(); ++j) largest = std::max(largest, std::abs(a[j] - b[j]));
  return largest;
}

double squared_norm(const std::vector<double>& a) {
  double sum = 0;
  for (const double each : a) sum += each * each;
  return sum;
}

template class MethodRun<float>;
template class MethodRun<double>;

}  // namespace wisp::test
