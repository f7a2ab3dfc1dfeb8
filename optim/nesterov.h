#pragma once
// Nesterov's accelerated gradient descent: the baseline of iasgd. Its workers are those of gd.
#include <cstdint>
#include <span>

#include "optim/rule.h"
#include "optim/state.h"

namespace wisp::optim {

// The broadcast x is the extrapolated iterate. With y the one before extrapolation, y^0 = x^0:
//   y+ = x - (gamma/n) sum_i grad f_i(x);   x+ = y+ + beta (y+ - y)
// beta = (1 - sqrt(q)) / (1 + sqrt(q)) with q = gamma mu, which is 1/kappa at gamma = 1/L; where mu = 0 it is
// t / (t + 3) in round t. The mean step is gamma.
template <class T>
class NesterovMaster : public MasterRule<T> {
 public:
  explicit NesterovMaster(const MasterPlace& place);
  void absorb(std::uint32_t worker, const sparse::VectorView<T>& update) override;
  void advance(std::span<T> iterate) override;
  void save(Packer& packer) const override;
  void restore(Unpacker& unpacker) override;

 private:
  T beta() const;

  T step_;               // gamma / n
  double q_;             // gamma mu
  RoundState<T> state_;  // t, and y once t > 0
  UpdateSum<T> sum_;
};

}  // namespace wisp::optim
