#include "tests/support/dense_objective.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "base/rng.h"

namespace wisp::test {
namespace {

template <class T>
class DenseObjective : public problems::Objective<T> {
 public:
  explicit DenseObjective(DenseProblem problem) : problem_(std::move(problem)) {}
  std::uint32_t dim() const override { return static_cast<std::uint32_t>(problem_.d); }
  std::uint64_t rows() const override { return problem_.b.size(); }
  double loss(std::span<const T> x) override {
    return problem_.value(std::vector<double>(x.begin(), x.end()));
  }
  void gradient(std::span<const T> x, std::span<T> gradient) override {
    const std::vector<double> g = problem_.gradient(std::vector<double>(x.begin(), x.end()));
    for (std::size_t j = 0; j < g.size(); ++j) gradient[j] = static_cast<T>(g[j]);
  }
  void sample_gradient(std::span<const std::uint32_t> samples, std::span<const T> x,
                       std::span<T> gradient) override {
    std::vector<double> mean(problem_.d);
    for (const std::uint32_t row : samples) {
      const auto g = problem_.sample_gradient(row, std::vector<double>(x.begin(), x.end()));
      for (std::size_t j = 0; j < g.size(); ++j) mean[j] += g[j] / static_cast<double>(samples.size());
    }
    for (std::size_t j = 0; j < mean.size(); ++j) gradient[j] = static_cast<T>(mean[j]);
  }
  problems::Smoothness smoothness() override { return problem_.smoothness(); }

