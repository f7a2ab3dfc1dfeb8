#pragma once
// IASGD, accelerated: P2 Algorithm 7. Its workers are those of isgd.
#include <cstdint>
#include <span>

#include "optim/rule.h"
#include "optim/state.h"

namespace wisp::optim {

// From v^0 = y^0 = x^0, with q = (1/(n tau)) sum_i (g_i(x))_{U_i} at the broadcast x:
//   y+ = x - gamma q;   v+ = b v + (1 - b) x - eta gamma q;   x+ = a v+ + (1 - a) y+
// The parameters are derived from Vaswani, Bach, Schmidt (2019) for mu > 0, where they are constant: s =
// sqrt(mu/L) / rho, gamma = 1/(rho L), eta = sqrt(L/mu), a = s/(1 + s), b = 1 - s; rho is the constant of the
// strong growth condition of q. Here gamma, the mean step, is given, and rho is 1/(gamma L). With rho = 1 and
// everything sent it is nesterov.
template <class T>
class IasgdMaster : public MasterRule<T> {
 public:
  explicit IasgdMaster(const MasterPlace& place);
  void absorb(std::uint32_t worker, const sparse::VectorView<T>& update) override;
  void advance(std::span<T> iterate) override;
  void save(Packer& packer) const override;
  void restore(Unpacker& unpacker) override;

 private:
  T scale_;  // 1 / (n tau)
  T gamma_;
  T eta_gamma_;
  T a_;
  T b_;
  RoundState<T> state_;  // t, and v once t > 0
  UpdateSum<T> sum_;
};

}  // namespace wisp::optim
