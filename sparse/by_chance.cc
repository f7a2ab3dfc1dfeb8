// Random-k, bernoulli and all-or-nothing: coordinates that are drawn whatever the values are.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "sparse/draw.h"
#include "sparse/sparsifier.h"

namespace wisp::sparse {
namespace {

// U is a draw of the coordinates: whoever knows (seed, worker, round) can draw it again.
template <class T>
class DrawnCoordinates : public Sparsifier<T> {
 public:
  DrawnCoordinates(Draw how, const SparsifierPlace& place)
      : drawn_{how, place.density.chosen}, seed_(place.seed), worker_(place.worker) {}

  Vector<T> select(std::span<const T> dense, std::uint64_t round) const override {
    const auto dim = static_cast<std::uint32_t>(dense.size());
    auto vector = Vector<T>::at(dense, draw(drawn_.how, {seed_, worker_, round}, dim, drawn_.k));
    vector.drawn = drawn_;
    return vector;
  }
  std::optional<Drawn> drawn() const override { return drawn_; }

 private:
  Drawn drawn_;
  std::uint64_t seed_;
  std::uint32_t worker_;
};

Draw sampling(const Settings& settings) {
  const auto word = settings.get<std::string>("sampling");
  if (word == "uniform") return Draw::kSubset;
  if (word == "stratified") return Draw::kStratified;
  throw Error("the sparsifier random-k has no sampling '" + word + "' (uniform | stratified)",
              Fault::kConfig);
}

// Uniform: random-blocks with blocks of one.
template <class T>
class RandomK : public DrawnCoordinates<T> {
 public:
  explicit RandomK(const SparsifierPlace& place) : DrawnCoordinates<T>(sampling(place.settings), place) {}
};

// |U| is k in the mean, and may be 0.
template <class T>
class Bernoulli : public DrawnCoordinates<T> {
 public:
  explicit Bernoulli(const SparsifierPlace& place) : DrawnCoordinates<T>(Draw::kBernoulli, place) {}
};

// All of it with probability k/m, else nothing: one draw for all coordinates.
template <class T>
class AllOrNothing : public Sparsifier<T> {
 public:
  explicit AllOrNothing(const SparsifierPlace& place)
      : density_(place.density), seed_(place.seed), worker_(place.worker) {}

  Vector<T> select(std::span<const T> dense, std::uint64_t round) const override {
    Rng rng(seed_, worker_, round, Purpose::kBlocks);
    if (rng.below(density_.blocks) >= density_.chosen) return Vector<T>::at(dense, {});
    return Vector<T>::all(std::vector<T>(dense.begin(), dense.end()));
  }

 private:
  Density density_;
  std::uint64_t seed_;
  std::uint32_t worker_;
};

}  // namespace

Kind random_k_kind() {
  Setting how = Setting::of<std::string>("sampling",
                                         "every k coordinates equally likely, or one in each of k equal "
                                         "stretches, which is faster to draw",
                                         "uniform");
  Kind kind{.name = "random-k",
            .description = "sends k coordinates, drawn anew by each worker in each round",
            .choice = Choice::kCoordinates,
            .like_random_blocks = true,
            .settings = {count_setting(), how.one_of("uniform | stratified")}};
  return kind.made_of<RandomK>();
}

Kind all_or_nothing_kind() {
  Kind kind{
      .name = "all-or-nothing",
      .description = "sends everything with probability density, else nothing, drawn anew by each worker",
      .choice = Choice::kWhole};
  return kind.made_of<AllOrNothing>();
}

Kind bernoulli_kind() {
  Kind kind{.name = "bernoulli",
            .description =
                "sends each coordinate with probability density, drawn anew by each worker in each round",
            .choice = Choice::kCoordinates,
            .like_random_blocks = true};
  return kind.made_of<Bernoulli>();
}

}  // namespace wisp::sparse
