#pragma once
// What the tests of this room share: a driver and nodes of one process, small jobs, a clock that is wound by
// looks.
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "actors/job.h"
#include "problems/catalog.h"
#include "runtime/in_process_transport.h"
#include "runtime/system.h"
#include "sparse/memory.h"
#include "tests/runtime/nodes.h"

namespace wisp::actors::test {

using runtime::test::kHang;

// A method of the tests' own: each worker pushes its gradient, with memory; the master steps with each push.
template <class T>
class PushWorker : public optim::WorkerRule<T> {
 public:
  explicit PushWorker(const optim::WorkerPlace& place)
      : sparsifier_(place.make_sparsifier<T>()), memory_(place.dim), gradient_(place.dim) {}
  sparse::Vector<T> step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) override {
    f.gradient(x, gradient_);
    return memory_.send(gradient_, T{1}, *sparsifier_, round);
  }

 private:
  const std::unique_ptr<sparse::Sparsifier<T>> sparsifier_;
  sparse::Memory<T> memory_;
  std::vector<T> gradient_;
};

template <class T>
class PushMaster : public optim::MasterRule<T> {
 public:
  explicit PushMaster(const optim::MasterPlace& place) : step_(static_cast<T>(place.step)), sum_(place.dim) {}
  void absorb(std::uint32_t, const sparse::VectorView<T>& update) override { update.add_to(sum_, T{1}); }
  void advance(std::span<T> iterate) override {
    for (std::size_t j = 0; j < iterate.size(); ++j) iterate[j] -= step_ * std::exchange(sum_[j], T{0});
  }

 private:
  const T step_;
  std::vector<T> sum_;
};

// Every step has a coordinate of its own, (worker * kLedgerSteps + round) of R^(n kLedgerSteps), and adds 1
// there. Odd steps keep theirs in mind, and the next one sends both: x then says which steps have counted,
// and how often.
inline constexpr std::uint32_t kLedgerSteps = 512;

template <class T>
class LedgerWorker : public optim::WorkerRule<T> {
 public:
  explicit LedgerWorker(const optim::WorkerPlace& place) : place_(place) {}
  sparse::Vector<T> step(std::uint64_t round, std::span<const T>, problems::Objective<T>&) override {
    WISP_CHECK(round < kLedgerSteps, "a short run");
    kept_.push_back(static_cast<std::uint32_t>(place_.worker * kLedgerSteps + round));
    std::vector<std::uint32_t> sent;
    if (round % 2 == 0) sent.swap(kept_);
    return of(sent);
  }
  void save(Packer& packer) const override { pack(packer, kept_); }
  void restore(Unpacker& unpacker) override { unpack(unpacker, kept_); }
  void recall(const sparse::VectorView<T>& sent) override {
    sent.for_each([this](std::uint32_t coordinate, T) { std::erase(kept_, coordinate); });
  }

 private:
  sparse::Vector<T> of(const std::vector<std::uint32_t>& coordinates) const {
    sparse::Vector<T> vector;
    vector.dim = place_.dim;
    vector.support = sparse::Support::kIndices;
    vector.numbers = coordinates;
    vector.values.assign(coordinates.size(), T{1});
    return vector;
  }
  const optim::WorkerPlace place_;
  std::vector<std::uint32_t> kept_;  // increasing
};

template <class T>
class LedgerMaster : public optim::MasterRule<T> {
 public:
  explicit LedgerMaster(const optim::MasterPlace& place) : sum_(place.dim) {}
  void absorb(std::uint32_t, const sparse::VectorView<T>& update) override { update.add_to(sum_, T{1}); }
  void advance(std::span<T> iterate) override {
    for (std::size_t j = 0; j < iterate.size(); ++j) iterate[j] += std::exchange(sum_[j], T{0});
  }

 private:
  std::vector<T> sum_;
};

// Those of wisp itself, push, and ledger.
inline const Catalogs& catalogs() {
  static Catalogs all;
  static const bool added = [] {
    optim::Method push{.name = "push",
                       .description = "",
                       .source = "",
                       .sparsifiers = {"identity", "top-k", "random-blocks"},
                       .other_sparsifiers = "",
                       .paper_step = [](const optim::Constants& c) { return 1 / (2 * c.L * c.workers); },
                       .takes_biased = true,
                       .consistencies = {"async", "ssp", "sync"}};
    all.methods.add(push.made_of<PushWorker, PushMaster>());
    optim::Method ledger{.name = "ledger",
                         .description = "",
                         .source = "",
                         .sparsifiers = {"identity"},
                         .other_sparsifiers = "",
                         .paper_step = [](const optim::Constants&) { return 1.0; },
                         .consistencies = {"async", "ssp", "sync"}};
    all.methods.add(ledger.made_of<LedgerWorker, LedgerMaster>());
    return true;
  }();
  static_cast<void>(added);
  return all;
}

