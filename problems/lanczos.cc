#include "problems/lanczos.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "base/check.h"
#include "base/rng.h"
#include "problems/dot.h"

namespace wisp::problems {
namespace {

constexpr double kTolerance = 1e-10;
constexpr std::size_t kStepsMax = 1500;
constexpr std::size_t kStepsBetweenTests = 8;

using Vector = std::vector<double>;

double inner(std::span<const double> a, std::span<const double> b) { return dot<double>(a, b); }

void add_scaled(std::span<double> to, double factor, std::span<const double> what) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * what[i];
}

void scale(std::span<double> what, double factor) {
  for (double& each : what) each *= factor;
}

// The projection of A on the Krylov space: `diagonal`, and `beside` it the entries (k, k + 1).
struct Tridiagonal {
  Vector diagonal;
  Vector beside;

  double norm_bound() const {  // Gershgorin
    double bound = 0;
    for (std::size_t i = 0; i < diagonal.size(); ++i) {
      const double left = i > 0 ? beside[i - 1] : 0;
      const double right = i + 1 < diagonal.size() ? beside[i] : 0;
      bound = std::max(bound, std::abs(diagonal[i]) + left + right);
    }
    return bound;
  }

  Tridiagonal negated() const {  // up to signs beside the diagonal, which no eigenvalue depends on
    Tridiagonal result = *this;
    scale(result.diagonal, -1);
    return result;
  }

  bool is_below(double bound) const {  // bound I - T is positive definite
    double pivot = bound - diagonal[0];
    for (std::size_t i = 1; pivot > 0 && i < diagonal.size(); ++i) {
      pivot = bound - diagonal[i] - beside[i - 1] * beside[i - 1] / pivot;
    }
    return pivot > 0;
  }

  double largest() const {
    double high = norm_bound();
    double low = -high;
    while (true) {
      const double middle = low + (high - low) / 2;
      if (middle <= low || middle >= high) return high;
      (is_below(middle) ? high : low) = middle;
    }
  }

  // |last entry| of the unit eigenvector of the largest eigenvalue: inverse iteration with bound I - T, which
  // needs no pivoting.
  double last_entry(double eigenvalue) const {
    const std::size_t size = diagonal.size();
    const double pivot_min = std::numeric_limits<double>::epsilon() * norm_bound() + 1e-300;
    Vector pivots(size);
    for (std::size_t i = 0; i < size; ++i) {
      const double before = i > 0 ? beside[i - 1] * beside[i - 1] / pivots[i - 1] : 0;
      pivots[i] = std::max(eigenvalue - diagonal[i] - before, pivot_min);
    }
    Vector v(size, 1.0);
    for (int iteration = 0; iteration < 3; ++iteration) {
      for (std::size_t i = 1; i < size; ++i) v[i] += beside[i - 1] / pivots[i - 1] * v[i - 1];
      v[size - 1] /= pivots[size - 1];
      for (std::size_t i = size - 1; i > 0; --i) v[i - 1] = (v[i - 1] + beside[i - 1] * v[i]) / pivots[i - 1];
      scale(v, 1 / std::sqrt(inner(v, v)));
    }
    return std::abs(v[size - 1]);
  }
};

Vector start_vector(std::uint32_t order) {
  Rng rng(0, 0, 0, Purpose::kInit);
  Vector v(order);
  for (double& each : v) each = rng.normal();
  scale(v, 1 / std::sqrt(inner(v, v)));
  return v;
}

class Lanczos {
 public:
  Lanczos(std::uint32_t order, const Product& product) : product_(product), basis_{start_vector(order)} {}

  Extremes run(bool want_smallest) {
    const std::size_t steps_max = std::min(basis_[0].size(), kStepsMax);
    for (std::size_t step = 1;; ++step) {
      Vector next(basis_[0].size());
      const double length = expand(next);
      const double size = t_.norm_bound();
      if (step == steps_max || length <= 4 * std::numeric_limits<double>::epsilon() * size) break;
      if (step % kStepsBetweenTests == 0 && has_converged(length, size, want_smallest)) break;
      t_.beside.push_back(length);
      scale(next, 1 / length);
      basis_.push_back(std::move(next));
    }
    return {want_smallest ? -t_.negated().largest() : 0, t_.largest()};
  }

 private:
  // next = what A makes of the last basis vector that is new; returns its length.
  double expand(std::span<double> next) {
    product_(basis_.back(), next);
    t_.diagonal.push_back(inner(basis_.back(), next));
    for (int pass = 0; pass < 2; ++pass) {
      for (const Vector& each : basis_) add_scaled(next, -inner(each, next), each);
    }
    return std::sqrt(inner(next, next));
  }

  bool has_converged(double length, double size, bool want_smallest) const {
    if (length * t_.last_entry(t_.largest()) > kTolerance * size) return false;
    if (!want_smallest) return true;
    const Tridiagonal negated = t_.negated();
    return length * negated.last_entry(negated.largest()) <= kTolerance * size;
  }

  const Product& product_;
  std::vector<Vector> basis_;
  Tridiagonal t_;
};

}  // namespace

double largest_eigenvalue(std::uint32_t order, const Product& product) {
  WISP_CHECK(order > 0, "a matrix of no size has no eigenvalue");
  return Lanczos(order, product).run(false).largest;
}

Extremes extreme_eigenvalues(std::uint32_t order, const Product& product) {
  WISP_CHECK(order > 0, "a matrix of no size has no eigenvalue");
  return Lanczos(order, product).run(true);
}

}  // namespace wisp::problems
