#include "optim/batch.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/rng.h"

namespace wisp::optim {

template <class T>
BatchGradient<T>::BatchGradient(const WorkerPlace& place)
    : seed_(place.seed), worker_(place.worker), batch_size_(place.batch_size), gradient_(place.dim) {}

template <class T>
std::span<const T> BatchGradient<T>::at(std::span<const T> x, std::uint64_t round,
                                        problems::Objective<T>& f) {
  if (batch_size_ == 0 || (f.rows() > 0 && batch_size_ >= f.rows())) {
    f.gradient(x, gradient_);
    return gradient_;
  }
  WISP_CHECK(f.rows() <= std::numeric_limits<std::uint32_t>::max(), "rows are numbered in 32 bits");
  if (f.rows() == 0) {
    rows_.assign(1, 0);  // whatever it is: the problem says that it has none
  } else {
    rows_.resize(batch_size_);
    Rng rng(seed_, worker_, round, Purpose::kBatch);
    rng.sample_without_replacement(static_cast<std::uint32_t>(f.rows()), rows_);
  }
  f.sample_gradient(rows_, x, gradient_);
  return gradient_;
}

template class BatchGradient<float>;
template class BatchGradient<double>;

}  // namespace wisp::optim
