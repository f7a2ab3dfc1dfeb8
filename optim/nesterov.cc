#include "optim/nesterov.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace wisp::optim {

template <class T>
NesterovMaster<T>::NesterovMaster(const MasterPlace& place)
    : step_(static_cast<T>(place.step / place.workers)),
      q_(std::min(place.step * place.mu, 1.0)),
      state_{.round = 0, .vector = std::vector<T>(place.dim)},
      sum_(place.dim, place.workers) {}

template <class T>
void NesterovMaster<T>::absorb(std::uint32_t /*worker*/, const sparse::VectorView<T>& update) {
  sum_.add(update);
}

template <class T>
T NesterovMaster<T>::beta() const {
  const auto t = static_cast<double>(state_.round);
  const double root = std::sqrt(q_);
  return static_cast<T>(q_ > 0 ? (1 - root) / (1 + root) : t / (t + 3));
}

template <class T>
void NesterovMaster<T>::advance(std::span<T> iterate) {
  const std::span<const T> sum = sum_.whole();
  std::vector<T>& y = state_.vector;
  if (state_.round == 0) std::copy(iterate.begin(), iterate.end(), y.begin());
  const T momentum = beta();
  for (std::size_t j = 0; j < iterate.size(); ++j) {
    const T next = iterate[j] - step_ * sum[j];
    iterate[j] = next + momentum * (next - y[j]);
    y[j] = next;
  }
  sum_.clear();
  ++state_.round;
}

template <class T>
void NesterovMaster<T>::save(Packer& packer) const {
  WISP_CHECK(sum_.empty(), "a master is saved between rounds");
  pack(packer, state_);
}

template <class T>
void NesterovMaster<T>::restore(Unpacker& unpacker) {
  restore_state(unpacker, state_);
  sum_.clear();
}

template class NesterovMaster<float>;
template class NesterovMaster<double>;

}  // namespace wisp::optim
