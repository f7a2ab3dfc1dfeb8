#pragma once
// The quadratic of P2 eq. (17), on which its Figures 3 and 4 stand: every grad f_i vanishes at x = 0.
//
//   f_i(x) = x'M_i x / 2 + (l2/2)||x||^2,   M_i = vv' + (I - vv') A_i A_i' (I - vv') / lambda_max(A_i A_i')
//
// v is a random unit vector, the same for all workers; A_i is d x o with standard normal entries. M_i has the
// largest eigenvalue 1 (of v), so L_i = 1 + l2. o governs the condition of f: o = d gives about 5, o = d/30
// about 40 when many workers' M_i are averaged. f* = 0.
#include <cstdint>
#include <memory>

#include "problems/objective.h"

namespace wisp::problems {

struct QuadraticParameters {
  std::uint32_t dim = 1;    // d
  std::uint32_t inner = 0;  // o; 0: d
  double l2 = 0;
  std::uint64_t seed = 0;
};

// Worker `worker`'s f_i: a function of the parameters and its number.
template <class T>
std::unique_ptr<Objective<T>> make_quadratic(const QuadraticParameters& parameters, std::uint32_t worker);

// f = (1/n) sum_i f_i of n = `workers` workers.
template <class T>
std::unique_ptr<Objective<T>> make_mean_quadratic(const QuadraticParameters& parameters,
                                                  std::uint32_t workers);

}  // namespace wisp::problems
