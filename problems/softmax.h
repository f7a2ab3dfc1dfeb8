#pragma once
// Softmax regression: a row's score for class c is w_c'a, and with an intercept w_c'a + v_c.
//
// x holds W feature by feature, the classes' weights for feature j at x[j K] .. x[j K + K-1], then v if there
// is an intercept. l2 is for W alone. An entry of a row meets K neighbouring weights, so sparse and dense
// rows go by one and the same loop.
#include <cstdint>
#include <memory>

#include "problems/objective.h"
#include "problems/rows.h"
#include "problems/source.h"

namespace wisp::problems {

// K (d + 1), or K d. Throws Error (kConfig) where it is 2^32 or more.
std::uint32_t softmax_dim(const DataInfo& info, bool intercept);

// f_i over `rows`, one worker's of `workers`, out of info.rows. L_i = (n/N) lambda_max(A_i'A_i)/2 + l2, since
// no softmax has more curvature than 1/2; mu = l2, and 0 with an intercept.
template <class T>
std::unique_ptr<Objective<T>> make_softmax(Rows<T> rows, const DataInfo& info, std::uint32_t workers,
                                           double l2, bool intercept);

}  // namespace wisp::problems
