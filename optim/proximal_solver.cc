#include "optim/proximal_solver.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "base/error.h"

namespace wisp::optim {
namespace {

using Dense = std::vector<double>;

constexpr double kGapGoal = 1e-18;       // of max(1, F(x0)), as for f alone
constexpr double kGapAccepted = 1e-12;   // of max(1, F)
constexpr double kGradientGoal = 1e-12;  // of the subgradient after the first step, where mu = 0
constexpr double kGradientAccepted = 1e-9;
constexpr std::uint64_t kPatience = 2000;  // steps without progress, once the result would be accepted

class ProximalDescent {
 public:
  ProximalDescent(problems::Objective<double>& f, const problems::Regulariser<double>& regulariser,
                  std::span<const double> x0, double L)
      : f_(f),
        regulariser_(regulariser),
        L_(L),
        x_(x0.begin(), x0.end()),
        y_(x_),
        next_(x_),
        gradient_(x_.size()) {}

  // x <- prox(y - grad f(y) / L), and the next y. Returns 2 L ||y - x||: it bounds the norm of
  //   L (y - x) - grad f(y) + grad f(x),
  // which is grad f(x) plus the element of R's subdifferential at x that the prox step chose.
  double step() {
    f_.gradient(y_, gradient_);
    for (std::size_t j = 0; j < y_.size(); ++j) next_[j] = y_[j] - gradient_[j] / L_;
    regulariser_.prox(1 / L_, next_);
    ++gradients_;
    double squared = 0;
    double uphill = 0;  // <y - x+, x+ - x>
    for (std::size_t j = 0; j < y_.size(); ++j) {
      const double back = y_[j] - next_[j];
      squared += back * back;
      uphill += back * (next_[j] - x_[j]);
    }
    if (uphill > 0) momentum_ = 1;
    const double momentum = (1 + std::sqrt(1 + 4 * momentum_ * momentum_)) / 2;
    const double share = (momentum_ - 1) / momentum;
    for (std::size_t j = 0; j < y_.size(); ++j) y_[j] = next_[j] + share * (next_[j] - x_[j]);
    momentum_ = momentum;
    std::swap(x_, next_);
    return 2 * L_ * std::sqrt(squared);
  }

  const Dense& x() const { return x_; }
  std::uint64_t gradients() const { return gradients_; }

 private:
  problems::Objective<double>& f_;
  const problems::Regulariser<double>& regulariser_;
  const double L_;
  double momentum_ = 1;  // t_k of FISTA
  Dense x_;
  Dense y_;
  Dense next_;
  Dense gradient_;
  std::uint64_t gradients_ = 0;
};

}  // namespace

Solution solve(problems::Objective<double>& f, const problems::Regulariser<double>& regulariser,
               std::span<const double> x0, std::uint64_t gradients_max) {
  WISP_CHECK(x0.size() == f.dim(), "the start has another dimension than the function");
  const problems::Smoothness smoothness = f.smoothness();
  const double mu = smoothness.mu;
  const double start = std::abs(f.loss(x0) + regulariser.value(x0));
  if (!std::isfinite(start)) {
    throw Error("the reference solver can't start: the loss is not finite at the first iterate");
  }
  // L is known to 1e-9 of itself.
  ProximalDescent descent(f, regulariser, x0, smoothness.L > 0 ? smoothness.L * (1 + 1e-8) : 1);
  Solution solution;
  solution.gradient_norm = std::numeric_limits<double>::infinity();
  double goal = 0;
  double accepted = 0;
  std::uint64_t idle = 0;
  while (descent.gradients() < gradients_max && idle < kPatience) {
    const double norm = descent.step();
    if (!std::isfinite(norm)) break;
    if (solution.x.empty()) {
      goal = mu > 0 ? std::sqrt(2 * mu * kGapGoal * std::max(1.0, start)) : kGradientGoal * norm;
      accepted = mu > 0 ? std::sqrt(2 * mu * kGapAccepted) : kGradientAccepted * norm;
    }
    if (norm < solution.gradient_norm) {
      solution.gradient_norm = norm;
      solution.x = descent.x();
      idle = 0;
    } else if (solution.gradient_norm <= accepted) {
      ++idle;  // rounding
    }
    if (solution.gradient_norm <= goal) break;
  }
  solution.gradients = descent.gradients();
  if (!(solution.gradient_norm <= accepted)) {
    throw Error(fmt::format(
        "the reference solver found no minimum in {} gradients: the subgradient's norm is still "
        "{:.3g}; the problem may have none (does it need l2?), or give problem.optimum as a number",
        solution.gradients, solution.gradient_norm));
  }
  solution.loss = f.loss(solution.x) + regulariser.value(solution.x);
  if (mu > 0) solution.gap_bound = solution.gradient_norm * solution.gradient_norm / (2 * mu);
  return solution;
}

}  // namespace wisp::optim
