#pragma once
// The step sizes that theorems and experiments give, and how many rounds they predict.
//
// A step is always the mean step, E[x+ - x] = -step * grad f(x): gamma for gd and isega, gamma * tau for
// ibcd, whose gamma is n times larger than one is used to.
#include <cstdint>
#include <optional>

namespace wisp::optim {

// The step of each round.
enum class Schedule : std::uint8_t {
  kConstant,
  kInvSqrt,  // first / sqrt(t + 1): the eta_t of P1
};

struct Steps {
  double first = 0;
  Schedule schedule = Schedule::kConstant;

  // What the step of round t = 0, 1, ... is of the first.
  double share(std::uint64_t round) const;
  double at(std::uint64_t round) const { return first * share(round); }
};

// What a step depends on.
struct Constants {
  double L = 0;               // the largest L_i of the scaled f_i (see problems/objective.h), or the largest
                              // L of a sample's f_ij for methods that go by samples; > 0
  double mu = 0;              // strong convexity of f; 0 where it is only convex
  std::uint32_t workers = 1;  // n
  double tau = 1;             // the share of the blocks that is sent, k / m
  std::uint64_t samples = 0;  // the most that a worker has: l, or N where all have all
  double rho = 0;             // iasgd: of the strong growth condition; 0: as Lemma 1 has it
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

// nesterov: 1/L.
double nesterov_theory_step(const Constants& constants);

// saga, isaga, isaga-shared: P2 Theorems 2 and 5, gamma = 1 / (L (3/n + tau)), which the experiments (Figs 1,
// 9, 10) use too. It is the longest step of the theorems, at which the rate that they give is 0.
double isaga_theory_step(const Constants& constants);

// isgd, and sgd at tau = 1: P2 Theorem 6, gamma_t = 1 / (a + c t) with a = 2 (tau + 2 (1 - tau) / n) L and c
// = mu tau / 4: the step of round 0, and c/a. The constant gamma tau = 1/(5L) is that of Fig 5; that the
// figure's gamma is this product is derived.
double isgd_theory_step(const Constants& constants);
double isgd_theory_decay(const Constants& constants);
double isgd_paper_step(const Constants& constants);

// iasgd: 1 / (rho L), where Lemma 1 has rho = 1 + rhotilde (1 - tau) / (n tau) for whole gradients (the
// formula is derived). rhotilde is bounded by L/mu, which is derived as well: under A2 (1/n) sum ||grad
// f_i||^2 <= 2L (f - f*) <= (L/mu) ||grad f||^2. In practice it is smaller; the experiments (Figs 7, 8) pick
// rho from a grid. Without strong convexity rho is infinite, and the step 0.
double iasgd_theory_step(const Constants& constants);
// async-isgd: P2 Theorem 9, gamma = 1 / (2L (tau + 2/n)); the mean step is gamma tau. No delay enters it.
double async_isgd_step(const Constants& constants);

// async-isega, ours: derived, without a proof of its rate. gamma = 1 / (2L (1 + 2 (1 - tau) / (n tau))).
double async_isega_theory_step(const Constants& constants);

// async-sgd: derived in P1's setting, whose own constants are not known. With a memory whose choice keeps
// ||u - C(u)||^2 <= (1 - tau) ||u||^2, and updates that at most s others overtake,
//   (1/T) sum E||grad f(x_{t - tau_t})||^2 <= 4 (f(x_0) - f*) / (eta T) + 2 L eta sigma^2 + O(eta^2)
// for eta <= min{1 / (4L), 1 / (4L sqrt(s^2 + 2n (s + 1) / tau^2))}; the second term of the root is the
// memory's and falls away where everything is sent. Assumes s = 2 (n - 1), twice the mean staleness of n
// workers: where a worker may be later than that, the step may be too long.
double async_sgd_theory_step(const Constants& constants);

// Updates until what a worker leaves out has been sent, in the mean: n / tau. What a memory costs is a matter
// of a few of those, so a run shorter than five does not show what it does in the long run.
double memory_updates(const Constants& constants);

// Rounds until the squared distance to the minimiser has fallen by `reduction` (in (0, 1), say 1e-6), by the
// linear rate (1 - rate)^t. Nothing where the rate is not in (0, 1): no strong convexity, or too long a step.
std::optional<double> predicted_rounds(double rate, double reduction);

// The rate of gd, ibcd and isega is step * mu; isega can't be faster than it learns its h_i, tau a round
// (Corollary 3).
double gd_rate(double step, const Constants& constants);
double ibcd_rate(double step, const Constants& constants);
double isega_rate(double step, const Constants& constants);

// sqrt(step mu): of f - f*, at a step of at most 1/L.
double nesterov_rate(double step, const Constants& constants);
// tau min{gamma mu, 1/l - 2/(n^2 l c)}, c = (1/n) (1/(gamma L) - 1/n - tau): Theorem 5; 0 at its longest
// step.
double isaga_rate(double step, const Constants& constants);
// tau min{gamma mu, n/N - 2/(n N c)}, with the same c: Theorem 2's, derived from Corollary 2.
double isaga_shared_rate(double step, const Constants& constants);
// sqrt(mu/L) / rho with rho = 1/(step L), derived from Vaswani, Bach, Schmidt (2019): of f - f*.
double iasgd_rate(double step, const Constants& constants);

}  // namespace wisp::optim
