#include "sparse/sparsifier.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "sparse/memory.h"

namespace wisp::sparse {
namespace {

template <class T>
class Identity : public Sparsifier<T> {
 public:
  explicit Identity(const SparsifierPlace& /*place*/) {}
  Vector<T> select(std::span<const T> dense, std::uint64_t /*round*/) const override {
    return Vector<T>::all(std::vector<T>(dense.begin(), dense.end()));
  }
};

template <class T>
class RandomBlocks : public Sparsifier<T> {
 public:
  explicit RandomBlocks(const SparsifierPlace& place)
      : partition_(place.dim, place.density.blocks),
        drawn_{Draw::kSubset, place.density.chosen},
        seed_(place.seed),
        worker_(place.worker) {}

  Vector<T> select(std::span<const T> dense, std::uint64_t round) const override {
    auto vector = Vector<T>::restricted(
        dense, partition_, draw(drawn_.how, {seed_, worker_, round}, partition_.count(), drawn_.k));
    vector.drawn = drawn_;
    return vector;
  }
  std::optional<Drawn> drawn() const override { return drawn_; }

 private:
  Partition partition_;
  Drawn drawn_;
  std::uint64_t seed_;
  std::uint32_t worker_;
};

}  // namespace

template <class T>
Vector<T> Sparsifier<T>::take(std::span<T> kept, std::span<const T> gradient, T scale,
                              std::uint64_t round) const {
  add_gradient(kept, gradient, scale);
  Vector<T> sent = select(kept, round);
  sent.add_to(kept, T{-1});
  return sent;
}

template Vector<float> Sparsifier<float>::take(std::span<float>, std::span<const float>, float,
                                               std::uint64_t) const;
template Vector<double> Sparsifier<double>::take(std::span<double>, std::span<const double>, double,
                                                 std::uint64_t) const;

Setting count_setting() {
  return Setting::of<std::uint32_t>("k", "number of coordinates that are sent; 0: density says it", 0);
}

Catalog::Catalog() {
  Kind identity{.name = "identity", .description = "sends everything", .choice = Choice::kEverything};
  add(identity.made_of<Identity>());
  Kind blocks{.name = "random-blocks",
              .description = "sends k of m blocks of coordinates, drawn anew by each worker in each round",
              .like_random_blocks = true};
  add(blocks.made_of<RandomBlocks>());
  add(all_or_nothing_kind());
  add(bernoulli_kind());
  add(random_k_kind());
  add(top_k_kind());
  add(threshold_kind());
}

void Catalog::add(Kind kind) {
  if (!kind.float32 || !kind.float64) {
    throw Error("sparsifier '" + kind.name + "' says not what it is made_of", Fault::kConfig);
  }
  kinds_.add(std::move(kind));
}

Density Catalog::density(const SparsifierSpec& spec, std::uint32_t dim, std::uint32_t workers) const {
  WISP_CHECK(workers > 0, "there is at least one worker");
  const Kind* kind = find(spec.kind);
  if (kind == nullptr) throw Error("unknown sparsifier '" + spec.kind + "'", Fault::kConfig);
  if (kind->choice == Choice::kEverything) return {};
  if (kind->choice == Choice::kByValue) return {.blocks = dim, .chosen = dim};
  const bool single = kind->choice == Choice::kCoordinates;
  const std::uint32_t blocks =
      single ? dim : Partition(dim, spec.blocks == 0 ? workers : spec.blocks).count();
  if (const std::uint32_t k = spec.count(); k != 0) {
    if (k > blocks) {
      throw Error("the sparsifier " + spec.kind + " is to send k " + std::to_string(k) + " of " +
                      std::to_string(blocks) + " coordinates; give a k of at most " + std::to_string(blocks) +
                      ", or a density",
                  Fault::kConfig);
    }
    return {.blocks = blocks, .chosen = k};
  }
  const double tau = spec.density == 0 ? 1.0 / workers : spec.density;
  const auto rounded = static_cast<std::uint32_t>(tau * blocks + 0.5);
  return {.blocks = blocks, .chosen = std::clamp(rounded, 1U, blocks)};
}

template <class T>
std::unique_ptr<Sparsifier<T>> Catalog::make(const SparsifierSpec& spec, std::uint32_t dim,
                                             std::uint32_t workers, std::uint64_t seed,
                                             std::uint32_t worker) const {
  spec.check(*this);
  const Kind& kind = *find(spec.kind);
  const SparsifierPlace place{.density = density(spec, dim, workers),
                              .dim = dim,
                              .workers = workers,
                              .seed = seed,
                              .worker = worker,
                              .settings = spec.settings.completed(kind.settings, "sparsifier " + kind.name)};
  if constexpr (std::is_same_v<T, float>) {
    return kind.float32(place);
  } else {
    return kind.float64(place);
  }
}

template std::unique_ptr<Sparsifier<float>> Catalog::make(const SparsifierSpec&, std::uint32_t, std::uint32_t,
                                                          std::uint64_t, std::uint32_t) const;
template std::unique_ptr<Sparsifier<double>> Catalog::make(const SparsifierSpec&, std::uint32_t,
                                                           std::uint32_t, std::uint64_t, std::uint32_t) const;

}  // namespace wisp::sparse
