#pragma once
// Asynchronous ISEGA: ours, not P2's. Algorithm 2's memories on workers that don't wait for each other.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "optim/isega.h"
#include "optim/rule.h"
#include "optim/state.h"
#include "problems/regulariser.h"
#include "sparse/vector.h"

namespace wisp::optim {

// As in ISEGA, at the x that it was last sent: D_i = (grad f_i(x) - h_i)_{U_i}; h_i <- h_i + D_i; sends D_i.
template <class T>
using AsyncIsegaWorker = IsegaWorker<T>;

// With the D of one worker, whichever it is, and hbar = (1/n) sum_i h_i of before it,
//
//   x <- prox_{gamma/n R}(x - (gamma/n) (hbar + D / tau));   hbar <- hbar + D / n.
//
// Derived, without a proof of its rate: at the minimiser with h_i = grad f_i(x*) every D is 0 and nothing
// moves, whatever the workers' speeds are, so it converges exactly where Algorithm 8 levels off, and takes d
// numbers of memory instead of 2 n d. It needs each D exactly once. The mean step is gamma, over the time in
// which each worker sends one update.
template <class T>
class AsyncIsegaMaster : public MasterRule<T> {
 public:
  explicit AsyncIsegaMaster(const MasterPlace& place);
  void absorb(std::uint32_t worker, const sparse::VectorView<T>& update) override;
  void advance(std::span<T> iterate) override;
  void save(Packer& packer) const override;
  void restore(Unpacker& unpacker) override;

 private:
  T step_;                                                 // gamma / n
  T estimate_scale_;                                       // 1 / tau
  T memory_scale_;                                         // 1 / n
  std::unique_ptr<problems::Regulariser<T>> regulariser_;  // null: R = 0
  std::vector<T> hbar_;
  OneUpdate<T> update_;
};

}  // namespace wisp::optim
