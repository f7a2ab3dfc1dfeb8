#include "optim/isgd.h"

#include <cstddef>

namespace wisp::optim {

template <class T>
IsgdWorker<T>::IsgdWorker(const WorkerPlace& place)
    : gradient_(place), sparsifier_(place.make_sparsifier<T>()) {}

template <class T>
sparse::Vector<T> IsgdWorker<T>::step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) {
  return sparsifier_->select(gradient_.at(x, round, f), round);  // (g_i)_{U_i}
}

template <class T>
IsgdMaster<T>::IsgdMaster(const MasterPlace& place)
    : step_(place.step / place.tau / place.workers),
      decay_(place.decay),
      schedule_{.schedule = place.schedule},
      gamma_(place.step),
      regulariser_(problems::make_regulariser<T>(place.regulariser)),
      sum_(place.dim, place.workers) {}

template <class T>
void IsgdMaster<T>::absorb(std::uint32_t /*worker*/, const sparse::VectorView<T>& update) {
  sum_.add(update);
}

template <class T>
void IsgdMaster<T>::advance(std::span<T> iterate) {
  const std::span<const T> sum = sum_.whole();
  const double fallen = (1 + decay_ * static_cast<double>(round_)) / schedule_.share(round_);
  const T step = static_cast<T>(step_ / fallen);
  for (std::size_t j = 0; j < iterate.size(); ++j) iterate[j] -= step * sum[j];
  if (regulariser_) regulariser_->prox(static_cast<T>(gamma_ / fallen), iterate);
  sum_.clear();
  ++round_;
}

template <class T>
void IsgdMaster<T>::save(Packer& packer) const {
  WISP_CHECK(sum_.empty(), "a master is saved between rounds");
  pack(packer, round_);
}

template <class T>
void IsgdMaster<T>::restore(Unpacker& unpacker) {
  unpack(unpacker, round_);
  sum_.clear();
}

template class IsgdWorker<float>;
template class IsgdWorker<double>;
template class IsgdMaster<float>;
template class IsgdMaster<double>;

}  // namespace wisp::optim
