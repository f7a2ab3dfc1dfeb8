#include "optim/isega.h"

#include <cstddef>

namespace wisp::optim {

template <class T>
IsegaWorker<T>::IsegaWorker(const WorkerPlace& place)
    : sparsifier_(place.make_sparsifier<T>()), h_(place.dim), difference_(place.dim) {}

template <class T>
sparse::Vector<T> IsegaWorker<T>::step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) {
  f.gradient(x, difference_);
  for (std::size_t j = 0; j < h_.size(); ++j) difference_[j] -= h_[j];
  sparse::Vector<T> d = sparsifier_->select(difference_, round);  // D_i = (grad f_i(x) - h_i)_{U_i}
  d.add_to(h_, T{1});                                             // Alg 2 line 6: h_i <- h_i + D_i
  return d;
}

template <class T>
void IsegaWorker<T>::save(Packer& packer) const {
  pack(packer, h_);
}

template <class T>
void IsegaWorker<T>::restore(Unpacker& unpacker) {
  restore_state(unpacker, h_);
}

template <class T>
IsegaMaster<T>::IsegaMaster(const MasterPlace& place)
    : gamma_(static_cast<T>(place.step)),
      estimate_scale_(static_cast<T>(1 / (place.workers * place.tau))),
      memory_scale_(static_cast<T>(1.0 / place.workers)),
      regulariser_(problems::make_regulariser<T>(place.regulariser)),
      hbar_(place.dim),
      sum_(place.dim, place.workers) {}

template <class T>
void IsegaMaster<T>::absorb(std::uint32_t /*worker*/, const sparse::VectorView<T>& update) {
  sum_.add(update);
}

template <class T>
void IsegaMaster<T>::advance(std::span<T> iterate) {
  const std::span<const T> sum = sum_.whole();
  for (std::size_t j = 0; j < iterate.size(); ++j) {
    const T g = hbar_[j] + estimate_scale_ * sum[j];  // (1/n) sum_i g_i, with the hbar of before this round
    hbar_[j] += memory_scale_ * sum[j];
    iterate[j] -= gamma_ * g;
  }
  if (regulariser_) regulariser_->prox(gamma_, iterate);  // Alg 2 line 9
  sum_.clear();
}

template <class T>
void IsegaMaster<T>::save(Packer& packer) const {
  WISP_CHECK(sum_.empty(), "a master is saved between rounds");
  pack(packer, hbar_);
}

template <class T>
void IsegaMaster<T>::restore(Unpacker& unpacker) {
  restore_state(unpacker, hbar_);
  sum_.clear();
}

template class IsegaWorker<float>;
template class IsegaWorker<double>;
template class IsegaMaster<float>;
template class IsegaMaster<double>;

}  // namespace wisp::optim
