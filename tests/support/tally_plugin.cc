// A method by which real runs are checked, in the way of Jepsen's set: what has counted can be read off x.
//
// Worker i has three coordinates of its own. Its r-th step (r = 0, 1, ...) adds 1 to the first, r + 1 to the
// second, and mix(i, r) to the third: with R steps, x has R, the sum of 1 .. R, and the sum of the mixed
// numbers, if each counted once. r is a count that the worker keeps itself, so that a worker which goes on
// from the wrong state is told, too.
// tests/system/kills_test.py reads the sums.
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "actors/plugin.h"
#include "optim/rule.h"

namespace {

constexpr std::uint32_t kCoordinates = 3;  // of each worker
constexpr std::uint64_t kMixed = 1 << 20;  // numbers below this: sums of a thousand million of them are exact

double mix(std::uint64_t worker, std::uint64_t step) {
  std::uint64_t x = (worker << 40) + step + 1;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return static_cast<double>((x ^ (x >> 31)) % kMixed);
}

template <class T>
class TallyWorker : public wisp::optim::WorkerRule<T> {
 public:
  explicit TallyWorker(const wisp::optim::WorkerPlace& place)
      : place_(place), pause_(place.settings.get<std::int64_t>("pause")) {}
  wisp::sparse::Vector<T> step(std::uint64_t, std::span<const T>, wisp::problems::Objective<T>&) override {
    if (pause_.count() > 0) std::this_thread::sleep_for(pause_);
    wisp::sparse::Vector<T> update;
    update.dim = place_.dim;
    update.support = wisp::sparse::Support::kIndices;
    for (std::uint32_t j = 0; j < kCoordinates; ++j)
      update.numbers.push_back(kCoordinates * place_.worker + j);
    update.values = {T{1}, static_cast<T>(steps_ + 1), static_cast<T>(mix(place_.worker, steps_))};
    ++steps_;
    return update;
  }
  void save(wisp::Packer& packer) const override { pack(packer, steps_); }
  void restore(wisp::Unpacker& unpacker) override { unpack(unpacker, steps_); }
  void recall(const wisp::sparse::VectorView<T>&) override { ++steps_; }

 private:
  const wisp::optim::WorkerPlace place_;
  const std::chrono::milliseconds pause_;
  std::uint64_t steps_ = 0;
};

template <class T>
class TallyMaster : public wisp::optim::MasterRule<T> {
 public:
  explicit TallyMaster(const wisp::optim::MasterPlace& place) : sum_(place.dim) {}
  void absorb(std::uint32_t, const wisp::sparse::VectorView<T>& update) override {
    update.add_to(sum_, T{1});
  }
  void advance(std::span<T> iterate) override {
    for (std::size_t j = 0; j < iterate.size(); ++j) iterate[j] += std::exchange(sum_[j], T{0});
  }

 private:
  std::vector<T> sum_;
};

}  // namespace

WISP_PLUGIN(plugin) {
  wisp::optim::Method tally{
      .name = "tally",
      .description = "counts the steps of each worker in x, for tests",
      .source = "wisp's own tests",
      .sparsifiers = {"identity"},
      .other_sparsifiers = "it has coordinates of its own",
      .theory_step = [](const wisp::optim::Constants&) { return 1.0; },
      .settings = {wisp::Setting::of<std::int64_t>("pause", "milliseconds that a step takes", 0).from(0)},
      .consistencies = {"sync", "async", "ssp"}};
  plugin.methods.add(tally.made_of<TallyWorker, TallyMaster>());
}
