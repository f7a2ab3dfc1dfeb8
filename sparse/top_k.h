#pragma once
// TopK: the k entries of largest magnitude, exactly, in about one pass over the vector.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/cpu.h"
#include "sparse/top_k_kernels.h"

namespace wisp::sparse {

// The order: x comes before y if |x| > |y|; of equal magnitudes the lower index comes first, so the choice is
// unique. +0 and -0 are equal. What is not finite is larger than everything finite, NaN (by the bits of its
// payload) larger than infinity: it is never silently left behind, and whoever looks at the chosen values
// (Vector::first_non_finite) sees whether the vector had any.
//
// A sample of the vector brackets the k-th magnitude, one pass collects what is not below the bracket, and
// the rank inside decides. Where the sample misjudged, a second pass with a wider bracket follows, and then
// an exact histogram: slower, never wrong.
//
// Keeps its memory from call to call (8 to 24 bytes for each entry that is not below the bracket: about k of
// them, and all in a vector of equals). Not thread-safe. T is float or double.
template <class T>
class TopK {
 public:
  // Valid until the next call. Indices increase strictly.
  struct Chosen {
    std::span<const std::uint32_t> indices;
    std::span<const T> values;
  };

  // With these instructions, which are available.
  explicit TopK(Instructions instructions = best_instructions());

  // k <= values.size() < 2^32.
  Chosen select(std::span<const T> values, std::size_t k);

  // How many calls needed a second pass, and how many of those the histogram as well.
  std::size_t misses() const { return misses_; }
  std::size_t histograms() const { return histograms_; }

 private:
  using Magnitude = top_k::Magnitude<T>;
  // The k-th magnitude is expected in [low, top].
  struct Bracket {
    Magnitude low;
    Magnitude top;
  };

  // What is free of initialisation and grows by doubling.
  template <class Entry>
  struct Memory {
    std::unique_ptr<Entry[]> entries;
    std::size_t capacity = 0;
    Entry* grown(std::size_t used, std::size_t more);
  };

  void take_sample(std::span<const T> values);
  void take_upper(std::size_t count);
  double spread(Magnitude threshold) const;
  Bracket estimate(std::size_t size, std::size_t k, double caution);
  Bracket collect_enough(std::span<const T> values, std::size_t k);
  void collect(std::span<const T> values, Bracket bracket);
  Chosen cut(std::size_t k, Bracket bracket);

  top_k::Find<T> find_;
  top_k::Keep<T> keep_;
  std::vector<T> sample_;
  std::vector<std::uint32_t> upper_places_;  // the largest of the sample: where in it,
  std::vector<Magnitude> upper_;             // and, in some other order, what they are
  Memory<std::uint32_t> indices_;
  Memory<T> values_;
  Memory<Magnitude> fringe_;
  std::size_t found_ = 0;         // entries of indices_ and values_
  std::size_t fringe_count_ = 0;  // magnitudes in fringe_: those of the entries inside the bracket
  std::size_t misses_ = 0;
  std::size_t histograms_ = 0;
};

extern template class TopK<float>;
extern template class TopK<double>;

}  // namespace wisp::sparse
