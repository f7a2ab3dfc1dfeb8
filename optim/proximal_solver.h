#pragma once
// The reference solver for f + R: the least f + R for `optimum: solve` where the problem has a regulariser.
#include <cstdint>
#include <span>

#include "optim/reference_solver.h"
#include "problems/objective.h"
#include "problems/regulariser.h"

namespace wisp::optim {

// Minimises F = f + R, f convex and differentiable, from x0, as far as rounding lets the subgradient shrink.
// Deterministic: equal arguments give equal bits. x0.size() == f.dim(). In the Solution, `loss` is F(x) and
// `gradient_norm` a bound on that of an element of F's subdifferential at x; with it the gap bound holds for
// F as it does for f, by f's mu alone.
//
// Accelerated proximal gradient steps of 1/L (Beck and Teboulle 2009, FISTA) that begin anew whenever their
// momentum points uphill (O'Donoghue and Candes 2015, the gradient scheme).
//
// Throws Error (kFailed) as the solver of f alone does.
Solution solve(problems::Objective<double>& f, const problems::Regulariser<double>& regulariser,
               std::span<const double> x0, std::uint64_t gradients_max = 100'000);

}  // namespace wisp::optim
