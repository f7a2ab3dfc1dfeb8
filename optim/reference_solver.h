#pragma once
// A precise solver in one place: f* and x* for `optimum: solve`, to measure the distributed methods against.
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "problems/objective.h"

namespace wisp::optim {

struct Solution {
  std::vector<double> x;
  double loss = 0;           // f(x), within rounding of f*
  double gradient_norm = 0;  // ||grad f(x)||, Euclidean
  // The certificate: f(x) - f* <= gradient_norm^2 / (2 mu), true for every mu-strongly convex f. Nothing
  // where mu = 0: then only gradient_norm says how near this is.
  std::optional<double> gap_bound;
  std::uint64_t gradients = 0;  // gradient evaluations that it took
};

// Minimises a convex, differentiable f, starting from x0, as far as rounding lets the gradient shrink.
// Deterministic: equal arguments give equal bits. x0.size() == f.dim().
//
// L-BFGS (Nocedal and Wright, Numerical Optimization, Algorithms 7.4 and 7.5) with a search along the line
// that looks at slopes only: they are monotone, as f is convex, and stay exact where the differences of f are
// lost in rounding.
//
// Throws Error (kFailed) when f or its gradient is not finite at x0, or when after `gradients_max`
// evaluations neither the gap bound is below 1e-12 * max(1, f) nor the gradient below 1e-9 of what it was at
// x0: f may have no minimiser then (separable data without l2).
Solution solve(problems::Objective<double>& f, std::span<const double> x0,
               std::uint64_t gradients_max = 100'000);

}  // namespace wisp::optim
