#include "problems/regulariser.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "base/text.h"
#include "problems/dot.h"

namespace wisp::problems {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// (l2/2) ||x||^2 + weight ||x||_1; with l2 = 0 it is l1.
template <class T>
class ElasticNet final : public Regulariser<T> {
 public:
  ElasticNet(double weight, double l2) : weight_(weight), l2_(l2) {}

  double value(std::span<const T> x) const override {
    double sum = 0;
    for (const T each : x) sum += std::abs(static_cast<double>(each));
    return weight_ * sum + l2_ / 2 * dot<double, T, T>(x, x);
  }

  void prox(T step, std::span<T> x) const override {
    const T threshold = step * static_cast<T>(weight_);
    const T shrinkage = 1 + step * static_cast<T>(l2_);
    for (T& each : x) each = std::copysign(std::max(std::abs(each) - threshold, T{0}), each) / shrinkage;
  }

 private:
  double weight_;
  double l2_;
};

// 0 where low <= x_j <= high for every j, infinity elsewhere.
template <class T>
class Box final : public Regulariser<T> {
 public:
  Box(double low, double high) : low_(static_cast<T>(low)), high_(static_cast<T>(high)) {}

  double value(std::span<const T> x) const override {
    const bool inside =
        std::all_of(x.begin(), x.end(), [&](T each) { return low_ <= each && each <= high_; });
    return inside ? 0 : kInfinity;
  }

  void prox(T /*step*/, std::span<T> x) const override {
    for (T& each : x) each = std::clamp(each, low_, high_);
  }

 private:
  T low_;
  T high_;
};

// 0 where ||x|| <= radius, infinity elsewhere.
template <class T>
class Ball final : public Regulariser<T> {
 public:
  explicit Ball(double radius) : radius_(radius) {}

  double value(std::span<const T> x) const override {
    constexpr double rounding = 4 * static_cast<double>(std::numeric_limits<T>::epsilon());
    return norm(x) <= radius_ * (1 + rounding) ? 0 : kInfinity;
  }

  void prox(T /*step*/, std::span<T> x) const override {
    const double length = norm(x);
    if (length <= radius_) return;
    const double scale = radius_ / length;
    for (T& each : x) each = static_cast<T>(scale * static_cast<double>(each));
  }

 private:
  static double norm(std::span<const T> x) { return std::sqrt(dot<double, T, T>(x, x)); }

  double radius_;
};

bool is_positive(double value) { return value > 0 && std::isfinite(value); }

}  // namespace

void RegulariserSpec::check() const {
  const auto refuse = [](const std::string& text) {
    throw Error("problem.regulariser" + text, Fault::kConfig);
  };
  const std::vector<std::string> kinds = {"none", "l1", "elastic-net", "box", "ball", "nonnegative"};
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
    const auto meant = nearest(kind, kinds);
    refuse(".kind: unknown '" + escape_text(kind, 40) + "'" +
           (meant ? ", did you mean '" + *meant + "'?" : "") + " (" + join(kinds, " | ") + ")");
  }
  const bool has_weight = kind == "l1" || kind == "elastic-net";
  if (has_weight && !is_positive(weight)) refuse(".weight: must be a number above 0");
  if (kind == "elastic-net" && !is_positive(l2)) refuse(".l2: must be a number above 0; without it take l1");
  if (kind == "ball" && !is_positive(radius)) refuse(".radius: must be a number above 0");
  if (kind == "box" && !(std::isfinite(low) && std::isfinite(high) && low <= high)) {
    refuse(".low: must be a number that is at most high");
  }
}

template <class T>
std::unique_ptr<Regulariser<T>> make_regulariser(const RegulariserSpec& spec) {
  spec.check();
  if (spec.is_none()) return nullptr;
  if (spec.kind == "l1") return std::make_unique<ElasticNet<T>>(spec.weight, 0);
  if (spec.kind == "elastic-net") return std::make_unique<ElasticNet<T>>(spec.weight, spec.l2);
  if (spec.kind == "box") return std::make_unique<Box<T>>(spec.low, spec.high);
  if (spec.kind == "nonnegative") return std::make_unique<Box<T>>(0, kInfinity);
  WISP_CHECK(spec.kind == "ball", "check() knows the kinds");
  return std::make_unique<Ball<T>>(spec.radius);
}

template <class T>
void move_within(const RegulariserSpec& spec, std::span<T> x) {
  const auto regulariser = make_regulariser<T>(spec);
  if (regulariser && !std::isfinite(regulariser->value(x))) regulariser->prox(T{1}, x);
}

template <class T>
std::vector<T> first_iterate(const ProblemSpec& spec, std::uint32_t dim) {
  std::vector<T> x(dim, spec.init == "ones" ? T{1} : T{0});
  move_within(spec.regulariser, std::span(x));
  return x;
}

template std::unique_ptr<Regulariser<float>> make_regulariser(const RegulariserSpec&);
template std::unique_ptr<Regulariser<double>> make_regulariser(const RegulariserSpec&);
template void move_within(const RegulariserSpec&, std::span<float>);
template void move_within(const RegulariserSpec&, std::span<double>);
template std::vector<float> first_iterate(const ProblemSpec&, std::uint32_t);
template std::vector<double> first_iterate(const ProblemSpec&, std::uint32_t);

}  // namespace wisp::problems
