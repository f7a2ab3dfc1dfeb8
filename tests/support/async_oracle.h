#pragma once
// Naive dense versions of the asynchronous methods, written from the papers: every iterate and every worker's
// vector is kept, and means are summed anew at every update.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "tests/support/oracle.h"

namespace wisp::test {

class AsyncOracle : public Oracle {
 public:
  AsyncOracle(OracleSetting setting, Dense start);
  // The update of `worker` comes, made at the x after `read` updates.
  virtual void arrive(std::size_t worker, std::size_t read) = 0;
  void step() final {}

 protected:
  // (v)_U with the U of the worker's current round, then its next round.
  Dense restricted_next(const Dense& v, std::size_t worker);
  void go_to(Dense x);

  std::vector<Dense> iterates_;        // x_0, x_1, ...
  std::vector<std::uint64_t> rounds_;  // by worker
};

// P1: u = m_i + eta_t g; s = C(u); m_i <- u - s; x <- x - s, eta inside the memory; without memory
// s = C(eta_t g). eta_t = gamma / sqrt(t + 1) of the worker's t if `falling`, else gamma.
class AsyncSgdOracle : public AsyncOracle {
 public:
  enum class Choice { kAll, kLargest, kDrawn, kAbove };
  struct How {
    Choice choice = Choice::kAll;  // setting.k of d coordinates: the largest, or drawn as blocks of one
    double threshold = 0;          // kAbove: |u| of at least this times gamma
    bool memory = false;
    bool falling = false;
    double scale = 1;     // of what is sent
    double momentum = 0;  // v <- beta v + s; x <- x - v
  };
  AsyncSgdOracle(OracleSetting setting, Dense start, How how);
  void arrive(std::size_t worker, std::size_t read) override;

 private:
  Dense chosen(const Dense& u, std::size_t worker);

  How how_;
  std::vector<Dense> memory_;  // by worker
  Dense velocity_;
};

// P2 Algorithm 8: x_i = x_read - gamma (grad f_i(x_read))_{U_i}; w = 1/n sum_j x_j; x = prox(w), where the
// prox is that of `shrink` ||x||_1.
class AsyncIsgdOracle : public AsyncOracle {
 public:
  AsyncIsgdOracle(OracleSetting setting, Dense start, double shrink = 0);
  void arrive(std::size_t worker, std::size_t read) override;

 private:
  double shrink_;
  std::vector<Dense> made_;  // x_j
};

// Ours: x <- prox(x - gamma/n (hbar + D/tau)), D = (grad f_i(x_read) - h_i)_{U_i}, hbar = 1/n sum_j h_j, then
// h_i <- h_i + D.
class AsyncIsegaOracle : public AsyncOracle {
 public:
  AsyncIsegaOracle(OracleSetting setting, Dense start, double shrink = 0);
  void arrive(std::size_t worker, std::size_t read) override;

 private:
  double shrink_;
  std::vector<Dense> h_;
};

}  // namespace wisp::test
