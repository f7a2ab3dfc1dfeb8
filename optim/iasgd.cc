#include "optim/iasgd.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/check.h"

namespace wisp::optim {

template <class T>
IasgdMaster<T>::IasgdMaster(const MasterPlace& place)
    : scale_(static_cast<T>(1 / (place.workers * place.tau))),
      gamma_(static_cast<T>(place.step)),
      state_{.round = 0, .vector = std::vector<T>(place.dim)},
      sum_(place.dim, place.workers) {
  WISP_CHECK(place.mu > 0 && place.L > 0, "the catalogue asks for strong convexity");
  const double s = place.step * std::sqrt(place.mu * place.L);  // sqrt(mu/L) / rho
  eta_gamma_ = static_cast<T>(std::sqrt(place.L / place.mu) * place.step);
  a_ = static_cast<T>(s / (1 + s));
  b_ = static_cast<T>(1 - s);
}

template <class T>
void IasgdMaster<T>::absorb(std::uint32_t /*worker*/, const sparse::VectorView<T>& update) {
  sum_.add(update);
}

template <class T>
void IasgdMaster<T>::advance(std::span<T> iterate) {
  const std::span<const T> sum = sum_.whole();
  std::vector<T>& v = state_.vector;
  if (state_.round == 0) std::copy(iterate.begin(), iterate.end(), v.begin());
  for (std::size_t j = 0; j < iterate.size(); ++j) {
    const T x = iterate[j];
    const T q = scale_ * sum[j];
    const T y = x - gamma_ * q;
    v[j] = b_ * v[j] + (1 - b_) * x - eta_gamma_ * q;
    iterate[j] = a_ * v[j] + (1 - a_) * y;
  }
  sum_.clear();
  ++state_.round;
}

template <class T>
void IasgdMaster<T>::save(Packer& packer) const {
  WISP_CHECK(sum_.empty(), "a master is saved between rounds");
  pack(packer, state_);
}

template <class T>
void IasgdMaster<T>::restore(Unpacker& unpacker) {
  restore_state(unpacker, state_);
  sum_.clear();
}

template class IasgdMaster<float>;
template class IasgdMaster<double>;

}  // namespace wisp::optim
