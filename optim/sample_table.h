#pragma once
// What the methods of the SAGA family know of the gradients of their samples.
#include <cstdint>
#include <span>
#include <vector>

#include "base/pack.h"

namespace wisp::optim {

// alpha_1 .. alpha_N in R^d, from alpha_j^0 = 0, and their mean alphabar, which its owner keeps in step.
// Takes N d numbers. T is float or double.
template <class T>
class SampleTable {
 public:
  explicit SampleTable(std::uint32_t dim) : mean_(dim) {}

  // Makes room for `samples` of them, at the first call. Throws Error for another number than there is: the
  // table was saved by the owner of other samples.
  void hold(std::uint64_t samples);
  std::uint64_t samples() const { return alpha_.size() / mean_.size(); }
  std::span<T> alpha(std::uint64_t sample) {
    return std::span(alpha_).subspan(sample * mean_.size(), mean_.size());
  }
  std::span<T> mean() { return mean_; }

  void save(Packer& packer) const;
  // Throws DecodeError, and changes nothing, for what a table of another dimension saved.
  void restore(Unpacker& unpacker);

 private:
  std::vector<T> alpha_;  // one after another; empty before hold()
  std::vector<T> mean_;
};

extern template class SampleTable<float>;
extern template class SampleTable<double>;

}  // namespace wisp::optim
