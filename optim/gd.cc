#include "optim/gd.h"

#include <cstddef>

namespace wisp::optim {

template <class T>
GdWorker<T>::GdWorker(const WorkerPlace& place)
    : everything_(place.make_sparsifier<T>()), gradient_(place.dim) {}

template <class T>
sparse::Vector<T> GdWorker<T>::step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) {
  f.gradient(x, gradient_);
  return everything_->select(gradient_, round);
}

template <class T>
GdMaster<T>::GdMaster(const MasterPlace& place)
    : gamma_(static_cast<T>(place.step)),
      step_(static_cast<T>(place.step / place.workers)),
      regulariser_(problems::make_regulariser<T>(place.regulariser)),
      sum_(place.dim, place.workers) {}

template <class T>
void GdMaster<T>::absorb(std::uint32_t /*worker*/, const sparse::VectorView<T>& update) {
  sum_.add(update);
}

template <class T>
void GdMaster<T>::advance(std::span<T> iterate) {
  const std::span<const T> sum = sum_.whole();
  for (std::size_t j = 0; j < iterate.size(); ++j) iterate[j] -= step_ * sum[j];
  if (regulariser_) regulariser_->prox(gamma_, iterate);
  sum_.clear();
}

template class GdWorker<float>;
template class GdWorker<double>;
template class GdMaster<float>;
template class GdMaster<double>;

}  // namespace wisp::optim
