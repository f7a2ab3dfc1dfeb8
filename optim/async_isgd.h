#pragma once
// Asynchronous ISGD: P2 Algorithm 8, which the paper calls IASGD like its accelerated Algorithm 7.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "optim/rule.h"
#include "problems/regulariser.h"

namespace wisp::optim {

// Its workers are isgd's (isgd.h). Keeps what each made of what it read, x_j, and their mean w = (1/n) sum_j
// x_j. With the update of worker i, which read x,
//
//   x_i+ = x - gamma (g_i)_{U_i};   w <- w + (x_i+ - x_i) / n;   x_i <- x_i+;   the next x is prox(w).
//
// So every worker counts for 1/n, however fast it is; adding up -gamma/n (g_i)_{U_i} would pull x towards the
// fast ones. The step does not depend on the delays (Theorem 9). Converges to a neighbourhood of the
// minimiser, which shrinks with gamma (1 - tau) ||grad f_i(x*)||^2, and to the minimiser for tau = 1 and
// whole gradients.
//
// The mean step is gamma tau, over the time in which each worker sends one update. The prox is that of gamma
// tau R: with the gamma R that is printed the minimiser of f + R would be a fixed point for tau = 1 only
// (derived: x_i* = x* - gamma tau grad f_i(x*) in the mean). It is applied here, where it makes an answer
// sparse, instead of at the worker.
//
// Memory: 2 n d numbers of T, for the x_j and for what each worker was last sent. A worker has one update out
// at a time.
template <class T>
class AsyncIsgdMaster : public MasterRule<T> {
 public:
  explicit AsyncIsgdMaster(const MasterPlace& place);
  // The first call says where all of them begin: x_j = w = iterate for every j.
  void sent(std::uint32_t worker, std::span<const T> iterate) override;
  void absorb(std::uint32_t worker, const sparse::VectorView<T>& update) override;
  void advance(std::span<T> iterate) override;
  void save(Packer& packer) const override;
  void restore(Unpacker& unpacker) override;

 private:
  T gamma_;
  T mean_step_;                                            // gamma tau
  std::unique_ptr<problems::Regulariser<T>> regulariser_;  // null: R = 0
  std::uint32_t dim_;
  std::vector<std::vector<T>> reading_;  // by worker: what it was sent; empty from absorb() to sent()
  std::vector<std::vector<T>> made_;     // x_j; empty until the first sent()
  std::vector<double> w_;                // in double, as it is never summed anew
};

// What AsyncIsgdMaster keeps, in numbers.
inline double async_isgd_memory(double workers, double dim) { return (2 * workers + 1) * dim; }

}  // namespace wisp::optim
