#include "optim/async_isega.h"

#include <cstddef>

#include "base/check.h"

namespace wisp::optim {

template <class T>
AsyncIsegaMaster<T>::AsyncIsegaMaster(const MasterPlace& place)
    : step_(static_cast<T>(place.step / place.workers)),
      estimate_scale_(static_cast<T>(1 / place.tau)),
      memory_scale_(static_cast<T>(1.0 / place.workers)),
      regulariser_(problems::make_regulariser<T>(place.regulariser)),
      hbar_(place.dim) {}

template <class T>
void AsyncIsegaMaster<T>::absorb(std::uint32_t /*worker*/, const sparse::VectorView<T>& update) {
  update_.set(update);
}

template <class T>
void AsyncIsegaMaster<T>::advance(std::span<T> iterate) {
  const sparse::Vector<T>& d = update_.get();
  for (std::size_t j = 0; j < iterate.size(); ++j) iterate[j] -= step_ * hbar_[j];  // of before this update
  d.add_to(iterate, -step_ * estimate_scale_);
  d.add_to(hbar_, memory_scale_);
  if (regulariser_) regulariser_->prox(step_, iterate);
  update_.clear();
}

template <class T>
void AsyncIsegaMaster<T>::save(Packer& packer) const {
  WISP_CHECK(update_.empty(), "a master is saved between updates");
  pack(packer, hbar_);
}

template <class T>
void AsyncIsegaMaster<T>::restore(Unpacker& unpacker) {
  restore_state(unpacker, hbar_);
  update_.clear();
}

template class AsyncIsegaMaster<float>;
template class AsyncIsegaMaster<double>;

}  // namespace wisp::optim
