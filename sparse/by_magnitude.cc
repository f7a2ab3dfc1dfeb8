// Top-k and threshold: the coordinates of largest magnitude.
#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sparse/sparsifier.h"
#include "sparse/top_k.h"

namespace wisp::sparse {
namespace {

// The k of largest magnitude; order, ties and what is not finite as in top_k.h. A contraction,
// ||x - x_U||^2 <= (1 - k/d) ||x||^2, but biased: for methods with a memory of what was left behind.
template <class T>
class Largest : public Sparsifier<T> {
 public:
  explicit Largest(const SparsifierPlace& place) : k_(place.density.chosen) {}

  Vector<T> select(std::span<const T> dense, std::uint64_t /*round*/) const override {
    const auto chosen = top_k_.select(dense, k_);
    Vector<T> vector;
    vector.dim = static_cast<std::uint32_t>(dense.size());
    vector.support = Support::kIndices;
    vector.numbers.assign(chosen.indices.begin(), chosen.indices.end());
    vector.values.assign(chosen.values.begin(), chosen.values.end());
    return vector;
  }

 private:
  std::uint32_t k_;
  mutable TopK<T> top_k_;  // memory that is used again; nothing that a choice depends on
};

// All j with |x_j| >= threshold, those that are not finite among them. The threshold is rounded to T.
template <class T>
class Threshold : public Sparsifier<T> {
 public:
  explicit Threshold(const SparsifierPlace& place)
      : low_(top_k::magnitude(static_cast<T>(place.settings.get<double>("threshold")))) {}

  Vector<T> select(std::span<const T> dense, std::uint64_t /*round*/) const override {
    constexpr std::size_t kChunk = 4096;
    const auto find = top_k::find<T>(best_instructions());
    std::vector<std::uint32_t> chosen;
    std::vector<std::uint32_t> places(kChunk + top_k::kSlack);
    for (std::size_t begin = 0; begin < dense.size(); begin += kChunk) {
      const auto chunk = dense.subspan(begin, std::min(kChunk, dense.size() - begin));
      const std::size_t count = find(chunk, static_cast<std::uint32_t>(begin), low_, places.data());
      chosen.insert(chosen.end(), places.begin(), places.begin() + static_cast<std::ptrdiff_t>(count));
    }
    return Vector<T>::at(dense, std::move(chosen));
  }

 private:
  top_k::Magnitude<T> low_;
};

}  // namespace

Kind top_k_kind() {
  Kind kind{.name = "top-k",
            .description = "sends the k coordinates of largest magnitude",
            .choice = Choice::kCoordinates,
            .settings = {count_setting()}};
  return kind.made_of<Largest>();
}

Kind threshold_kind() {
  Setting threshold = Setting::of<double>("threshold", "least magnitude that is sent");
  Kind kind{.name = "threshold",
            .description = "sends the coordinates of at least a given magnitude",
            .choice = Choice::kByValue,
            .settings = {threshold.above(0)}};
  return kind.made_of<Threshold>();
}

}  // namespace wisp::sparse
