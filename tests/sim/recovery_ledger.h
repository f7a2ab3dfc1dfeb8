#pragma once
// The tally: a method whose x says which steps of which worker have counted, and how often.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "actors/catalogs.h"
#include "base/check.h"
#include "base/rng.h"

namespace wisp::actors::sim {

// Steps that a worker may make.
inline constexpr std::uint32_t kSteps = 192;

// Coordinates of step `round` of `worker`: that it was taken in, and what it computed, which may travel
// later.
constexpr std::uint32_t mark_of(std::uint32_t worker, std::uint32_t round) {
  return 2 * kSteps * worker + round;
}
constexpr std::uint32_t mass_of(std::uint32_t worker, std::uint32_t round) {
  return mark_of(worker, round) + kSteps;
}

// Sees what workers have in mind, and what masters take in, without a network in between.
class TallyWitness {
 public:
  // `in_rounds`: what a worker does is to be a function of the job. `zombies`: who was replaced may still do
  // something. `bound`: how many steps a worker may be ahead of the slowest.
  TallyWitness(std::uint64_t seed, bool in_rounds, bool zombies, std::uint32_t bound)
      : in_rounds_(in_rounds), zombies_(zombies), bound_(bound), rng_(seed, 3, 0, Purpose::kFaults) {}

  // An actor is made for this worker: what its predecessor had in mind may be lost.
  void born(std::uint32_t worker) {
    const std::set<std::uint32_t> mind = std::exchange(mind_[worker], {});
    may_miss_.insert(mind.begin(), mind.end());
  }
  // A rule is made for it; the ones before have no say any more.
  std::uint64_t take_over(std::uint32_t worker) { return present_[worker] = ++rules_; }
  void has_in_mind(std::uint32_t worker, std::uint64_t rule, std::set<std::uint32_t> mind) {
    if (zombies_) may_miss_.insert(mind.begin(), mind.end());  // it is not known which rule is the last
    if (present_[worker] == rule) mind_[worker] = std::move(mind);
  }
  // Whether a step sends what was kept so far. Where that may differ, it does when a step is made again.
  bool sends(std::uint64_t round) { return in_rounds_ ? round % 2 == 0 : rng_.below(2) == 0; }
  bool may_be_missing(std::uint32_t coordinate) const {
    if (may_miss_.contains(coordinate)) return true;
    return std::any_of(mind_.begin(), mind_.end(),
                       [&](const auto& each) { return each.second.contains(coordinate); });
  }
  std::uint32_t bound() const { return bound_; }
  void violated(const std::string& what) {
    if (violation_.empty()) violation_ = what;
  }
  const std::string& violation() const { return violation_; }
  // The one of this thread's world: rules are made far from the test.
  static TallyWitness*& current() {
    static thread_local TallyWitness* witness = nullptr;
    return witness;
  }

 private:
  const bool in_rounds_;
  const bool zombies_;
  const std::uint32_t bound_;
  Rng rng_;
  std::uint64_t rules_ = 0;
  std::map<std::uint32_t, std::uint64_t> present_;  // by worker: its rule
  std::map<std::uint32_t, std::set<std::uint32_t>> mind_;
  std::set<std::uint32_t> may_miss_;
  std::string violation_;
};

// Each step sends its mark; and its mass, at once or with a later step.
template <class T>
class TallyWorker : public optim::WorkerRule<T> {
 public:
  explicit TallyWorker(const optim::WorkerPlace& place)
      : place_(place), rule_(TallyWitness::current()->take_over(place.worker)) {}
  sparse::Vector<T> step(std::uint64_t round, std::span<const T>, problems::Objective<T>&) override {
    WISP_CHECK(round < kSteps, "a short run");
    kept_.push_back(mass_of(place_.worker, static_cast<std::uint32_t>(round)));
    TallyWitness::current()->has_in_mind(place_.worker, rule_, {kept_.begin(), kept_.end()});
    std::vector<std::uint32_t> sent{mark_of(place_.worker, static_cast<std::uint32_t>(round))};
    if (TallyWitness::current()->sends(round)) {
      sent.insert(sent.end(), kept_.begin(), kept_.end());
      kept_.clear();
    }
    sparse::Vector<T> vector;
    vector.dim = place_.dim;
    vector.support = sparse::Support::kIndices;
    vector.values.assign(sent.size(), T{1});
    vector.numbers = std::move(sent);
    return vector;
  }
  void save(Packer& packer) const override { pack(packer, kept_); }
  void restore(Unpacker& unpacker) override { unpack(unpacker, kept_); }
  void recall(const sparse::VectorView<T>& sent) override {
    sent.for_each([this](std::uint32_t coordinate, T) { std::erase(kept_, coordinate); });
  }

