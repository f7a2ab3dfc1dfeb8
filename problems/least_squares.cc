#include "problems/least_squares.h"

#include <utility>

#include "problems/linear.h"

namespace wisp::problems {
namespace {

struct Square {
  static constexpr double kCurvature = 1;

  static double value(double margin, double label) { return (margin - label) * (margin - label) / 2; }

  template <class T>
  static T slope(T margin, T label) {
    return margin - label;
  }
};

}  // namespace

template <class T>
std::unique_ptr<Objective<T>> make_least_squares(Rows<T> rows, const DataInfo& info, std::uint32_t workers,
                                                 double l2) {
  return std::make_unique<LinearModel<T, Square>>(std::move(rows), linear_parameters(info, workers, l2));
}

template std::unique_ptr<Objective<float>> make_least_squares(Rows<float>, const DataInfo&, std::uint32_t,
                                                              double);
template std::unique_ptr<Objective<double>> make_least_squares(Rows<double>, const DataInfo&, std::uint32_t,
                                                               double);

}  // namespace wisp::problems
