#pragma once
// The comparison that every method's test makes: the product's rules and the naive oracle, step by step.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/method_run.h"
#include "tests/support/oracle.h"
#include "tests/support/seed.h"

namespace wisp::test {

inline std::vector<double> random_start(std::size_t d, std::uint64_t seed) {
  Rng rng(seed, 0, 0, Purpose::kInit);
  std::vector<double> x(d);
  for (double& each : x) each = rng.normal();
  return x;
}

// What a comparison does beside.
struct Variant {
  Dealt dealt = Dealt::kRows;
  std::uint32_t batch_size = 0;
};

// A mean step that no method diverges with in 50 rounds.
inline double safe_step(const problems::Smoothness& constants, const Variant& variant) {
  const bool of_samples = variant.batch_size > 0 || variant.dealt != Dealt::kRows;
  return of_samples ? 0.1 / constants.L_sample : 0.3 / constants.L;
}

// 50 steps of the method named `kind` from a random start, each within `tolerance` (relative to max(1, |x|))
// of the oracle's. `gamma_of_mean_step(tau)`: the paper's gamma is that times the mean step. float runs
// against the double oracle.
template <class T, class OracleOf>
void expect_follows_oracle(const char* kind, double tolerance, double (*gamma_of_mean_step)(double tau),
                           const Variant& variant = {}) {
  std::uint64_t case_seed = seed();
  for (Case c : awkward_cases()) {
    ++case_seed;
    const auto problem = dealt(random_problem(c.loss, c.d, c.n, c.rows, 0.01, case_seed), variant.dealt);
    c.n = problem.size();
    const problems::Smoothness constants = constants_of(problem);
    const double mean_step = safe_step(constants, variant);
    OracleSetting setting = oracle_setting(c, problem, case_seed, 0);
    setting.batch = variant.batch_size;
    optim::MethodSpec spec = method_spec(kind, c, mean_step);
    spec.batch_size = variant.batch_size;
    if (!spec.sparsifier_given) setting.k = setting.m;
    setting.gamma =
        mean_step * gamma_of_mean_step(static_cast<double>(setting.k) / static_cast<double>(setting.m));
    const std::vector<double> start = random_start(c.d, case_seed);

    OracleOf oracle(setting, start);
    MethodRun<T> run(problem, spec, case_seed, constants, std::vector<T>(start.begin(), start.end()));
    for (int step = 1; step <= 50; ++step) {
      oracle.step();
      run.step();
      const std::vector<double> x(run.x().begin(), run.x().end());
      const double size = std::max(1.0, std::sqrt(squared_norm(oracle.x())));
      ASSERT_LE(largest_difference(x, oracle.x()), tolerance * size)
          << kind << " d=" << c.d << " n=" << c.n << " step " << step;
    }
  }
}

// The state of every rule goes through bytes into new rules half way: the same bits as without.
template <class T>
void expect_survives_restart(const char* kind, const Variant& variant = {}) {
  const Case c = awkward_cases()[1];
  const auto problem = dealt(random_problem(c.loss, c.d, c.n, c.rows, 0.01, seed()), variant.dealt);
  const problems::Smoothness constants = constants_of(problem);
  optim::MethodSpec spec = method_spec(kind, c, safe_step(constants, variant));
  spec.batch_size = variant.batch_size;
  MethodRun<T> straight(problem, spec, seed(), constants, std::vector<T>(c.d, T{1}));
  MethodRun<T> restarted(problem, spec, seed(), constants, std::vector<T>(c.d, T{1}));
  for (int step = 0; step < 20; ++step) {
    straight.step();
    restarted.step();
    restarted.restart();
    ASSERT_EQ(straight.x(), restarted.x()) << kind << " step " << step;
  }
}

// With tau = 1 everything is sent, and the method is `other`, but for rounding.
inline void expect_is_the_same_when_all_is_sent(const char* kind, const char* other, double tolerance,
                                                const Variant& variant = {}) {
  for (const bool identity : {false, true}) {
    Case c = awkward_cases()[1];
    c.density = 1;
    const auto problem = dealt(random_problem(c.loss, c.d, c.n, c.rows, 0.01, seed()), variant.dealt);
    const problems::Smoothness constants = constants_of(problem);
    const double step = safe_step(constants, variant);
    optim::MethodSpec spec = method_spec(kind, c, step);
    if (identity) spec.sparsifier = {};
    optim::MethodSpec other_spec = method_spec(other, c, step);
    spec.batch_size = other_spec.batch_size = variant.batch_size;
    const std::vector<double> start = random_start(c.d, seed());
    MethodRun<double> sparse(problem, spec, seed(), constants, start);
    MethodRun<double> dense(problem, other_spec, seed(), constants, start);
    for (int step_number = 0; step_number < 50; ++step_number) {
      sparse.step();
      dense.step();
      ASSERT_LE(largest_difference(sparse.x(), dense.x()), tolerance)
          << kind << (identity ? " identity" : "") << " step " << step_number;
    }
  }
}

inline void expect_is_gd_when_all_is_sent(const char* kind, double tolerance) {
  expect_is_the_same_when_all_is_sent(kind, "gd", tolerance);
}

// How far a long run that sends its values as `dtype` ends from where exact gradient descent does.
inline double distance_with_values_as(const char* kind, const char* dtype) {
  const Case c = awkward_cases()[0];
  const auto problem = random_problem(c.loss, c.d, c.n, c.rows, 0.1, seed());
  const problems::Smoothness constants = constants_of(problem);
  const std::vector<double> start = random_start(c.d, seed());
  MethodRun<double> exact(problem, method_spec("gd", c, 1 / constants.L), seed(), constants, start);
  optim::MethodSpec spec = method_spec(kind, c, 0.1 / constants.L);
  spec.wire.values = dtype;
  MethodRun<double> rounded(problem, spec, seed(), constants, start);
  for (int step = 0; step < 10'000; ++step) {
    exact.step();
    rounded.step();
  }
  return largest_difference(exact.x(), rounded.x());
}

}  // namespace wisp::test
