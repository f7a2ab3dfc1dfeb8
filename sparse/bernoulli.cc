// Bernoulli: every coordinate is sent with probability p, independently of all others.
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/math.h"
#include "base/rng.h"
#include "sparse/sparsifier.h"

namespace wisp::sparse {
namespace {

// U contains each j with P(j in U) = p = k / d; |U| is k in the mean, and may be 0. Drawn by its gaps: they
// are geometric, P(gap >= g) = (1 - p)^g, and so floor(log(1 - u) / log(1 - p)) for u uniform in [0, 1), with
// logarithms that have the same bits everywhere. It takes time in |U|, not d.
template <class T>
class Bernoulli : public Sparsifier<T> {
 public:
  explicit Bernoulli(const SparsifierPlace& place)
      : expected_(place.density.chosen),
        log_of_no_(math::log1p(-place.density.tau())),
        seed_(place.seed),
        worker_(place.worker) {}

  Vector<T> select(std::span<const T> dense, std::uint64_t round) const override {
    Rng rng(seed_, worker_, round, Purpose::kBlocks);
    std::vector<std::uint32_t> chosen;
    chosen.reserve(expected_);
    const auto dim = static_cast<double>(dense.size());
    for (double next = gap(rng); next < dim; next += 1 + gap(rng)) {
      chosen.push_back(static_cast<std::uint32_t>(next));
    }
    return Vector<T>::at(dense, std::move(chosen));
  }

 private:
  double gap(Rng& rng) const { return std::floor(math::log(1 - rng.uniform()) / log_of_no_); }

  std::uint32_t expected_;
  double log_of_no_;  // log(1 - p); -infinity, and all gaps 0, for p = 1
  std::uint64_t seed_;
  std::uint32_t worker_;
};

}  // namespace

Kind bernoulli_kind() {
  Kind kind{.name = "bernoulli",
            .description =
                "sends each coordinate with probability density, drawn anew by each worker in each round",
            .choice = Choice::kCoordinates,
            .like_random_blocks = true};
  return kind.made_of<Bernoulli>();
}

}  // namespace wisp::sparse
