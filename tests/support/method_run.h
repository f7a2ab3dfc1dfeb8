#pragma once
// A method run in one thread without any actor, as the round master runs it, on the small problems of this
// folder.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "optim/catalog.h"
#include "optim/rule.h"
#include "optim/spec.h"
#include "tests/support/dense_objective.h"
#include "tests/support/oracle.h"

namespace wisp::test {

// Those of wisp itself.
const optim::Catalog& methods();

template <class T>
class MethodRun {
 public:
  // `constants`: what the step follows from.
  MethodRun(const std::vector<DenseProblem>& problem, const optim::MethodSpec& spec, std::uint64_t seed,
            problems::Smoothness constants, std::vector<T> start, problems::RegulariserSpec regulariser = {});
  void step();
  // Puts every rule's state, as bytes, into new rules and goes on with those: what a restart does.
  void restart();

  const std::vector<T>& x() const { return x_; }
  std::uint64_t values_sent() const { return values_sent_; }

 private:
  void make_rules();

  std::vector<std::unique_ptr<problems::Objective<T>>> objectives_;
  optim::MethodSpec spec_;
  std::uint64_t seed_;
  problems::Smoothness constants_;
  problems::RegulariserSpec regulariser_;
  std::vector<T> x_;
  std::vector<std::unique_ptr<optim::WorkerRule<T>>> workers_;
  std::unique_ptr<optim::MasterRule<T>> master_;
  std::uint64_t round_ = 0;
  std::uint64_t values_sent_ = 0;
};

// The largest L_i, and the smallest mu_i.
problems::Smoothness constants_of(const std::vector<DenseProblem>& problem);

// The job of a test: which problem, dealt to how many workers, with how many blocks and which share of them.
struct Case {
  Loss loss = Loss::kLogistic;
  std::size_t d = 1;
  std::size_t n = 1;
  std::size_t rows = 1;
  std::uint32_t blocks = 0;
  double density = 0;
};

// Cases that differ in everything a method could stumble over: uneven shards, d not divisible by m, m not by
// n, more workers than coordinates, one coordinate, one worker, everything sent.
std::vector<Case> awkward_cases();

// The same job for the oracle; `gamma` is the paper's.
OracleSetting oracle_setting(const Case& c, std::vector<DenseProblem> problem, std::uint64_t seed,
                             double gamma);

// With the sparsifier of the case where the method takes blocks, and its own where not.
optim::MethodSpec method_spec(const char* kind, const Case& c, double mean_step);

// How the problem of a case is dealt to its workers.
enum class Dealt {
  kRows,        // each has its own
  kAll,         // each has all of them
  kOneMachine,  // there is one worker, whatever the case says
};
// The same problem f dealt in another way.
std::vector<DenseProblem> dealt(std::vector<DenseProblem> problem, Dealt how);

double largest_difference(const std::vector<double>& a, const std::vector<double>& b);
double squared_norm(const std::vector<double>& a);

}  // namespace wisp::test
