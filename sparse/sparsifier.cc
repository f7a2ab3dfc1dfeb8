#include "sparse/sparsifier.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/rng.h"

namespace wisp::sparse {
namespace {

constexpr std::array<SparsifierEntry, 2> kEntries{{
    {"identity", "sends everything"},
    {"random-blocks", "sends k of m blocks of coordinates, drawn anew by each worker in each round"},
}};

template <class T>
class Identity : public Sparsifier<T> {
 public:
  Vector<T> select(std::span<const T> dense, std::uint64_t /*round*/) const override {
    return Vector<T>::all(std::vector<T>(dense.begin(), dense.end()));
  }
};

template <class T>
class RandomBlocks : public Sparsifier<T> {
 public:
  RandomBlocks(Density density, std::uint32_t dim, std::uint64_t seed, std::uint32_t worker)
      : partition_(dim, density.blocks), chosen_(density.chosen), seed_(seed), worker_(worker) {}

  Vector<T> select(std::span<const T> dense, std::uint64_t round) const override {
    Rng rng(seed_, worker_, round, Purpose::kBlocks);
    std::vector<std::uint32_t> numbers(chosen_);
    rng.sample_without_replacement(partition_.count(), numbers);
    return Vector<T>::restricted(dense, partition_, std::move(numbers));
  }

 private:
  Partition partition_;
  std::uint32_t chosen_;
  std::uint64_t seed_;
  std::uint32_t worker_;
};

}  // namespace

Density density(const SparsifierSpec& spec, std::uint32_t dim, std::uint32_t workers) {
  WISP_CHECK(workers > 0, "there is at least one worker");
  if (spec.kind == "identity") return {};
  const std::uint32_t blocks = Partition(dim, spec.blocks == 0 ? workers : spec.blocks).count();
  const double tau = spec.density == 0 ? 1.0 / workers : spec.density;
  const auto rounded = static_cast<std::uint32_t>(tau * blocks + 0.5);
  return {.blocks = blocks, .chosen = std::clamp(rounded, 1U, blocks)};
}

template <class T>
std::unique_ptr<Sparsifier<T>> make_sparsifier(const SparsifierSpec& spec, std::uint32_t dim,
                                               std::uint32_t workers, std::uint64_t seed,
                                               std::uint32_t worker) {
  spec.check();
  if (spec.kind == "identity") return std::make_unique<Identity<T>>();
  return std::make_unique<RandomBlocks<T>>(density(spec, dim, workers), dim, seed, worker);
}

std::span<const SparsifierEntry> sparsifiers() { return kEntries; }

template std::unique_ptr<Sparsifier<float>> make_sparsifier(const SparsifierSpec&, std::uint32_t,
                                                            std::uint32_t, std::uint64_t, std::uint32_t);
template std::unique_ptr<Sparsifier<double>> make_sparsifier(const SparsifierSpec&, std::uint32_t,
                                                             std::uint32_t, std::uint64_t, std::uint32_t);

}  // namespace wisp::sparse
