#include "optim/ibcd.h"

#include <cstddef>

namespace wisp::optim {

template <class T>
IbcdWorker<T>::IbcdWorker(const WorkerPlace& place)
    : sparsifier_(place.make_sparsifier<T>()), gradient_(place.dim) {}

template <class T>
sparse::Vector<T> IbcdWorker<T>::step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) {
  f.gradient(x, gradient_);
  return sparsifier_->select(gradient_, round);  // (grad f_i(x))_{U_i}
}

template <class T>
IbcdMaster<T>::IbcdMaster(const MasterPlace& place)
    : step_(static_cast<T>(place.step / place.tau / place.workers)), sum_(place.dim, place.workers) {}

template <class T>
void IbcdMaster<T>::absorb(std::uint32_t /*worker*/, const sparse::VectorView<T>& update) {
  sum_.add(update);
}

template <class T>
void IbcdMaster<T>::advance(std::span<T> iterate) {
  const std::span<const T> sum = sum_.whole();
  for (std::size_t j = 0; j < iterate.size(); ++j) iterate[j] -= step_ * sum[j];
  sum_.clear();
}

template class IbcdWorker<float>;
template class IbcdWorker<double>;
template class IbcdMaster<float>;
template class IbcdMaster<double>;

}  // namespace wisp::optim
