#pragma once
// Logistic regression: a row's loss is log(1 + exp(-b a'x)) with b = +1 or -1.
#include <memory>

#include "problems/objective.h"
#include "problems/rows.h"
#include "problems/source.h"

namespace wisp::problems {

// f_i over `rows`, one worker's of `workers`, out of info.rows. L_i = (n/N) lambda_max(A_i'A_i)/4 + l2; mu =
// l2.
template <class T>
std::unique_ptr<Objective<T>> make_logistic(Rows<T> rows, const DataInfo& info, std::uint32_t workers,
                                            double l2);

}  // namespace wisp::problems
