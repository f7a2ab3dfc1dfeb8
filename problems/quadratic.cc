#include "problems/quadratic.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/rng.h"
#include "problems/dot.h"
#include "problems/lanczos.h"

namespace wisp::problems {
namespace {

using Vector = std::vector<double>;

Vector unit_vector(const QuadraticParameters& p) {
  Rng rng(p.seed, 0, 0, Purpose::kData);
  Vector v(p.dim);
  for (double& each : v) each = rng.normal();
  const double length = std::sqrt(dot<double, double, double>(v, v));
  for (double& each : v) each /= length;
  return v;
}

// Row-major, d rows of o.
struct Matrix {
  std::size_t columns = 0;
  Vector entries;

  std::span<double> row(std::size_t r) { return std::span(entries).subspan(r * columns, columns); }
  std::span<const double> row(std::size_t r) const {
    return std::span(entries).subspan(r * columns, columns);
  }
  std::size_t rows() const { return entries.size() / columns; }
};

Matrix gaussian(const QuadraticParameters& p, std::uint32_t worker) {
  const std::size_t inner = p.inner == 0 ? p.dim : p.inner;
  Matrix a{inner, Vector(p.dim * inner)};
  Rng rng(p.seed, worker, 1, Purpose::kData);  // round 0 is v's
  for (double& each : a.entries) each = rng.normal();
  return a;
}

// out = A'v.
void transposed_product(const Matrix& a, std::span<const double> v, std::span<double> out) {
  for (double& each : out) each = 0;
  for (std::size_t r = 0; r < a.rows(); ++r) {
    const std::span<const double> row = a.row(r);
    for (std::size_t c = 0; c < a.columns; ++c) out[c] += v[r] * row[c];
  }
}

double gram_norm(const Matrix& a) {  // lambda_max(A A')
  Vector between(a.columns);
  return largest_eigenvalue(static_cast<std::uint32_t>(a.rows()),
                            [&](std::span<const double> x, std::span<double> out) {
                              transposed_product(a, x, between);
                              for (std::size_t r = 0; r < a.rows(); ++r) {
                                out[r] = dot<double, double, double>(a.row(r), between);
                              }
                            });
}

// to += weight * M_i, both triangles alike.
void add_matrix(Matrix& to, double weight, const Vector& v, Matrix a) {
  const double norm = gram_norm(a);
  Vector along(a.columns);
  transposed_product(a, v, along);
  for (std::size_t r = 0; r < a.rows(); ++r) {  // a = (I - vv') A
    for (std::size_t c = 0; c < a.columns; ++c) a.row(r)[c] -= v[r] * along[c];
  }
  for (std::size_t r = 0; r < a.rows(); ++r) {
    for (std::size_t c = 0; c <= r; ++c) {
      const double entry = v[r] * v[c] + dot<double, double, double>(a.row(r), a.row(c)) / norm;
      to.row(r)[c] += weight * entry;
      if (c != r) to.row(c)[r] += weight * entry;
    }
  }
}

template <class T>
class Quadratic final : public Objective<T> {
 public:
  Quadratic(const Matrix& m, double l2) : dim_(m.columns), m_(m.entries.begin(), m.entries.end()), l2_(l2) {}

  std::uint32_t dim() const override { return static_cast<std::uint32_t>(dim_); }
  std::uint64_t rows() const override { return 0; }

  double loss(std::span<const T> x) override {
    WISP_CHECK(x.size() == dim_, "x has another dimension");
    double sum = 0;
    for (std::size_t r = 0; r < dim_; ++r) sum += static_cast<double>(x[r]) * dot<double, T, T>(row(r), x);
    return sum / 2 + l2_ / 2 * dot<double, T, T>(x, x);
  }

  void gradient(std::span<const T> x, std::span<T> gradient) override {
    WISP_CHECK(x.size() == dim_ && gradient.size() == dim_, "x or gradient has another dimension");
    const T l2 = static_cast<T>(l2_);
    for (std::size_t r = 0; r < dim_; ++r) gradient[r] = dot<T, T, T>(row(r), x) + l2 * x[r];
  }

  Smoothness smoothness() override {
    const Extremes extremes =
        extreme_eigenvalues(dim(), [&](std::span<const double> x, std::span<double> out) {
          for (std::size_t r = 0; r < dim_; ++r) out[r] = dot<double, T, double>(row(r), x);
        });
    return {extremes.largest + l2_, std::max(extremes.smallest, 0.0) + l2_};
  }

 private:
  std::span<const T> row(std::size_t r) const { return std::span(m_).subspan(r * dim_, dim_); }

  std::size_t dim_;
  std::vector<T> m_;
  double l2_;
};

template <class T>
std::unique_ptr<Objective<T>> make(const QuadraticParameters& p, std::uint32_t first, std::uint32_t count) {
  WISP_CHECK(p.dim > 0 && count > 0, "a quadratic needs a dimension and a worker");
  const Vector v = unit_vector(p);
  Matrix m{p.dim, Vector(std::size_t{p.dim} * p.dim)};
  for (std::uint32_t i = 0; i < count; ++i) add_matrix(m, 1.0 / count, v, gaussian(p, first + i));
  return std::make_unique<Quadratic<T>>(m, p.l2);
}

}  // namespace

template <class T>
std::unique_ptr<Objective<T>> make_quadratic(const QuadraticParameters& parameters, std::uint32_t worker) {
  return make<T>(parameters, worker, 1);
}

template <class T>
std::unique_ptr<Objective<T>> make_mean_quadratic(const QuadraticParameters& parameters,
                                                  std::uint32_t workers) {
  return make<T>(parameters, 0, workers);
}

template std::unique_ptr<Objective<float>> make_quadratic(const QuadraticParameters&, std::uint32_t);
template std::unique_ptr<Objective<double>> make_quadratic(const QuadraticParameters&, std::uint32_t);
template std::unique_ptr<Objective<float>> make_mean_quadratic(const QuadraticParameters&, std::uint32_t);
template std::unique_ptr<Objective<double>> make_mean_quadratic(const QuadraticParameters&, std::uint32_t);

}  // namespace wisp::problems
