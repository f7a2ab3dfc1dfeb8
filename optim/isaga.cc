#include "optim/isaga.h"

#include <cstddef>

#include "base/rng.h"

namespace wisp::optim {

template <class T>
IsagaWorker<T>::IsagaWorker(const WorkerPlace& place)
    : seed_(place.seed),
      worker_(place.worker),
      sparsifier_(place.make_sparsifier<T>()),
      table_(place.dim),
      difference_(place.dim),
      estimate_(place.dim) {}

template <class T>
sparse::Vector<T> IsagaWorker<T>::step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) {
  table_.hold(f.rows());
  const auto l = static_cast<std::uint32_t>(f.rows());
  const std::uint32_t j = Rng(seed_, worker_, round, Purpose::kBatch).below(l);
  const std::span<T> alpha = table_.alpha(j);
  const std::span<T> alphabar = table_.mean();

  f.sample_gradient(std::span(&j, 1), x, difference_);
  for (std::size_t c = 0; c < alpha.size(); ++c) {
    difference_[c] -= alpha[c];
    estimate_[c] = difference_[c] + alphabar[c];
  }
  sparse::Vector<T> s = sparsifier_->select(estimate_, round);
  s.for_each([&](std::uint32_t c, T /*sent*/) {  // only on U_i
    alpha[c] += difference_[c];
    alphabar[c] += difference_[c] / static_cast<T>(l);
  });
  return s;
}

template class IsagaWorker<float>;
template class IsagaWorker<double>;

}  // namespace wisp::optim
