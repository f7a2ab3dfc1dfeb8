#include "optim/async_sgd.h"

#include <cstddef>

#include "base/check.h"

namespace wisp::optim {

template <class T>
AsyncSgdWorker<T>::AsyncSgdWorker(const WorkerPlace& place)
    : sparsifier_(place.make_sparsifier<T>()),
      gradient_(place),
      steps_{.first = 1, .schedule = place.schedule} {
  if (place.error_feedback) {
    memory_.emplace(place.dim);
  } else {
    scaled_.resize(place.dim);
  }
}

template <class T>
sparse::Vector<T> AsyncSgdWorker<T>::step(std::uint64_t round, std::span<const T> x,
                                          problems::Objective<T>& f) {
  const std::span<const T> g = gradient_.at(x, round, f);
  const T eta = static_cast<T>(steps_.at(round));
  if (memory_) return memory_->send(g, eta, *sparsifier_, round);
  for (std::size_t j = 0; j < g.size(); ++j) scaled_[j] = eta * g[j];
  return sparsifier_->select(scaled_, round);
}

template <class T>
void AsyncSgdWorker<T>::save(Packer& packer) const {
  if (!memory_) return packer.nil();
  memory_->save(packer);
}

template <class T>
void AsyncSgdWorker<T>::restore(Unpacker& unpacker) {
  if (!memory_) return restore_nothing(unpacker);
  memory_->restore(unpacker);
}

template <class T>
void AsyncSgdWorker<T>::recall(const sparse::VectorView<T>& sent) {
  if (memory_) memory_->forget(sent);
}

template <class T>
AsyncSgdMaster<T>::AsyncSgdMaster(const MasterPlace& place)
    : step_(static_cast<T>(place.settings.get<bool>("scaled") ? place.step / place.tau : place.step)),
      momentum_(static_cast<T>(place.settings.get<double>("momentum"))) {
  if (momentum_ > 0) velocity_.resize(place.dim);
}

template <class T>
void AsyncSgdMaster<T>::absorb(std::uint32_t /*worker*/, const sparse::VectorView<T>& update) {
  update_.set(update);
}

template <class T>
void AsyncSgdMaster<T>::advance(std::span<T> iterate) {
  if (velocity_.empty()) {
    update_.get().add_to(iterate, -step_);
  } else {
    for (T& v : velocity_) v *= momentum_;
    update_.get().add_to(velocity_, T{1});
    for (std::size_t j = 0; j < iterate.size(); ++j) iterate[j] -= step_ * velocity_[j];
  }
  update_.clear();
}

template <class T>
void AsyncSgdMaster<T>::save(Packer& packer) const {
  WISP_CHECK(update_.empty(), "a master is saved between updates");
  if (velocity_.empty()) return packer.nil();
  pack(packer, velocity_);
}

template <class T>
void AsyncSgdMaster<T>::restore(Unpacker& unpacker) {
  if (velocity_.empty()) {
    restore_nothing(unpacker);
  } else {
    restore_state(unpacker, velocity_);
  }
  update_.clear();
}

template class AsyncSgdWorker<float>;
template class AsyncSgdWorker<double>;
template class AsyncSgdMaster<float>;
template class AsyncSgdMaster<double>;

}  // namespace wisp::optim
