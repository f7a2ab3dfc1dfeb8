#pragma once
// How fast a method converges: what the tests of the papers' claims measure.
#include <cstdint>
#include <vector>

#include "optim/reference_solver.h"
#include "tests/optim/compare_with_oracle.h"

namespace wisp::test {

struct Outcome {
  int rounds = 0;
  std::uint64_t values_sent = 0;
};

inline constexpr double kReduction = 1e-6;  // of the squared distance to x*

inline double squared_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return sum;
}

// Rounds and values until the squared distance to `x_star` has fallen by kReduction; at most `rounds_max`.
inline Outcome run_to_tolerance(const std::vector<DenseProblem>& problem, const optim::MethodSpec& spec,
                                problems::Smoothness constants, const std::vector<double>& start,
                                const std::vector<double>& x_star, int rounds_max,
                                std::uint64_t run_seed = seed()) {
  MethodRun<double> run(problem, spec, run_seed, constants, start);
  const double goal = kReduction * squared_distance(start, x_star);
  Outcome outcome;
  while (outcome.rounds < rounds_max && !(squared_distance(run.x(), x_star) <= goal)) {
    run.step();
    ++outcome.rounds;
  }
  outcome.values_sent = run.values_sent();
  return outcome;
}

// The minimiser of the mean of the problem's functions.
inline std::vector<double> minimiser(const std::vector<DenseProblem>& problem) {
  const auto f = make_dense_objective<double>(dealt(problem, Dealt::kOneMachine).front());
  return optim::solve(*f, std::vector<double>(problem.front().d)).x;
}

}  // namespace wisp::test
