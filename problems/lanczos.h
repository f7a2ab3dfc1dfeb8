#pragma once
// Extreme eigenvalues of a symmetric matrix that is known by its products: where L and mu come from.
#include <cstdint>
#include <functional>
#include <span>

namespace wisp::problems {

struct Extremes {
  double smallest = 0;
  double largest = 0;
};

// product(v, out): out = A v, with A symmetric of order `order` > 0. Called many times; may keep no
// reference.
using Product = std::function<void(std::span<const double>, std::span<double>)>;

// Lanczos with full reorthogonalisation (twice) from a fixed start vector, until the residual of the wanted
// Ritz pairs is below 1e-10 of the largest eigenvalue's size, at most 1500 steps. Equal bits for equal
// products. An eigenvalue's error is at most its residual.
double largest_eigenvalue(std::uint32_t order, const Product& product);
Extremes extreme_eigenvalues(std::uint32_t order, const Product& product);

}  // namespace wisp::problems
