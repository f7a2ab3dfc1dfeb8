#pragma once
// TopK: the k entries of largest magnitude, exactly, in about one pass over the vector.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/cpu.h"
#include "sparse/top_k_kernels.h"
#include "sparse/top_k_sample.h"

namespace wisp::sparse {

// The order: x comes before y if |x| > |y|; of equal magnitudes the lower index comes first, so the choice is
// unique. +0 and -0 are equal. What is not finite is larger than everything finite, NaN (by the bits of its
// payload) larger than infinity: it is never silently left behind, and whoever looks at the chosen values
// (Vector::first_non_finite) sees whether the vector had any.
//
// A bracket is laid around the k-th magnitude, one pass collects what is not below it, and the rank inside
// decides. The bracket comes from a sample of the vector, or from the calls before: where those asked for the
// same k of as many values, and their k-th magnitudes hardly differed, the next is expected near the last.
// Where the first eighth of the vector is far from what the sample, or the call before, says of it, or the
// whole has fewer than k, another sample of other places makes another bracket; and if that is wrong, too, an
// exact histogram: slower, never wrong. So a call depends on those before it in its time alone.
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

  // The same of kept + scale * gradient (add_gradient of memory.h), in one pass over both. The sum replaces
  // kept, less what is chosen: v - v stays there, which is 0 if v is finite. As many gradients as kept.
  Chosen take(std::span<T> kept, std::span<const T> gradient, T scale, std::size_t k);

  // How often a bracket misjudged, so that a pass was begun again, and how many calls needed the histogram.
  std::size_t misses() const { return misses_; }
  std::size_t histograms() const { return histograms_; }
  // How many calls took their bracket from the calls before, those that missed included.
  std::size_t carried() const { return carried_; }

 private:
  using Magnitude = top_k::Magnitude<T>;
  // Of the first eighth of the vector: how many are not below a bracket, and how many are above it. Where
  // nothing is expected, nothing is doubted.
  struct Eighth {
    double found = 0;
    double above = std::numeric_limits<double>::infinity();
  };
  // The k-th magnitude is expected in [low, top], and near `middle`.
  struct Bracket {
    Magnitude low;
    Magnitude middle;
    Magnitude top;
    std::size_t limit = std::numeric_limits<std::size_t>::max();  // more are not collected on its word
    Eighth expected = {};
  };
  // The k-th magnitude of the last call, and how far from it the next one may be.
  struct Last {
    std::size_t size = 0;
    std::size_t k = 0;
    Magnitude magnitude = 0;
    Magnitude margin = top_k::kMagnitudeMax<T>;
    Eighth eighth = {};
  };

  // What is free of initialisation and grows by doubling.
  template <class Entry>
  struct Memory {
    std::unique_ptr<Entry[]> entries;
    std::size_t capacity = 0;
    Entry* grown(std::size_t used, std::size_t more);
  };

  template <class At>
  Bracket by_sample(std::size_t size, std::size_t k, top_k::Sample which, At&& at);
  template <class At>
  void take_sample(std::size_t size, top_k::Sample which, At&& at);
  void take_upper(std::size_t count);
  double spread(Magnitude threshold) const;
  Bracket estimate(std::size_t size, std::size_t k);
  Eighth eighth_by_sample(const Bracket& bracket, std::size_t size) const;
  bool goes_on(const Bracket& bracket, std::size_t begin, std::size_t size, std::size_t k);

  std::optional<Bracket> by_last(std::size_t size, std::size_t k);
  void remember(std::size_t size, std::size_t k, Magnitude magnitude);

  bool collect(std::span<const T> values, std::size_t k, const Bracket& bracket);
  std::size_t collect_sum(std::span<T> kept, std::span<const T> gradient, T scale, std::size_t k,
                          const Bracket& bracket);
  std::uint32_t* room_for(std::size_t size);
  void add_found(std::size_t count, Bracket bracket);
  Bracket collect_by_sample(std::span<const T> values, std::size_t k);
  Bracket collect_again(std::span<const T> values, std::size_t k);
  Chosen cut(std::size_t size, std::size_t k, Bracket bracket, T* kept);
  void correct(T* kept, Bracket bracket, Magnitude least, std::size_t until);

  top_k::Kernels<T> kernels_;
  std::vector<T> sample_;
  std::vector<std::uint32_t> upper_places_;  // the largest of the sample: where in it,
  std::vector<Magnitude> upper_;             // and, in some other order, what they are
  Memory<std::uint32_t> indices_;
  Memory<T> values_;
  Memory<std::uint32_t> fringe_places_;  // which entries are inside the bracket,
  Memory<Magnitude> fringe_;             // and, in some other order, their magnitudes
  std::size_t found_ = 0;                // entries of indices_ and values_
  std::size_t fringe_count_ = 0;
  Eighth eighth_;  // of the pass that found them
  Last last_;
  std::size_t misses_ = 0;
  std::size_t histograms_ = 0;
  std::size_t carried_ = 0;
};

extern template class TopK<float>;
extern template class TopK<double>;

}  // namespace wisp::sparse
