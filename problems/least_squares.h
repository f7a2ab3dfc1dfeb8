#pragma once
// Least squares: a row's loss is (a'x - b)^2 / 2.
#include <memory>

#include "problems/objective.h"
#include "problems/rows.h"
#include "problems/source.h"

namespace wisp::problems {

// f_i over `rows`, one worker's of `workers`, out of info.rows. L_i = (n/N) lambda_max(A_i'A_i) + l2; mu is
// given as l2, a lower bound.
template <class T>
std::unique_ptr<Objective<T>> make_least_squares(Rows<T> rows, const DataInfo& info, std::uint32_t workers,
                                                 double l2);

}  // namespace wisp::problems
