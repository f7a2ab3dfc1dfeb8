#pragma once
// The gradient that a worker of a stochastic method works with: of all its rows, or of some that it draws.
#include <cstdint>
#include <span>
#include <vector>

#include "optim/rule.h"

namespace wisp::optim {

// g_i with E g_i = grad f_i(x): the mean of grad f_ij(x) over `batch_size` rows of this worker, drawn anew in
// each round, without replacement, every subset equally likely; grad f_i(x) itself where batch_size is 0 or
// not below the number of rows. Has no state: a restarted worker draws the same rows. T is float or double.
template <class T>
class BatchGradient {
 public:
  explicit BatchGradient(const WorkerPlace& place);
  // Valid until the next call. Throws Error (kConfig) for a batch of a problem that is not made of rows.
  std::span<const T> at(std::span<const T> x, std::uint64_t round, problems::Objective<T>& f);

 private:
  std::uint64_t seed_;
  std::uint32_t worker_;
  std::uint32_t batch_size_;
  std::vector<std::uint32_t> rows_;
  std::vector<T> gradient_;
};

}  // namespace wisp::optim
