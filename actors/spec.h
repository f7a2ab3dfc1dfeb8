#pragma once
// What a job file may say of the run itself.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "optim/spec.h"
#include "problems/spec.h"
#include "runtime/spec.h"

namespace wisp::actors {

// A run stops at whichever comes first. What is not set does not stop it.
struct StopSpec {
  std::optional<double> gap;  // f(x) - f* <= gap; needs problem.optimum
  std::optional<std::uint64_t> rounds;
  std::optional<std::chrono::milliseconds> time;
  double diverged = 1e3;  // loss above this factor times the first loss, or not finite

  template <class F>
  void fields(F& f) {
    f(gap, rounds, time, diverged);
  }
};

struct EvaluateSpec {
  std::uint64_t every_rounds = 10;  // the loss is taken every so many rounds; never counted in the step time

  template <class F>
  void fields(F& f) {
    f(every_rounds);
  }
};

enum class Dtype : std::uint8_t { kFloat64, kFloat32 };

// One kind of actor of a job.
struct ActorSpec {
  std::uint32_t replicas = 1;
  runtime::Isolation isolation = runtime::Isolation::kProcess;
  std::string host;                  // the master's; empty: the first host by name
  runtime::PlacementSpec placement;  // the workers'
  std::map<std::string, std::string> env;

  template <class F>
  void fields(F& f) {
    f(replicas, isolation, host, placement, env);
  }
};

// What `actors` needs of a job file.
struct JobSpec {
  std::string name;
  std::uint64_t seed = 0;
  Dtype dtype = Dtype::kFloat64;
  problems::ProblemSpec problem;
  optim::MethodSpec method;
  StopSpec stop;
  EvaluateSpec evaluate;
  ActorSpec master;
  ActorSpec worker;

  // Throws Error (kConfig) for what no job can have.
  void check() const;
  template <class F>
  void fields(F& f) {
    f(name, seed, dtype, problem, method, stop, evaluate, master, worker);
  }
};

// float64 | float32, as job files and class names say it.
const char* to_string(Dtype dtype);

}  // namespace wisp::actors
