// Random-k: k coordinates, every set of k equally likely.
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "sparse/sparsifier.h"

namespace wisp::sparse {
namespace {

// U is uniform among the subsets of {1, ..., d} of k elements: random-blocks with blocks of one. Whoever
// knows (seed, worker, round) can draw it again.
template <class T>
class RandomK : public Sparsifier<T> {
 public:
  explicit RandomK(const SparsifierPlace& place)
      : k_(place.density.chosen), seed_(place.seed), worker_(place.worker) {}

  Vector<T> select(std::span<const T> dense, std::uint64_t round) const override {
    Rng rng(seed_, worker_, round, Purpose::kBlocks);
    std::vector<std::uint32_t> chosen(k_);
    rng.sample_without_replacement(static_cast<std::uint32_t>(dense.size()), chosen);
    return Vector<T>::at(dense, std::move(chosen));
  }

 private:
  std::uint32_t k_;
  std::uint64_t seed_;
  std::uint32_t worker_;
};

}  // namespace

Kind random_k_kind() {
  Kind kind{.name = "random-k",
            .description = "sends k coordinates, drawn anew by each worker in each round",
            .choice = Choice::kCoordinates,
            .like_random_blocks = true,
            .settings = {count_setting()}};
  return kind.made_of<RandomK>();
}

}  // namespace wisp::sparse