 private:
  const optim::WorkerPlace place_;
  const std::uint64_t rule_;
  std::vector<std::uint32_t> kept_;  // increasing
};

template <class T>
class TallyMaster : public optim::MasterRule<T> {
 public:
  explicit TallyMaster(const optim::MasterPlace& place) : steps_(place.workers) {}
  void absorb(std::uint32_t worker, const sparse::VectorView<T>& update) override {
    TallyWitness& witness = *TallyWitness::current();
    bool marked = false;
    update.for_each([&](std::uint32_t coordinate, T) {
      sum_.push_back(coordinate);
      if (coordinate == mark_of(worker, steps_[worker])) marked = true;
    });
    if (!marked) witness.violated("an update was lost, doubled or overtaken");
    const auto slowest = *std::min_element(steps_.begin(), steps_.end());
    if (++steps_[worker] > slowest + 1 + witness.bound()) witness.violated("a worker is too far ahead");
  }
  void advance(std::span<T> iterate) override {
    for (const std::uint32_t coordinate : std::exchange(sum_, {})) {
      if (++iterate[coordinate] > 1) TallyWitness::current()->violated("an update has counted twice");
    }
  }
  void save(Packer& packer) const override { pack(packer, steps_); }
  void restore(Unpacker& unpacker) override {
    unpack(unpacker, steps_);
    sum_.clear();
  }

 private:
  std::vector<std::uint32_t> steps_;  // taken in, by worker
  std::vector<std::uint32_t> sum_;
};

// 0, and made once for each actor of a worker.
template <class T>
class Nothing : public problems::Objective<T> {
 public:
  Nothing(std::uint32_t worker, std::uint32_t dim) : dim_(dim) { TallyWitness::current()->born(worker); }
  std::uint32_t dim() const override { return dim_; }
  std::uint64_t rows() const override { return 0; }
  double loss(std::span<const T>) override { return 0; }
  void gradient(std::span<const T>, std::span<T> gradient) override {
    std::fill(gradient.begin(), gradient.end(), T{0});
  }
  problems::Smoothness smoothness() override { return {.L = 1, .mu = 1}; }

 private:
  const std::uint32_t dim_;
};

// Those of wisp, with method tally and problem nothing.
inline const Catalogs& catalogs() {
  static const std::unique_ptr<const Catalogs> all = [] {
    auto made = std::make_unique<Catalogs>();
    optim::Method tally{.name = "tally",
                        .description = "",
                        .source = "",
                        .sparsifiers = {"identity"},
                        .other_sparsifiers = "",
                        .paper_step = [](const optim::Constants&) { return 1.0; },
                        .consistencies = {"async", "ssp", "sync"}};
    made->methods.add(tally.made_of<TallyWorker, TallyMaster>());
    problems::Problem nothing{.name = "nothing", .description = "", .dim_max = 4096};
    nothing.seed32 = [](const problems::SeedPlace& place) {
      return std::make_unique<Nothing<float>>(place.worker, place.spec.data.dim);
    };
    nothing.seed64 = [](const problems::SeedPlace& place) {
      return std::make_unique<Nothing<double>>(place.worker, place.spec.data.dim);
    };
    nothing.mean64 = nothing.seed64;
    made->problems.add(std::move(nothing));
    return made;
  }();
  return *all;
}

}  // namespace wisp::actors::sim
