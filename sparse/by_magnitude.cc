// Top-k and threshold: the coordinates of largest magnitude.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/cpu.h"
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
    return vector(dense.size(), top_k_.select(dense, k_));
  }
  Vector<T> take(std::span<T> kept, std::span<const T> gradient, T scale,
                 std::uint64_t /*round*/) const override {
    return vector(kept.size(), top_k_.take(kept, gradient, scale, k_));
  }

 private:
  static Vector<T> vector(std::size_t dim, typename TopK<T>::Chosen chosen) {
    Vector<T> vector;
    vector.dim = static_cast<std::uint32_t>(dim);
    vector.support = Support::kIndices;
    vector.numbers.assign(chosen.indices.begin(), chosen.indices.end());
    vector.values.assign(chosen.values.begin(), chosen.values.end());
    return vector;
  }

  std::uint32_t k_;
  // Memory that is used again, and where to look first; nothing that a choice depends on.
  mutable TopK<T> top_k_;
};

// All j with |x_j| >= threshold, those that are not finite among them. The threshold is rounded to T.
template <class T>
class Threshold : public Sparsifier<T> {
 public:
  explicit Threshold(const SparsifierPlace& place)
      : low_(top_k::magnitude(static_cast<T>(place.settings.get<double>("threshold")))) {}

  Vector<T> select(std::span<const T> dense, std::uint64_t /*round*/) const override {
    Vector<T> vector = none_of(dense.size());
    std::size_t count = dense.size();  // in the chunk before
    for_each_chunk(dense.size(), [&](std::size_t begin, std::size_t size, std::uint32_t* places) {
      count =
          kernels_.find(dense.subspan(begin, size), static_cast<std::uint32_t>(begin), low_, places, count);
      vector.numbers.insert(vector.numbers.end(), places, places + count);
      for (std::size_t i = 0; i < count; ++i) vector.values.push_back(dense[places[i]]);
    });
    return vector;
  }

  Vector<T> take(std::span<T> kept, std::span<const T> gradient, T scale,
                 std::uint64_t /*round*/) const override {
    WISP_CHECK(gradient.size() == kept.size(), "a gradient is added to what is kept of others of its size");
    Vector<T> vector = none_of(kept.size());
    std::array<T, top_k::kChunk + top_k::kSlack> values;
    for_each_chunk(kept.size(), [&](std::size_t begin, std::size_t size, std::uint32_t* places) {
      const std::size_t count =
          kernels_.take_sum(kept.subspan(begin, size), gradient.data() + begin, scale,
                            static_cast<std::uint32_t>(begin), low_, low_, places, values.data());
      vector.numbers.insert(vector.numbers.end(), places, places + count);
      vector.values.insert(vector.values.end(), values.data(), values.data() + count);
    });
    return vector;
  }

 private:
  static Vector<T> none_of(std::size_t dim) {
    Vector<T> vector;
    vector.dim = static_cast<std::uint32_t>(dim);
    vector.support = Support::kIndices;
    return vector;
  }
  template <class Chunk>
  static void for_each_chunk(std::size_t dim, Chunk&& chunk) {
    std::array<std::uint32_t, top_k::kChunk + top_k::kSlack> places;
    for (std::size_t begin = 0; begin < dim; begin += top_k::kChunk) {
      chunk(begin, std::min(top_k::kChunk, dim - begin), places.data());
    }
  }

  top_k::Kernels<T> kernels_ = top_k::kernels<T>(best_instructions());
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
