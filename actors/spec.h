#pragma once
// What a job file may say of the run itself.
#include <fnmatch.h>

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
  std::optional<double> gap = {};  // f(x) - f* <= gap; needs problem.optimum
  std::optional<std::uint64_t> rounds = {};
  std::optional<std::chrono::milliseconds> time = {};
  double diverged = 1e3;                      // loss above this factor times the first loss, or not finite
  std::optional<std::uint64_t> updates = {};  // of all workers together; n of them are a round
  std::optional<double> epochs = {};          // rows that were used, in multiples of all rows
  std::optional<std::uint64_t> bytes = {};    // of payload, up and down together

  // Whether anything but divergence stops the run.
  bool ends() const { return gap || rounds || time || updates || epochs || bytes; }
  template <class F>
  void fields(F& f) {
    f(gap, rounds, time, diverged, updates, epochs, bytes);
  }
};

// When the loss is taken, which is never counted in the step time. Exactly one is not 0.
struct EvaluateSpec {
  std::uint64_t every_rounds = 10;  // n updates are a round
  std::uint64_t every_updates = 0;
  std::chrono::milliseconds every{0};  // of step time

  template <class F>
  void fields(F& f) {
    f(every_rounds, every_updates, every);
  }
};

// How long something takes in a simulated job, drawn anew each time.
struct DelaySpec {
  std::string kind;  // constant | uniform (0 to twice the mean) | exponential | lognormal; empty: no time
  std::chrono::milliseconds mean{10};  // of lognormal: the median
  double sigma = 0.5;                  // lognormal: standard deviation of the logarithm

  template <class F>
  void fields(F& f) {
    f(kind, mean, sigma);
  }
};

// The times of an asynchronous job in `wisp simulate`. What is not set takes no time.
struct SimulationSpec {
  bool given = false;
  DelaySpec compute;  // of a step
  double spread = 1;  // the slowest worker's mean over the fastest's; the others lie between, evenly
                      // in the logarithm
  DelaySpec latency;  // of a message, either way
  std::uint64_t bandwidth = 0;  // bits per second of each worker's own link, either way; 0: without limit
  std::string staleness;  // geometric | uniform: instead of all these, the model that is sent is that of
                          // so many updates ago
  double staleness_mean = 0;
  std::uint64_t seed = 0;  // of all these; set by who simulates

  template <class F>
  void fields(F& f) {
    f(given, compute, spread, latency, bandwidth, staleness, staleness_mean, seed);
  }
};

// When the state of the whole run is written to the job's folder. At most one of the three is not 0; all 0:
// never.
struct CheckpointSpec {
  std::uint64_t every_rounds = 0;  // n updates are a round
  std::uint64_t every_updates = 0;
  std::chrono::milliseconds every{10'000};  // at least so long after the one before
  bool paced = true;  // by default: it is also left for as long as keeps what they take below 3 % of the time
  std::uint32_t keep = 3;        // the last ones
  std::uint32_t copies = 1;      // 2: one counts when another host has it, too
  std::string resume = "never";  // auto: from the last checkpoint of a job of this name, if there is one |
                                 // never | from that of the job folder at this path

  bool enabled() const { return every_rounds != 0 || every_updates != 0 || every.count() != 0; }
  template <class F>
  void fields(F& f) {
    f(every_rounds, every_updates, every, paced, keep, copies, resume);
  }
};

// What is done to a run on purpose, for people to see what it stands.
struct ChaosSpec {
  enum class Kind : std::uint8_t { kKill, kStop, kSlow, kDelay, kDrop, kPartition };

  Kind kind = Kind::kKill;
  std::string target;               // an actor, a pattern of them such as worker-*, or host:<name>
  std::chrono::milliseconds at{0};  // since the run's begin; of what is repeated: the first time
  std::chrono::milliseconds every{
      0};  // and then again and again, each time to one target of all; 0: once, to all
  std::chrono::milliseconds until{0};  // not later; 0: until the run ends
  std::chrono::milliseconds lasts{0};  // all but kKill
  double factor = 1;                   // kSlow: a process has 1/factor of the processor
  std::chrono::milliseconds by{0};     // kDelay: each frame from and to a process
  double rate = 0;                     // kDrop: the share of such frames that is lost

  // Whether the target is this actor, or a pattern that fits it; never if it is a host.
  bool aims_at(const std::string& actor) const {
    return host().empty() && ::fnmatch(target.c_str(), actor.c_str(), 0) == 0;
  }
  // The name of the host that is the target; empty if it is none.
  std::string host() const { return target.starts_with("host:") ? target.substr(5) : ""; }
  // Whether it happens on the way of frames, and not to processes.
  bool is_of_network() const { return kind >= Kind::kDelay; }
};

// kill | stop | slow | delay | drop | partition.
const char* to_string(ChaosSpec::Kind kind);

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
  runtime::RestartSpec restart;

  template <class F>
  void fields(F& f) {
    f(replicas, isolation, host, placement, resources, env, restart);
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
  CheckpointSpec checkpoint;
  runtime::FailureSpec failure;
  MetricsSpec metrics;
  ActorSpec master;
  ActorSpec worker;
  SimulationSpec simulation;
  std::string record;  // file for the order of an asynchronous run's updates; empty: none
  std::string replay;  // such a file, whose order the run is to take; empty: as they come

  // Throws Error (kConfig) for what no job can have.
  void check(const Catalogs& catalogs) const;
  template <class F>
  void fields(F& f) {
    f(name, seed, dtype, problem, method, stop, evaluate, checkpoint, failure, metrics, master, worker,
      simulation, record, replay);
  }
};

// float64 | float32, as job files and class names say it.
const char* to_string(Dtype dtype);

}  // namespace wisp::actors
