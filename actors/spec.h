#pragma once
// What a job file may say of the run itself.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/settings.h"
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

struct MetricsSpec {
  std::string tap;  // where the master pushes a copy of each update; empty: nowhere (runtime/tap.h)

  template <class F>
  void fields(F& f) {
    f(tap);
  }
};

enum class Dtype : std::uint8_t { kFloat64, kFloat32 };

// One kind of actor of a job.
struct ActorSpec {
  std::uint32_t replicas = 1;
  runtime::Isolation isolation = runtime::Isolation::kProcess;
  std::string host;  // empty: the first host by name for a master, as placed for others
  runtime::PlacementSpec placement;
  runtime::ResourceSpec resources;
  std::map<std::string, std::string> env;

  template <class F>
  void fields(F& f) {
    f(replicas, isolation, host, placement, resources, env);
  }
};

// Some actors of one registered class, in a job that has neither problem nor method.
struct GroupSpec {
  std::string name;  // of the actor; with replicas: <name>-0, <name>-1, ...
  std::string class_name;
  Settings arguments;  // by the names that the class gave its constructor's parameters
  bool main = false;   // the job ends when its run() returns
  ActorSpec actor;

  std::vector<std::string> actor_names() const {
    if (actor.replicas == 1) return {name};
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < actor.replicas; ++i) names.push_back(name + "-" + std::to_string(i));
    return names;
  }
};

struct Catalogs;

// What `actors` needs of a job file that has a problem and a method.
struct JobSpec {
  std::string name;
  std::uint64_t seed = 0;
  Dtype dtype = Dtype::kFloat64;
  problems::ProblemSpec problem;
  optim::MethodSpec method;
  StopSpec stop;
  EvaluateSpec evaluate;
  MetricsSpec metrics;
  ActorSpec master;
  ActorSpec worker;

  // Throws Error (kConfig) for what no job can have.
  void check(const Catalogs& catalogs) const;
  template <class F>
  void fields(F& f) {
    f(name, seed, dtype, problem, method, stop, evaluate, metrics, master, worker);
  }
};

// float64 | float32, as job files and class names say it.
const char* to_string(Dtype dtype);

}  // namespace wisp::actors
