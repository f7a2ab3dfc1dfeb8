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
  // grad f_ij(x), and how many j worker i has.
  std::function<Dense(std::size_t worker, std::size_t sample, const Dense& x)> sample_gradient = {};
  std::vector<std::size_t> samples = {};
  std::size_t batch = 0;  // samples that a stochastic gradient is the mean of; 0: grad f_i(x)
  double decay = 0;       // Theorem 6: gamma_t = gamma / (1 + decay t)
  bool falling = false;   // gamma_t = gamma / sqrt(t + 1)
  double L = 0;
  double mu = 0;
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
  // g_i at x, of the round that is being made.
  Dense stochastic(std::size_t worker, const Dense& x) const;

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

// P2 Algorithm 3: with probability tau x_i <- x - gamma grad f_i(x), else x_i <- x; x <- 1/n sum_i x_i.
class IbgdOracle : public Oracle {
 public:
  using Oracle::Oracle;
  void step() override;
};

// P2 Algorithm 6: x_i <- x - gamma_t (g_i)_{U_i}; x <- 1/n sum_i x_i.
class IsgdOracle : public Oracle {
 public:
  using Oracle::Oracle;
  void step() override;
};

// y_{t+1} = x_t - 1/L grad f(x_t); x_{t+1} = y_{t+1} + beta (y_{t+1} - y_t), with beta = (sqrt(kappa) - 1) /
// (sqrt(kappa) + 1), and gamma for 1/L.
class NesterovOracle : public Oracle {
 public:
  NesterovOracle(OracleSetting setting, Dense start);
  void step() override;

 private:
  Dense y_;
};

// P2 Algorithm 7 with the parameters of Vaswani, Bach, Schmidt: x = a v + (1-a) y; q = 1/(n tau) sum_i
// (g_i(x))_{U_i}; y <- x - gamma q; v <- b v + (1-b) x - eta gamma q.
class IasgdOracle : public Oracle {
 public:
  IasgdOracle(OracleSetting setting, Dense start);
  void step() override;

 private:
  Dense y_;
  Dense v_;
};

// SAGA (Defazio, Bach, Lacoste-Julien 2014) on one machine: x <- x - gamma (grad f_j(x) - alpha_j +
// alphabar); alpha_j <- grad f_j(x).
class SagaOracle : public Oracle {
 public:
  SagaOracle(OracleSetting setting, Dense start);
  void step() override;

 private:
  std::vector<Dense> alpha_;
};

// P2 Algorithm 5: x_i <- x - gamma (grad f_ij(x) - alpha_ij + alphabar_i)_{U_i}; alpha_ij <- alpha_ij + (grad
// f_ij(x) - alpha_ij)_{U_i}; x <- 1/n sum_i x_i.
class IsagaOracle : public Oracle {
 public:
  IsagaOracle(OracleSetting setting, Dense start);
  void step() override;

 private:
  std::vector<std::vector<Dense>> alpha_;
};

// P2 Algorithm 4: the same with one table for all, and n different samples in a round.
class IsagaSharedOracle : public Oracle {
 public:
  IsagaSharedOracle(OracleSetting setting, Dense start);
  void step() override;

 private:
  std::vector<Dense> alpha_;
};

}  // namespace wisp::test
