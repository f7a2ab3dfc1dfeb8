#pragma once
// The step sizes that theorems and experiments give, and how many rounds they predict.
//
// A step is always the mean step, E[x+ - x] = -step * grad f(x): gamma for gd and isega, gamma * tau for
// ibcd, whose gamma is n times larger than one is used to.
#include <cstdint>
#include <optional>

namespace wisp::optim {

// What a step depends on.
struct Constants {
  double L = 0;               // the largest L_i of the scaled f_i (see problems/objective.h); > 0
  double mu = 0;              // strong convexity of f; 0 where it is only convex
  std::uint32_t workers = 1;  // n
  double tau = 1;             // the share of the blocks that is sent, k / m
};

// gd: 1/L; P2's experiments (Figs 2, 11) use half of it.
double gd_theory_step(const Constants& constants);
double gd_paper_step(const Constants& constants);

// ibcd: P2 Theorem 1, gamma = n / (tau n + 2 (1 - tau)) / (2L), and the longer gamma = 1 / (L (tau + (1 -
// tau) / n)) that is what Fig 3 shows in effect. For the latter the rate 1 - gamma tau mu is derived, not
// printed: under A2 E||(1/n) sum s_i||^2 <= 2 L tau (tau + (1 - tau) / n) (f - f*). Without A2 halve it.
double ibcd_theory_step(const Constants& constants);
double ibcd_paper_step(const Constants& constants);

// isega: P2 Theorem 3, min{1 / (4L (1 + 1/(n tau))), 1 / (mu/tau + 4L/(n tau))}, and the four times longer
// 1 / (L (1 + 1/(n tau))) of the experiments (Figs 2, 11), which the theorem does not cover.
double isega_theory_step(const Constants& constants);
double isega_paper_step(const Constants& constants);

// Rounds until the squared distance to the minimiser has fallen by `reduction` (in (0, 1), say 1e-6), by the
// linear rate (1 - rate)^t. Nothing where the rate is not in (0, 1): no strong convexity, or too long a step.
std::optional<double> predicted_rounds(double rate, double reduction);

// The rate of all three methods is step * mu; isega can't be faster than it learns its h_i, tau a round
// (Corollary 3).
double gd_rate(double step, const Constants& constants);
double ibcd_rate(double step, const Constants& constants);
double isega_rate(double step, const Constants& constants);

}  // namespace wisp::optim
