#pragma once
// Gradient descent: every worker sends its whole gradient. The baseline that the sparse methods are measured
// against.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "optim/rule.h"
#include "optim/state.h"
#include "problems/regulariser.h"
#include "sparse/sparsifier.h"

namespace wisp::optim {

// Sends grad f_i(x).
template <class T>
class GdWorker : public WorkerRule<T> {
 public:
  explicit GdWorker(const WorkerPlace& place);
  sparse::Vector<T> step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) override;

 private:
  std::unique_ptr<sparse::Sparsifier<T>> everything_;
  std::vector<T> gradient_;
};

// x <- prox_{gamma R}(x - (gamma/n) sum_i grad f_i(x)), with gamma the mean step.
template <class T>
class GdMaster : public MasterRule<T> {
 public:
  explicit GdMaster(const MasterPlace& place);
  void absorb(std::uint32_t worker, const sparse::VectorView<T>& update) override;
  void advance(std::span<T> iterate) override;

 private:
  T gamma_;
  T step_;                                                 // gamma / n
  std::unique_ptr<problems::Regulariser<T>> regulariser_;  // null: R = 0
  UpdateSum<T> sum_;
};

}  // namespace wisp::optim
