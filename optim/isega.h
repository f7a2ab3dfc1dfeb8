#pragma once
// ISEGA, independent SEGA: P2 Algorithm 2, in the sparse form that sends only what changes.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "optim/rule.h"
#include "optim/state.h"
#include "problems/regulariser.h"
#include "sparse/sparsifier.h"

namespace wisp::optim {

// Keeps h_i, what it knows of grad f_i(x*), from h_i^0 = 0, and sends D_i = (grad f_i(x) - h_i)_{U_i}.
// The paper's g_i is h_i + D_i / tau and its h_i+ is h_i + tau (g_i - h_i) = h_i + D_i.
template <class T>
class IsegaWorker : public WorkerRule<T> {
 public:
  explicit IsegaWorker(const WorkerPlace& place);
  sparse::Vector<T> step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) override;
  void save(Packer& packer) const override;
  void restore(Unpacker& unpacker) override;
  // h_i is the sum of all that was sent.
  void recall(const sparse::VectorView<T>& sent) override { sent.add_to(h_, T{1}); }

 private:
  std::unique_ptr<sparse::Sparsifier<T>> sparsifier_;
  std::vector<T> h_;
  std::vector<T> difference_;
};

// Keeps hbar = (1/n) sum_i h_i, and so needs each D_i exactly once: one that is lost or counted twice would
// bias hbar for ever. The mean step is gamma. Converges to the minimiser of f + R without P2's A2, for any
// closed convex R (Theorem 3).
template <class T>
class IsegaMaster : public MasterRule<T> {
 public:
  explicit IsegaMaster(const MasterPlace& place);
  void absorb(std::uint32_t worker, const sparse::VectorView<T>& update) override;
  void advance(std::span<T> iterate) override;
  void save(Packer& packer) const override;
  void restore(Unpacker& unpacker) override;

 private:
  T gamma_;
  T estimate_scale_;                                       // 1 / (n tau)
  T memory_scale_;                                         // 1 / n
  std::unique_ptr<problems::Regulariser<T>> regulariser_;  // null: R = 0
  std::vector<T> hbar_;
  UpdateSum<T> sum_;
};

}  // namespace wisp::optim
