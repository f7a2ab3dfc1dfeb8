// A problem: linear regression with the Huber loss, which rows far off can't dominate.
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "plugin.h"
#include "problems/linear.h"

namespace mine {
namespace {

// phi(r) = r^2 / 2 for |r| <= delta, else delta (|r| - delta / 2), of the residual r = a'x - b.
struct Huber {
  static constexpr double kCurvature = 1;  // the largest second derivative: L follows from it
  double delta = 1;

  double value(double margin, double label) const {
    const double r = std::abs(margin - label);
    return r <= delta ? r * r / 2 : delta * (r - delta / 2);
  }
  template <class T>
  T slope(T margin, T label) const {
    return std::clamp(margin - label, static_cast<T>(-delta), static_cast<T>(delta));
  }
};

// One worker's f_i; its rows are read or made already. T is float or double: the job's dtype.
template <class T>
std::unique_ptr<wisp::problems::Objective<T>> make(wisp::problems::RowsPlace<T> place) {
  const auto parameters = wisp::problems::linear_parameters(place.info, place.workers, place.l2);
  const Huber loss{place.settings.template get<double>("delta")};
  return std::make_unique<wisp::problems::LinearModel<T, Huber>>(std::move(place.rows), parameters, loss);
}

}  // namespace

void add_problem(wisp::problems::Catalog& problems) {
  wisp::problems::Problem problem;
  problem.name = "huber";
  problem.description = "linear regression with the Huber loss, with l2";
  problem.settings = {wisp::Setting::of<double>("delta", "residuals above it count linearly", 1.0).above(0)};
  problem.rows32 = make<float>;
  problem.rows64 = make<double>;
  problems.add(problem);
}

}  // namespace mine
