#pragma once
// ISAGA with shared data: P2 Algorithm 4. Every worker can evaluate every sample.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "optim/rule.h"
#include "optim/sample_table.h"
#include "sparse/sparsifier.h"

namespace wisp::optim {

// The n distinct samples j_1 < ... < j_n of a round, a uniformly random subset of N: a function of seed and
// round, so that master and workers agree on them with nothing sent. (In the paper their order is random too;
// as every worker draws its own U_i, which of them has which sample does not matter.) workers <= samples.
class SharedDraw {
 public:
  SharedDraw(std::uint64_t seed, std::uint32_t workers) : seed_(seed), chosen_(workers) {}
  // Sample i is worker i's. Valid until the next call.
  std::span<const std::uint32_t> of_round(std::uint64_t round, std::uint64_t samples);

 private:
  std::uint64_t seed_;
  std::vector<std::uint32_t> chosen_;
};

// Sends (grad psi_j(x))_{U_i} of this round's j_i; psi_j is f_ij, as every worker holds all rows. No state:
// the table is the master's.
template <class T>
class IsagaSharedWorker : public WorkerRule<T> {
 public:
  explicit IsagaSharedWorker(const WorkerPlace& place);
  sparse::Vector<T> step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) override;

 private:
  std::uint32_t worker_;
  SharedDraw draw_;
  std::unique_ptr<sparse::Sparsifier<T>> sparsifier_;
  std::vector<T> gradient_;
};

// Keeps alpha_j for each of the N samples, N d numbers, and alphabar. From what worker i sent it makes
// D_i = (grad psi_j(x) - alpha_j)_{U_i}, then x <- x - (gamma/n) sum_i (D_i + alphabar_{U_i}), which is the
// average of the x_i = x - gamma (D_i + alphabar_{U_i}), and alphabar <- alphabar + (1/N) sum_i D_i. (The
// paper prints 1/n there.) The mean step is gamma tau. Converges to the minimiser without P2's A2.
template <class T>
class IsagaSharedMaster : public MasterRule<T> {
 public:
  explicit IsagaSharedMaster(const MasterPlace& place);
  void absorb(std::uint32_t worker, const sparse::VectorView<T>& update) override;
  void advance(std::span<T> iterate) override;
  void save(Packer& packer) const override;
  void restore(Unpacker& unpacker) override;

 private:
  T step_;  // gamma / n
  std::uint64_t samples_;
  SharedDraw draw_;
  std::uint32_t workers_;
  std::uint64_t round_ = 0;
  std::uint32_t absorbed_ = 0;
  SampleTable<T> table_;
  std::vector<T> sum_;     // of D_i + alphabar_{U_i}
  std::vector<T> change_;  // sum_i D_i
};

}  // namespace wisp::optim
