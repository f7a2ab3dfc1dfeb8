#pragma once
// Small dense problems for tests of methods: one worker's function, with plain loops and the standard
// library's math.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "problems/objective.h"

namespace wisp::test {

enum class Loss { kLogistic, kLeastSquares, kQuadratic };

// f_i(x) = weight * sum over the rows of loss(a'x, b) + (l2/2)||x||^2. The quadratic loss is (a'x)^2 / 2.
struct DenseProblem {
  Loss loss = Loss::kLogistic;
  std::size_t d = 1;
  std::vector<double> a = {};  // rows, one after another
  std::vector<double> b = {};
  double weight = 1;
  double l2 = 0;

  double value(const std::vector<double>& x) const;
  std::vector<double> gradient(const std::vector<double>& x) const;
  // The gradient of f_ij(x) = (weight * rows) loss of row j + (l2/2)||x||^2.
  std::vector<double> sample_gradient(std::size_t row, const std::vector<double>& x) const;
  problems::Smoothness smoothness() const;
};

// `rows` random rows, dealt unevenly to n workers (each gets one at least), weighted so that f is the mean
// over rows.
std::vector<DenseProblem> random_problem(Loss loss, std::size_t d, std::size_t n, std::size_t rows, double l2,
                                         std::uint64_t seed);

// P2 eq. (17): f_i = x'M_i x / 2, M_i = vv' + (I - vv') A_i A_i' (I - vv') / lambda_max(A_i A_i'), A_i d x o
// Gaussian, v a random unit vector of all workers. L = 1 for every worker; grad f_i(0) = 0.
std::vector<DenseProblem> quadratic17(std::size_t d, std::size_t o, std::size_t n, std::uint64_t seed);

// `problem` as the methods see it; keeps a copy.
template <class T>
std::unique_ptr<problems::Objective<T>> make_dense_objective(DenseProblem problem);

// The largest and smallest eigenvalue of a symmetric d x d matrix, by cyclic Jacobi rotations.
struct Spectrum {
  double largest = 0;
  double smallest = 0;
};
Spectrum spectrum(std::vector<double> matrix, std::size_t d);

}  // namespace wisp::test
