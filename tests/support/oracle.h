#pragma once
// Naive dense versions of the methods, written from the papers: what the sparse ones are compared with, step
// by step.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace wisp::test {

using Dense = std::vector<double>;

// The setting of P2's algorithms, in its symbols.
struct OracleSetting {
  std::size_t d = 1;       // dimension
  std::size_t n = 1;       // workers
  std::size_t m = 1;       // blocks
  std::size_t k = 1;       // blocks that a worker sends, tau * m
  double gamma = 0;        // the step of the paper's statement (not the mean step)
  std::uint64_t seed = 0;  // of the choice of blocks
  std::function<Dense(std::size_t worker, const Dense& x)> gradient;  // grad f_i(x)
};

// Runs in exact steps from `x`; everything is dense, and every worker's vector is kept.
class Oracle {
 public:
  Oracle(OracleSetting setting, Dense start);
  virtual ~Oracle() = default;
  virtual void step() = 0;
  const Dense& x() const { return x_; }

 protected:
  double tau() const { return static_cast<double>(setting_.k) / static_cast<double>(setting_.m); }
  // v_U with the U that worker i draws in the round that is being made: v where it is in U, else 0.
  Dense restricted(const Dense& v, std::size_t worker) const;

  OracleSetting setting_;
  Dense x_;
  std::uint64_t round_ = 0;
};

// x <- x - gamma/n sum_i grad f_i(x).
class GdOracle : public Oracle {
 public:
  using Oracle::Oracle;
  void step() override;
};

// P2 Algorithm 1: x_i <- x - gamma (grad f_i(x))_{U_i}; x <- 1/n sum_i x_i.
class IbcdOracle : public Oracle {
 public:
  using Oracle::Oracle;
  void step() override;
};

// P2 Algorithm 2 with h_i^0 = 0: g_i = h_i + (1/tau) (grad f_i(x) - h_i)_{U_i}; x <- x - gamma 1/n sum_i g_i;
// h_i <- h_i + tau (g_i - h_i).
class IsegaOracle : public Oracle {
 public:
  IsegaOracle(OracleSetting setting, Dense start);
  void step() override;

 private:
  std::vector<Dense> h_;
};

}  // namespace wisp::test
