#pragma once
// ISGD: P2 Algorithm 6. With everything sent it is sgd, the baseline.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "optim/batch.h"
#include "optim/rule.h"
#include "optim/state.h"
#include "problems/regulariser.h"
#include "sparse/sparsifier.h"

namespace wisp::optim {

// Sends (g_i)_{U_i}, where g_i is a stochastic gradient of f_i (batch.h). No state.
template <class T>
class IsgdWorker : public WorkerRule<T> {
 public:
  explicit IsgdWorker(const WorkerPlace& place);
  sparse::Vector<T> step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) override;

 private:
  BatchGradient<T> gradient_;
  std::unique_ptr<sparse::Sparsifier<T>> sparsifier_;
};

// x <- x - (gamma_t/n) sum_i (g_i)_{U_i}, with gamma_t = gamma_0 / (1 + decay t): Theorem 6's 1 / (a + c t)
// has gamma_0 = 1/a and decay = c/a. Or gamma_t = gamma_0 / sqrt(t + 1), the schedule of P1, for problems
// that are not strongly convex; the theorem has not that. The mean step is gamma_t tau. With a constant step
// it converges to a neighbourhood of the minimiser, and P2's A2 is not needed. sgd also takes a regulariser
// R, x <- prox_{gamma_t R}(...), which the paper's Algorithm 6 has not.
template <class T>
class IsgdMaster : public MasterRule<T> {
 public:
  explicit IsgdMaster(const MasterPlace& place);
  void absorb(std::uint32_t worker, const sparse::VectorView<T>& update) override;
  void advance(std::span<T> iterate) override;
  void save(Packer& packer) const override;
  void restore(Unpacker& unpacker) override;

 private:
  double step_;  // gamma_0 / n
  double decay_;
  Steps schedule_;
  double gamma_;                                           // the mean step of round 0
  std::unique_ptr<problems::Regulariser<T>> regulariser_;  // null: R = 0
  std::uint64_t round_ = 0;                                // t
  UpdateSum<T> sum_;
};

}  // namespace wisp::optim
