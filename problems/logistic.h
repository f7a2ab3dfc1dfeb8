#pragma once
// Logistic regression: a row's loss is log(1 + exp(-b a'x)) with b = +1 or -1.
#include <memory>

#include "base/math.h"
#include "problems/objective.h"
#include "problems/rows.h"
#include "problems/source.h"

namespace wisp::problems {

// A row's loss, as linear.h wants it.
struct LogisticLoss {
  static constexpr double kCurvature = 0.25;
  static constexpr bool kSigns = true;

  static double value(double margin, double label) { return math::log1p_exp(-label * margin); }

  template <class T>
  static T slope(T margin, T label) {
    const double b = static_cast<double>(label);
    return static_cast<T>(-b / (1 + math::exp(b * static_cast<double>(margin))));
  }
};

// f_i over `rows`, one worker's of `workers`, out of info.rows. L_i = (n/N) lambda_max(A_i'A_i)/4 + l2; mu =
// l2.
template <class T>
std::unique_ptr<Objective<T>> make_logistic(Rows<T> rows, const DataInfo& info, std::uint32_t workers,
                                            double l2);

}  // namespace wisp::problems
