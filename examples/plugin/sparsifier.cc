// A sparsifier: k neighbouring blocks of m, from a random one on, around the end.
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"
#include "plugin.h"

namespace mine {
namespace {

template <class T>
class RandomWindow : public wisp::sparse::Sparsifier<T> {
 public:
  explicit RandomWindow(const wisp::sparse::SparsifierPlace& place)
      : partition_(place.dim, place.density.blocks),
        size_(place.density.chosen),
        seed_(place.seed),
        worker_(place.worker) {}

  // A function of seed, worker and round: a worker that is restarted makes the same choice again.
  wisp::sparse::Vector<T> select(std::span<const T> dense, std::uint64_t round) const override {
    wisp::Rng rng(seed_, worker_, round, wisp::Purpose::kBlocks);
    const std::uint32_t first = rng.below(partition_.count());
    std::vector<std::uint32_t> blocks(size_);
    for (std::uint32_t i = 0; i < size_; ++i) blocks[i] = (first + i) % partition_.count();
    std::sort(blocks.begin(), blocks.end());
    return wisp::sparse::Vector<T>::restricted(dense, partition_, std::move(blocks));
  }

 private:
  wisp::sparse::Partition partition_;
  std::uint32_t size_;
  std::uint64_t seed_;
  std::uint32_t worker_;
};

}  // namespace

void add_sparsifier(wisp::sparse::Catalog& sparsifiers) {
  wisp::sparse::Kind kind;
  kind.name = "random-window";
  kind.description = "sends k neighbouring blocks of m, from a random one on";
  kind.like_random_blocks = true;  // each block has the chance k/m: ibcd and isega take it
  sparsifiers.add(kind.made_of<RandomWindow>());
}

}  // namespace mine
