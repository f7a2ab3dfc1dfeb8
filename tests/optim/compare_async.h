#pragma once
// The comparisons that the asynchronous methods' tests make: the product's rules and the naive oracles,
// arrival by arrival.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/optim/compare_with_oracle.h"
#include "tests/support/async_oracle.h"
#include "tests/support/async_run.h"

namespace wisp::test {

// A small problem with everything that runs and oracles need of it.
template <class T>
struct AsyncProblem {
  AsyncProblem(const Case& c, std::uint64_t the_seed)
      : dense(random_problem(c.loss, c.d, c.n, c.rows, 0.01, the_seed)),
        constants(constants_of(dense)),
        start(random_start(c.d, the_seed)) {
    for (const DenseProblem& each : dense) objectives.push_back(make_dense_objective<T>(each));
  }

  std::vector<T> start_as_T() const { return {start.begin(), start.end()}; }

  std::vector<DenseProblem> dense;
  problems::Smoothness constants;
  std::vector<double> start;
  Objectives<T> objectives;
};

inline optim::MethodSpec async_spec(const char* kind, const char* sparsifier, double density,
                                    double mean_step) {
  optim::MethodSpec spec;
  spec.kind = kind;
  spec.step_size = {.kind = optim::StepSizeSpec::Kind::kNumber, .value = mean_step};
  spec.sparsifier = {.kind = sparsifier, .density = density};
  spec.sparsifier_given = true;
  return spec;
}

using MakeSpec = std::function<optim::MethodSpec(const Case&, double mean_step)>;
using MakeOracle = std::function<std::unique_ptr<AsyncOracle>(OracleSetting, const Case&, double mean_step,
                                                              const Dense& start)>;

// 50 arrivals of each awkward case, under each law of staleness, within `tolerance` (relative to max(1, |x|))
// of the oracle's. setting.m and setting.k are those of the job.
template <class T>
void expect_follows(const MakeSpec& make_spec, const MakeOracle& make_oracle, double tolerance,
                    const problems::RegulariserSpec& regulariser = {}) {
  std::uint64_t case_seed = seed();
  for (const Case& c : awkward_cases()) {
    for (const Staleness law : {Staleness::kEvents, Staleness::kGeometric, Staleness::kUniform}) {
      const AsyncProblem<T> problem(c, ++case_seed);
      const double mean_step = 0.1 / problem.constants.L;
      const optim::MethodSpec spec = make_spec(c, mean_step);
      OracleSetting setting = oracle_setting(c, problem.dense, case_seed, 0);
      const sparse::Density density = sparse::Catalog().density(
          spec.sparsifier, static_cast<std::uint32_t>(c.d), static_cast<std::uint32_t>(c.n));
      setting.m = density.blocks;
      setting.k = density.chosen;
      const auto oracle = make_oracle(setting, c, mean_step, problem.start);
      AsyncRun<T> run(problem.objectives, spec, case_seed, problem.constants, problem.start_as_T(),
                      {.staleness = law}, regulariser);
      for (int update = 1; update <= 50; ++update) {
        run.step();
        oracle->arrive(run.last().worker, run.last().read);
        const std::vector<double> x(run.x().begin(), run.x().end());
        const double size = std::max(1.0, std::sqrt(squared_norm(oracle->x())));
        ASSERT_LE(largest_difference(x, oracle->x()), tolerance * size)
            << spec.kind << " " << spec.sparsifier.kind << " d=" << c.d << " n=" << c.n << " law "
            << static_cast<int>(law) << " update " << update;
      }
    }
  }
}

// The state of every rule goes through bytes into new rules after each arrival: the same bits as without.
template <class T>
void expect_survives_restart(const optim::MethodSpec& spec) {
  const Case c = awkward_cases()[1];
  const AsyncProblem<T> problem(c, seed());
  const std::vector<T> start(c.d, T{1});
  AsyncRun<T> straight(problem.objectives, spec, seed(), problem.constants, start);
  AsyncRun<T> restarted(problem.objectives, spec, seed(), problem.constants, start);
  for (int update = 0; update < 40; ++update) {
    straight.step();
    restarted.step();
    restarted.restart();
    ASSERT_EQ(straight.x(), restarted.x()) << spec.kind << " update " << update;
  }
}

// One worker that sends everything is never late: gradient descent, but for rounding.
inline void expect_is_gd_for_one_worker(const optim::MethodSpec& spec, double tolerance) {
  Case c = awkward_cases()[5];
  const AsyncProblem<double> problem(c, seed());
  for (const Staleness law : {Staleness::kEvents, Staleness::kGeometric, Staleness::kUniform}) {
    AsyncRun<double> run(problem.objectives, spec, seed(), problem.constants, problem.start,
                         {.staleness = law});
    MethodRun<double> gd(problem.dense, method_spec("gd", c, spec.step_size.value), seed(), problem.constants,
                         problem.start);
    for (int update = 0; update < 50; ++update) {
      run.step();
      gd.step();
      ASSERT_LE(largest_difference(run.x(), gd.x()), tolerance) << spec.kind << " update " << update;
    }
    EXPECT_EQ(run.staleness_max(), 0U);
  }
}

}  // namespace wisp::test
