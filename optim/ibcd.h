#pragma once
// IBCD, independent block coordinate descent: P2 Algorithm 1.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "optim/rule.h"
#include "optim/state.h"
#include "sparse/sparsifier.h"

namespace wisp::optim {

// Sends s_i = (grad f_i(x))_{U_i}, where U_i is k of m blocks, drawn independently of the other workers. No
// state.
template <class T>
class IbcdWorker : public WorkerRule<T> {
 public:
  explicit IbcdWorker(const WorkerPlace& place);
  sparse::Vector<T> step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) override;

 private:
  std::unique_ptr<sparse::Sparsifier<T>> sparsifier_;
  std::vector<T> gradient_;
};

// x <- x - (gamma/n) sum_i s_i, which is the average of the x_i = x - gamma s_i. The mean step is gamma tau.
// Converges to the minimiser where grad f_i(x*) = 0 for every i (P2 A2), and to a neighbourhood of it
// elsewhere.
template <class T>
class IbcdMaster : public MasterRule<T> {
 public:
  explicit IbcdMaster(const MasterPlace& place);
  void absorb(std::uint32_t worker, const sparse::VectorView<T>& update) override;
  void advance(std::span<T> iterate) override;

 private:
  T step_;  // gamma / n
  UpdateSum<T> sum_;
};

}  // namespace wisp::optim
