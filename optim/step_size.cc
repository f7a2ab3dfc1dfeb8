#include "optim/step_size.h"

#include <algorithm>
#include <cmath>

#include "base/math.h"

namespace wisp::optim {

double Steps::share(std::uint64_t round) const {
  return schedule == Schedule::kConstant ? 1 : 1 / std::sqrt(static_cast<double>(round) + 1);
}

double gd_theory_step(const Constants& constants) { return 1 / constants.L; }
double gd_paper_step(const Constants& constants) { return 1 / (2 * constants.L); }

double ibcd_theory_step(const Constants& constants) {
  const double n = constants.workers;
  const double tau = constants.tau;
  const double gamma = n / (tau * n + 2 * (1 - tau)) / (2 * constants.L);
  return gamma * tau;
}

double ibcd_paper_step(const Constants& constants) {
  const double tau = constants.tau;
  const double gamma = 1 / (constants.L * (tau + (1 - tau) / constants.workers));
  return gamma * tau;
}

double isega_theory_step(const Constants& constants) {
  const double n_tau = constants.workers * constants.tau;
  const double first = 1 / (4 * constants.L * (1 + 1 / n_tau));
  const double second = 1 / (constants.mu / constants.tau + 4 * constants.L / n_tau);
  return std::min(first, second);
}

double isega_paper_step(const Constants& constants) {
  return 1 / (constants.L * (1 + 1 / (constants.workers * constants.tau)));
}

double nesterov_theory_step(const Constants& constants) { return 1 / constants.L; }

double isaga_theory_step(const Constants& constants) {
  const double gamma = 1 / (constants.L * (3.0 / constants.workers + constants.tau));
  return gamma * constants.tau;
}

namespace {

double isgd_a(const Constants& constants) {
  const double tau = constants.tau;
  return 2 * (tau + 2 * (1 - tau) / constants.workers) * constants.L;
}

}  // namespace

double isgd_theory_step(const Constants& constants) { return constants.tau / isgd_a(constants); }

double isgd_theory_decay(const Constants& constants) {
  return constants.mu * constants.tau / 4 / isgd_a(constants);
}

double isgd_paper_step(const Constants& constants) { return 1 / (5 * constants.L); }

double iasgd_theory_step(const Constants& constants) {
  const double tau = constants.tau;
  const double growth = constants.mu > 0 ? constants.L / constants.mu : HUGE_VAL;
  const double lemma = tau < 1 ? 1 + growth * (1 - tau) / (constants.workers * tau) : 1;
  return 1 / ((constants.rho > 0 ? constants.rho : lemma) * constants.L);
}
double async_isgd_step(const Constants& constants) {
  return constants.tau / (2 * constants.L * (constants.tau + 2.0 / constants.workers));
}

double async_isega_theory_step(const Constants& constants) {
  const double n_tau = constants.workers * constants.tau;
  return 1 / (2 * constants.L * (1 + 2 * (1 - constants.tau) / n_tau));
}

double async_sgd_theory_step(const Constants& constants) {
  const double n = constants.workers;
  const double s = 2 * (n - 1);
  const double kept = constants.tau < 1 ? 2 * n * (s + 1) / (constants.tau * constants.tau) : 0;
  return 1 / (4 * constants.L * std::max(1.0, std::sqrt(s * s + kept)));
}

double memory_updates(const Constants& constants) { return constants.workers / constants.tau; }

std::optional<double> predicted_rounds(double rate, double reduction) {
  if (!(rate > 0 && rate < 1 && reduction > 0 && reduction < 1)) return std::nullopt;
  return std::ceil(math::log(reduction) / math::log1p(-rate));
}

double gd_rate(double step, const Constants& constants) { return step * constants.mu; }
double ibcd_rate(double step, const Constants& constants) { return step * constants.mu; }
double isega_rate(double step, const Constants& constants) {
  return std::min(step * constants.mu, constants.tau);
}

double nesterov_rate(double step, const Constants& constants) { return std::sqrt(step * constants.mu); }

namespace {

// What both theorems call c; 0 from their longest step on, where they give no rate.
double isaga_c(double gamma, const Constants& constants) {
  const double n = constants.workers;
  const double longest = 1 / (constants.L * (3 / n + constants.tau));
  if (gamma >= longest * (1 - 1e-12)) return 0;
  return (1 / (gamma * constants.L) - 1 / n - constants.tau) / n;
}

}  // namespace

double isaga_rate(double step, const Constants& constants) {
  const double n = constants.workers;
  const auto l = static_cast<double>(constants.samples);
  const double gamma = step / constants.tau;
  const double c = isaga_c(gamma, constants);
  if (c == 0 || l == 0) return 0;
  return constants.tau * std::min(gamma * constants.mu, 1 / l - 2 / (n * n * l * c));
}

double isaga_shared_rate(double step, const Constants& constants) {
  const double n = constants.workers;
  const auto N = static_cast<double>(constants.samples);
  const double gamma = step / constants.tau;
  const double c = isaga_c(gamma, constants);
  if (c == 0 || N == 0) return 0;
  return constants.tau * std::min(gamma * constants.mu, n / N - 2 / (n * N * c));
}

double iasgd_rate(double step, const Constants& constants) {
  return step * std::sqrt(constants.mu * constants.L);
}

}  // namespace wisp::optim
