#include "optim/reference_solver.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/error.h"

namespace wisp::optim {
namespace {

using Dense = std::vector<double>;

constexpr std::size_t kPairs = 20;       // curvature pairs that are remembered
constexpr int kTrialsMax = 40;           // gradients of one line search
constexpr double kGapGoal = 1e-18;       // of max(1, f(x0)): below what f itself can show in double
constexpr double kGapAccepted = 1e-12;   // of max(1, f): what must be reached
constexpr double kGradientGoal = 1e-12;  // of ||grad f(x0)||, where mu = 0
constexpr double kGradientAccepted = 1e-9;

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += a[j] * b[j];
  return sum;
}

double norm(std::span<const double> a) { return std::sqrt(dot(a, a)); }

// y += a x
void add(double a, std::span<const double> x, std::span<double> y) {
  for (std::size_t j = 0; j < y.size(); ++j) y[j] += a * x[j];
}

struct Point {
  Dense x;
  Dense gradient;
};

struct Pair {
  Dense s;  // x+ - x
  Dense y;  // grad f(x+) - grad f(x)
  double sy;
};

// -H g by the two loops of Algorithm 7.4; H is `scale` times the identity where nothing is known.
Dense direction(const std::deque<Pair>& pairs, std::span<const double> gradient, double scale) {
  Dense p(gradient.begin(), gradient.end());
  std::vector<double> alpha(pairs.size());
  for (std::size_t i = pairs.size(); i-- > 0;) {
    alpha[i] = dot(pairs[i].s, p) / pairs[i].sy;
    add(-alpha[i], pairs[i].y, p);
  }
  const double first = pairs.empty() ? scale : pairs.back().sy / dot(pairs.back().y, pairs.back().y);
  for (double& each : p) each *= first;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    add(alpha[i] - dot(pairs[i].y, p) / pairs[i].sy, pairs[i].s, p);
  }
  for (double& each : p) each = -each;
  return p;
}

// The next trial between `low`, where f still falls, and `high`, where it rises or is not finite; by the
// secant of the slopes, kept off the ends. Without a `high` yet, further out.
double next_trial(double low, double low_slope, std::optional<double> high, double high_slope) {
  if (!high) return low * 4;
  const double width = *high - low;
  const double secant = low_slope / (low_slope - high_slope);
  const double share = std::isfinite(high_slope) ? std::clamp(secant, 0.1, 0.9) : 0.1;
  return low + share * width;
}

class Search {
 public:
  Search(problems::Objective<double>& f, std::uint64_t gradients_max)
      : f_(f), gradients_max_(gradients_max) {}

  void evaluate(Point& point) {
    point.gradient.resize(point.x.size());
    f_.gradient(point.x, point.gradient);
    ++gradients_;
  }

  // A point from `start` along `p` where the slope is between 0.9 times what it is at `start` and half of
  // that upwards; nothing if rounding hides it.
  std::optional<Point> along(const Point& start, const Dense& p) {
    const double start_slope = dot(start.gradient, p);
    if (!(start_slope < 0)) return std::nullopt;
    double low = 0;
    double low_slope = start_slope;
    std::optional<double> high;
    double high_slope = 0;
    double length = 1;
    for (int trial = 0; trial < kTrialsMax && gradients_ < gradients_max_; ++trial) {
      Point next{start.x, {}};
      add(length, p, next.x);
      evaluate(next);
      const double slope = dot(next.gradient, p);
      if (slope >= 0.9 * start_slope && slope <= -0.5 * start_slope) return next;
      if (slope < 0) {
        low = length;
        low_slope = slope;
      } else {  // also NaN
        high = length;
        high_slope = slope;
      }
      length = next_trial(low, low_slope, high, high_slope);
    }
    return std::nullopt;
  }

  std::uint64_t gradients() const { return gradients_; }
  bool exhausted() const { return gradients_ >= gradients_max_; }

 private:
  problems::Objective<double>& f_;
  std::uint64_t gradients_max_;
  std::uint64_t gradients_ = 0;
};

void remember(std::deque<Pair>& pairs, const Point& from, const Point& to) {
  Pair pair{to.x, to.gradient, 0};
  add(-1, from.x, pair.s);
  add(-1, from.gradient, pair.y);
  pair.sy = dot(pair.s, pair.y);
  if (!(pair.sy > 0)) return;  // rounding
  pairs.push_back(std::move(pair));
  if (pairs.size() > kPairs) pairs.pop_front();
}

// Goes on until ||grad f|| <= goal, or rounding or the limit of gradients stops it.
void descend(Search& search, Point& at, double scale, double goal) {
  std::deque<Pair> pairs;
  while (norm(at.gradient) > goal && !search.exhausted()) {
    std::optional<Point> next = search.along(at, direction(pairs, at.gradient, scale));
    if (next) {
      remember(pairs, at, *next);
      at = std::move(*next);
    } else if (pairs.empty()) {
      return;
    } else {
      pairs.clear();  // what was learnt may mislead: once more from the plain gradient
    }
  }
}

}  // namespace

Solution solve(problems::Objective<double>& f, std::span<const double> x0, std::uint64_t gradients_max) {
  WISP_CHECK(x0.size() == f.dim(), "the start has another dimension than the function");
  const problems::Smoothness smoothness = f.smoothness();
  const double mu = smoothness.mu;
  const double start_loss = f.loss(x0);
  Search search(f, gradients_max);
  Point at{Dense(x0.begin(), x0.end()), {}};
  search.evaluate(at);
  const double start_norm = norm(at.gradient);
  if (!std::isfinite(start_loss) || !std::isfinite(start_norm)) {
    throw Error(
        "the reference solver can't start: the loss or its gradient is not finite at the first iterate");
  }
  const double goal =
      mu > 0 ? std::sqrt(2 * mu * kGapGoal * std::max(1.0, start_loss)) : kGradientGoal * start_norm;
  descend(search, at, smoothness.L > 0 ? 1 / smoothness.L : 1, goal);

  Solution solution;
  solution.loss = f.loss(at.x);
  solution.gradient_norm = norm(at.gradient);
  if (mu > 0) solution.gap_bound = solution.gradient_norm * solution.gradient_norm / (2 * mu);
  solution.gradients = search.gradients();
  solution.x = std::move(at.x);
  const bool gap_reached =
      solution.gap_bound && *solution.gap_bound <= kGapAccepted * std::max(1.0, std::abs(solution.loss));
  if (!gap_reached && !(solution.gradient_norm <= kGradientAccepted * start_norm)) {
    throw Error("the reference solver found no minimum in " + std::to_string(solution.gradients) +
                " gradients: the gradient's norm is still " + short_number(solution.gradient_norm) +
                "; the problem may have none (does it need l2?), or give problem.optimum as a number");
  }
  return solution;
}

}  // namespace wisp::optim
