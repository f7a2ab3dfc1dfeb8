#include "optim/step_size.h"

#include <algorithm>
#include <cmath>

#include "base/math.h"

namespace wisp::optim {

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

std::optional<double> predicted_rounds(double rate, double reduction) {
  if (!(rate > 0 && rate < 1 && reduction > 0 && reduction < 1)) return std::nullopt;
  return std::ceil(math::log(reduction) / math::log1p(-rate));
}

double gd_rate(double step, const Constants& constants) { return step * constants.mu; }
double ibcd_rate(double step, const Constants& constants) { return step * constants.mu; }
double isega_rate(double step, const Constants& constants) {
  return std::min(step * constants.mu, constants.tau);
}

}  // namespace wisp::optim