// Each look at it is `step` later than the one before.
class TickingClock : public Clock {
 public:
  explicit TickingClock(std::chrono::nanoseconds step) : step_(step.count()) {}
  std::chrono::nanoseconds steady() const override { return std::chrono::nanoseconds(now_ += step_); }
  std::chrono::system_clock::time_point wall() const override { return {}; }

 private:
  const std::int64_t step_;
  mutable std::atomic<std::int64_t> now_{0};
};

// A driver, and nodes that serve it on threads of their own.
class Cluster {
 public:
  // `more` adds classes to wisp's own.
  explicit Cluster(const std::function<void(runtime::Registry&)>& more = [](runtime::Registry&) {}) {
    runtime::register_services(registry_);
    register_actors(registry_, catalogs());
    more(registry_);
    runtime::SystemOptions options;
    options.run = runtime::test::kRun;
    options.clock = &clock_;
    options.make_log = journal_.logs();
    options.on_failure = [](const std::string& why) { ADD_FAILURE() << why; };
    system_ = std::make_unique<runtime::System>(std::move(options), registry_, network_.attach(0));
  }
  ~Cluster() {
    while (!nodes_.empty()) end(nodes_.begin()->first);
  }

  runtime::System& system() { return *system_; }
  const runtime::test::Journal& journal() const { return journal_; }

  // Returns when the node has joined. `registry` and `clock` are the driver's where they are not given.
  void start(const std::string& name, const runtime::Registry* registry = nullptr,
             const Clock* clock = nullptr, unsigned threads = 0) {
    runtime::NodeParameters parameters;
    parameters.name = name;
    parameters.run = runtime::test::kRun;
    parameters.network.self = system_->expect(name);
    parameters.driver = system_->node().address();
    parameters.threads = threads;
    const auto serve_it = [this, parameters, registry, clock] {
      runtime::serve(parameters, registry == nullptr ? registry_ : *registry,
                     clock == nullptr ? clock_ : *clock, journal_.logs(),
                     network_.attach(parameters.network.self), nullptr, kHang);
    };
    nodes_.emplace(name, Serving{parameters.network.self, std::thread(serve_it)});
    system_->wait_for({parameters.network.self}, kHang, [](const auto&) {});
  }
  // Returns its number when it has ended; nobody has been told.
  runtime::NodeId end(const std::string& name) {
    Serving serving = std::move(nodes_.at(name));
    nodes_.erase(name);
    system_->stop(serving.id);
    serving.thread.join();
    return serving.id;
  }

 private:
  struct Serving {
    runtime::NodeId id;
    std::thread thread;
  };
  const SystemClock clock_;
  runtime::test::Journal journal_;
  runtime::Registry registry_;
  runtime::InProcessNetwork network_;
  std::unique_ptr<runtime::System> system_;
  std::map<std::string, Serving> nodes_;
};

// What the monitor has told, for a thread that waits for it. The sinks share what is written: a monitor may
// still tell something when the test that waited has ended.
class Reports {
 public:
  // As soon as there are `count`.
  std::vector<Progress> wait_for(std::size_t count) {
    std::unique_lock lock(told_->mutex);
    const bool there = told_->changed.wait_for(lock, kHang, [&] { return told_->progress.size() >= count; });
    EXPECT_TRUE(there) << told_->progress.size() << " reports";
    return told_->progress;
  }
  std::function<void(const Progress&)> sink() const {
    return [told = told_](const Progress& progress) {
      const std::lock_guard lock(told->mutex);
      told->progress.push_back(progress);
      told->changed.notify_all();
    };
  }

 private:
  struct Told {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Progress> progress;
  };
  const std::shared_ptr<Told> told_ = std::make_shared<Told>();
};

// Data that are made from the seed, in shards of unequal size.
inline JobSpec small_job(const std::string& method, Dtype dtype = Dtype::kFloat64) {
  JobSpec job;
  job.name = "small";
  job.seed = 7;
  job.dtype = dtype;
  job.problem.kind = "logistic";
  job.problem.l2 = 1e-3;
  job.problem.data.format = "synthetic";
  job.problem.data.dim = 13;
  job.problem.data.rows = 40;
  job.method.kind = method;
  job.method.step_size.kind = optim::StepSizeSpec::Kind::kPaper;
  job.stop.rounds = 25;
  job.worker.replicas = 3;
  return job;
}

// The same of push.
inline JobSpec pushed_job(const std::string& consistency = "async", Dtype dtype = Dtype::kFloat64) {
  JobSpec job = small_job("push", dtype);
  job.method.consistency.kind = consistency;
  return job;
}

// Worker i on nodes[i % n], "" being the driver's.
inline Layout layout_of(const JobSpec& job, const std::string& master,
                        const std::vector<std::string>& nodes) {
  Layout layout;
  layout.master_node = master;
  for (std::size_t i = 0; i < job.worker.replicas; ++i)
    layout.worker_nodes.push_back(nodes[i % nodes.size()]);
  layout.sources.assign(job.worker.replicas, catalogs().problems.prepare(job.problem));
  return layout;
}

}  // namespace wisp::actors::test
