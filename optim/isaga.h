#pragma once
// ISAGA with distributed data: P2 Algorithm 5. On one machine and with everything sent it is SAGA.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "optim/rule.h"
#include "optim/sample_table.h"
#include "sparse/sparsifier.h"

namespace wisp::optim {

// Keeps alpha_ij for each of its l rows, and their mean alphabar_i. In each round it draws a row j and sends
// s_i = (grad f_ij(x) - alpha_ij)_{U_i} + (alphabar_i)_{U_i}. The master is that of ibcd: x <- x - (gamma/n)
// sum_i s_i, with the mean step gamma tau. Converges to the minimiser where grad f_i(x*) = 0 for every i (P2
// A2), though no grad f_ij(x*) need vanish; with everything sent also elsewhere.
//
// The table takes l d numbers. The problem is made of rows.
template <class T>
class IsagaWorker : public WorkerRule<T> {
 public:
  explicit IsagaWorker(const WorkerPlace& place);
  sparse::Vector<T> step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) override;
  void save(Packer& packer) const override { table_.save(packer); }
  void restore(Unpacker& unpacker) override { table_.restore(unpacker); }

 private:
  std::uint64_t seed_;
  std::uint32_t worker_;
  std::unique_ptr<sparse::Sparsifier<T>> sparsifier_;
  SampleTable<T> table_;
  std::vector<T> difference_;
  std::vector<T> estimate_;
};

}  // namespace wisp::optim
