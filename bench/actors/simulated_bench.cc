// Simulated asynchronous workers beside the same rules in a plain loop: what a worker's step costs more, and
// how much memory it all takes. Both do the same steps at the same models, in the order that the simulation
// had, and come to the same bits.
//
// usage: actors_simulated_bench [workers [updates]]

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "actors/arrivals.h"
#include "actors/job.h"
#include "base/hash.h"
#include "problems/catalog.h"
#include "runtime/simulated_world.h"

namespace wisp::bench {
namespace {

constexpr std::uint32_t kDim = 10'000;
constexpr std::uint32_t kSent = 100;  // 1 %
constexpr double kGoal = 5e-6;        // seconds more a step
constexpr int kTurns = 3;

// Of this process; the machine may do other things meanwhile.
double seconds_of_processor() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double memory_most() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

actors::JobSpec job_of(std::uint32_t workers, std::uint64_t updates) {
  actors::JobSpec job;
  job.name = "simulated";
  job.seed = 1;
  job.problem.kind = "logistic";
  job.problem.l2 = 1e-3;
  job.problem.data.format = "synthetic";
  job.problem.data.dim = kDim;
  job.problem.data.rows = workers;
  job.method.kind = "async-sgd";
  job.method.error_feedback = true;
  job.method.consistency.kind = "async";
  job.method.step_size = {.kind = optim::StepSizeSpec::Kind::kNumber, .value = 1e-4};
  job.method.sparsifier = {.kind = "top-k", .density = static_cast<double>(kSent) / kDim};
  job.method.sparsifier_given = true;
  job.worker.replicas = workers;
  job.stop = {.updates = updates};
  job.evaluate = {.every_rounds = 0, .every_updates = updates};
  job.simulation.given = true;
  job.simulation.compute = {.kind = "exponential", .mean = std::chrono::milliseconds(10)};
  job.record = "memory";
  return job;
}

struct Ran {
  actors::Summary summary;
  Bytes record;
  double seconds = 0;  // of the processor, from the first evaluation's end to the last one's
};

Ran simulated(const actors::JobSpec& job, const actors::Catalogs& catalogs, const problems::Source& source) {
  runtime::Registry registry;
  runtime::register_services(registry);
  actors::register_actors(registry, catalogs);
  runtime::WorldOptions options;
  options.events_most = 1'000'000'000;
  runtime::SimulatedWorld world(options, registry);
  actors::Layout layout;
  layout.worker_nodes.assign(job.worker.replicas, "");
  layout.sources.assign(job.worker.replicas, source);
  std::vector<std::byte> file;
  std::vector<double> at;
  auto running = actors::start(world.system(), job, layout, std::nullopt,
                               [&](const auto&) { at.push_back(seconds_of_processor()); },
                               {.on_record = [&](const Bytes& piece) {
                                 file.insert(file.end(), piece.span().begin(), piece.span().end());
                               }});
  Ran ran;
  ran.summary = running.summary.get();
  ran.record = Bytes::copy(file);
  ran.seconds = at.back() - at.front();
  return ran;
}

class PlainLoop {
 public:
  PlainLoop(const actors::JobSpec& job, const actors::Catalogs& catalogs, const problems::Source& source)
      : workers_(job.worker.replicas), job_(job), catalogs_(catalogs) {
    for (std::uint32_t i = 0; i < workers_; ++i) {
      objectives_.push_back(
          catalogs.problems.make_objective<double>(job.problem, source, i, workers_, job.seed));
    }
  }

  // Seconds of the processor; `hash` is what it comes to.
  double run(const std::vector<actors::Arrival>& order, std::string& hash) {
    std::vector<std::unique_ptr<optim::WorkerRule<double>>> rules;
    for (std::uint32_t i = 0; i < workers_; ++i) {
      rules.push_back(catalogs_.methods.make_worker<double>(job_.seed, i, workers_, kDim, job_.method));
    }
    const auto master = catalogs_.methods.make_master<double>(workers_, kDim, job_.method, {1, 0});
    std::vector<double> x(kDim, 0.0);
    std::vector<std::uint64_t> rounds(workers_);
    std::vector<sparse::Vector<double>> pending(workers_);
    const double start = seconds_of_processor();
    const auto step = [&](std::uint32_t i) { pending[i] = rules[i]->step(rounds[i]++, x, *objectives_[i]); };
    for (std::uint32_t i = 0; i < workers_; ++i) step(i);
    for (const actors::Arrival& arrival : order) {
      master->absorb(arrival.worker, pending[arrival.worker]);
      master->advance(x);
      step(arrival.worker);
    }
    double loss = 0;
    for (const auto& objective : objectives_) loss += objective->loss(x);
    const double seconds = seconds_of_processor() - start;
    hash = loss == loss ? sha256_hex(std::as_bytes(std::span(x))).substr(0, 16) : "";
    return seconds;
  }

 private:
  const std::uint32_t workers_;
  const actors::JobSpec& job_;
  const actors::Catalogs& catalogs_;
  std::vector<std::unique_ptr<problems::Objective<double>>> objectives_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void print(const std::string& name, double value, const char* unit, double reference, double goal,
           bool holds) {
  std::printf(
      "{\"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", \"reference\": %.6g, \"ratio\": %.4g, \"goal\": "
      "%.6g, \"holds\": %s}\n",
      name.c_str(), value, unit, reference, reference > 0 ? value / reference : 0.0, goal,
      holds ? "true" : "false");
}

void race(std::uint32_t workers, std::uint64_t updates) {
  const actors::Catalogs catalogs;
  const actors::JobSpec job = job_of(workers, updates);
  const problems::Source source = catalogs.problems.prepare(job.problem);
  PlainLoop loop(job, catalogs, source);
  std::vector<double> extra, plain, staleness;
  for (int turn = 0; turn < kTurns; ++turn) {
    const Ran ran = simulated(job, catalogs, source);
    std::string hash;
    const double seconds = loop.run(actors::read_arrivals(ran.record, job, "the record").all, hash);
    if (hash != ran.summary.iterate_hash)
      throw std::runtime_error("they differ: " + hash + ", " + ran.summary.iterate_hash);
    const auto steps = static_cast<double>(updates);
    plain.push_back(seconds / steps);
    extra.push_back((ran.seconds - seconds) / steps);
    staleness.push_back(ran.summary.last.staleness.mean());
  }
  const std::string name = "actors/simulated_" + std::to_string(workers) + "_workers";
  print(name + "_more_a_step", median(extra), "s", median(plain), kGoal, median(extra) <= kGoal);
  const double mean = workers - 1;
  const double found = median(staleness);
  print(name + "_staleness", found, "updates", mean, 0.02, found > 0.98 * mean && found < 1.02 * mean);
  const double bytes = memory_most();
  print(name + "_memory_and_the_plain_loop", bytes, "B", 0, 2e9, bytes < 2e9);
}

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) {
  const int workers = argc > 1 ? std::atoi(argv[1]) : 1000;
  const int updates = argc > 2 ? std::atoi(argv[2]) : 100'000;
  if (workers < 1 || updates < 1) return 2;
  wisp::bench::race(static_cast<std::uint32_t>(workers), static_cast<std::uint64_t>(updates));
}
