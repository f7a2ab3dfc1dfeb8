#include "problems/logistic.h"

#include <utility>

#include "base/math.h"
#include "problems/linear.h"

namespace wisp::problems {
namespace {

struct Logistic {
  static constexpr double kCurvature = 0.25;

  static double value(double margin, double label) { return math::log1p_exp(-label * margin); }

  template <class T>
  static T slope(T margin, T label) {
    const double b = static_cast<double>(label);
    return static_cast<T>(-b / (1 + math::exp(b * static_cast<double>(margin))));
  }
};

}  // namespace

template <class T>
std::unique_ptr<Objective<T>> make_logistic(Rows<T> rows, const DataInfo& info, std::uint32_t workers,
                                            double l2) {
  return std::make_unique<LinearModel<T, Logistic>>(std::move(rows), linear_parameters(info, workers, l2));
}

template std::unique_ptr<Objective<float>> make_logistic(Rows<float>, const DataInfo&, std::uint32_t, double);
template std::unique_ptr<Objective<double>> make_logistic(Rows<double>, const DataInfo&, std::uint32_t,
                                                          double);

}  // namespace wisp::problems