 private:
  DenseProblem problem_;
};

std::vector<double> gram(const DenseProblem& problem) {
  std::vector<double> matrix(problem.d * problem.d);
  for (std::size_t r = 0; r < problem.b.size(); ++r) {
    const double* row = &problem.a[r * problem.d];
    for (std::size_t i = 0; i < problem.d; ++i) {
      for (std::size_t j = 0; j < problem.d; ++j) matrix[i * problem.d + j] += row[i] * row[j];
    }
  }
  return matrix;
}

void project_out(std::vector<double>& column, const std::vector<double>& v) {
  double along = 0;
  for (std::size_t j = 0; j < v.size(); ++j) along += v[j] * column[j];
  for (std::size_t j = 0; j < v.size(); ++j) column[j] -= along * v[j];
}

// One rotation that makes matrix[p][q] zero; a[p][q] is not zero.
void rotate(std::vector<double>& a, std::size_t d, std::size_t p, std::size_t q) {
  const double theta = (a[q * d + q] - a[p * d + p]) / (2 * a[p * d + q]);
  const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
  const double c = 1 / std::sqrt(t * t + 1);
  const double s = t * c;
  for (std::size_t i = 0; i < d; ++i) {
    const double ip = a[i * d + p];
    const double iq = a[i * d + q];
    a[i * d + p] = c * ip - s * iq;
    a[i * d + q] = s * ip + c * iq;
  }
  for (std::size_t i = 0; i < d; ++i) {
    const double pi = a[p * d + i];
    const double qi = a[q * d + i];
    a[p * d + i] = c * pi - s * qi;
    a[q * d + i] = s * pi + c * qi;
  }
}

}  // namespace

double DenseProblem::value(const std::vector<double>& x) const {
  double sum = 0;
  for (std::size_t r = 0; r < b.size(); ++r) {
    double z = 0;
    for (std::size_t j = 0; j < d; ++j) z += a[r * d + j] * x[j];
    if (loss == Loss::kLogistic) sum += std::log1p(std::exp(-b[r] * z));
    if (loss == Loss::kLeastSquares) sum += (z - b[r]) * (z - b[r]) / 2;
    if (loss == Loss::kQuadratic) sum += z * z / 2;
  }
  double square = 0;
  for (const double each : x) square += each * each;
  return weight * sum + l2 / 2 * square;
}

std::vector<double> DenseProblem::gradient(const std::vector<double>& x) const {
  std::vector<double> g(d);
  for (std::size_t r = 0; r < b.size(); ++r) {
    double z = 0;
    for (std::size_t j = 0; j < d; ++j) z += a[r * d + j] * x[j];
    double slope = z;
    if (loss == Loss::kLogistic) slope = -b[r] / (1 + std::exp(b[r] * z));
    if (loss == Loss::kLeastSquares) slope = z - b[r];
    for (std::size_t j = 0; j < d; ++j) g[j] += weight * slope * a[r * d + j];
  }
  for (std::size_t j = 0; j < d; ++j) g[j] += l2 * x[j];
  return g;
}

std::vector<double> DenseProblem::sample_gradient(std::size_t row, const std::vector<double>& x) const {
  DenseProblem one{.loss = loss, .d = d, .weight = weight * static_cast<double>(b.size()), .l2 = l2};
  const auto first = a.begin() + static_cast<std::ptrdiff_t>(row * d);
  one.a.assign(first, first + static_cast<std::ptrdiff_t>(d));
  one.b = {b[row]};
  return one.gradient(x);
}

problems::Smoothness DenseProblem::smoothness() const {
  const Spectrum s = spectrum(gram(*this), d);
  const double curvature = weight * (loss == Loss::kLogistic ? 0.25 : 1);
  problems::Smoothness found{.L = curvature * s.largest + l2, .mu = l2};
  if (loss != Loss::kLogistic) found.mu += weight * std::max(s.smallest, 0.0);
  for (std::size_t r = 0; r < b.size(); ++r) {
    double square = 0;
    for (std::size_t j = 0; j < d; ++j) square += a[r * d + j] * a[r * d + j];
    found.L_sample = std::max(found.L_sample, curvature * static_cast<double>(b.size()) * square + l2);
  }
  found.samples = b.size();
  return found;
}

std::vector<DenseProblem> random_problem(Loss loss, std::size_t d, std::size_t n, std::size_t rows, double l2,
                                         std::uint64_t seed) {
  Rng rng(seed, 0, 0, Purpose::kData);
  std::vector<DenseProblem> workers(n);
  for (std::size_t r = 0; r < rows; ++r) {
    // A triangle of shards: later workers get fewer rows.
    const std::size_t i = r < n ? r
                                : std::min<std::size_t>(rng.below(static_cast<std::uint32_t>(n)),
                                                        rng.below(static_cast<std::uint32_t>(n)));
    for (std::size_t j = 0; j < d; ++j) workers[i].a.push_back(rng.normal());
    workers[i].b.push_back(rng.uniform() < 0.4 ? 1 : -1);
  }
  for (DenseProblem& worker : workers) {
    worker.loss = loss;
    worker.d = d;
    worker.weight = static_cast<double>(n) / static_cast<double>(rows);
    worker.l2 = l2;
  }
  return workers;
}

std::vector<DenseProblem> quadratic17(std::size_t d, std::size_t o, std::size_t n, std::uint64_t seed) {
  Rng rng(seed, 0, 0, Purpose::kData);
  std::vector<double> v(d);
  double square = 0;
  for (double& each : v) {
    each = rng.normal();
    square += each * each;
  }
  for (double& each : v) each /= std::sqrt(square);

  std::vector<DenseProblem> workers(n);
  for (DenseProblem& worker : workers) {
    worker.loss = Loss::kQuadratic;
    worker.d = d;
    std::vector<std::vector<double>> columns(o, std::vector<double>(d));
    DenseProblem plain{.loss = Loss::kQuadratic, .d = d};
    for (auto& column : columns) {
      for (double& each : column) each = rng.normal();
      plain.a.insert(plain.a.end(), column.begin(), column.end());
    }
    plain.b.resize(o);
    const double scale = 1 / std::sqrt(spectrum(gram(plain), d).largest);
    worker.a = v;
    for (auto& column : columns) {
      project_out(column, v);
      for (const double each : column) worker.a.push_back(scale * each);
    }
    worker.b.resize(o + 1);
  }
  return workers;
}

template <class T>
std::unique_ptr<problems::Objective<T>> make_dense_objective(DenseProblem problem) {
  return std::make_unique<DenseObjective<T>>(std::move(problem));
}

Spectrum spectrum(std::vector<double> matrix, std::size_t d) {
  double scale = 0;
  for (const double each : matrix) scale = std::max(scale, std::abs(each));
  for (int sweep = 0; sweep < 30; ++sweep) {
    double off = 0;
    for (std::size_t p = 0; p < d; ++p) {
      for (std::size_t q = p + 1; q < d; ++q) {
        off = std::max(off, std::abs(matrix[p * d + q]));
        if (matrix[p * d + q] != 0) rotate(matrix, d, p, q);
      }
    }
    if (off <= 1e-12 * scale) break;
  }
  Spectrum result{.largest = matrix[0], .smallest = matrix[0]};
  for (std::size_t j = 0; j < d; ++j) {
    result.largest = std::max(result.largest, matrix[j * d + j]);
    result.smallest = std::min(result.smallest, matrix[j * d + j]);
  }
  return result;
}

template std::unique_ptr<problems::Objective<float>> make_dense_objective(DenseProblem);
template std::unique_ptr<problems::Objective<double>> make_dense_objective(DenseProblem);

}  // namespace wisp::test
