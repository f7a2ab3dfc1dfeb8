#pragma once
// f_i of a model that gives each class a score: (n/N) sum_j loss(scores(a_j; x), class_j) +
// (l2/2)||weights||^2 with the cross-entropy loss log(sum_c e^{s_c}) - s_class, over the rows a_j of one
// worker.
//
// Part of softmax.cc, mlp.cc and the problems of plugins, which give the scores as Model:
//   std::uint32_t dim() const;                                  of x
//   std::uint32_t classes() const;
//   void scores(SparseRow<T> row, const T* x, std::span<double> scores);
//   void add_gradient(SparseRow<T> row, const T* x, std::span<const double> slopes, double* sum);
//       sum += d scores' slopes / dx, right after scores() of that row and x
//   std::vector<Range> weights() const;                         where x has weights, which l2 is for, not
//   offsets void random_start(Rng rng, std::span<T> x) const; std::optional<double> curvature(const Rows<T>&
//   rows) const; an upper bound of the largest eigenvalue of the
//       sum of the rows' Hessians at any x; nothing where there is none
//   double row_curvature(SparseRow<T> row) const;               the same of one row, if there is one
//   bool strongly_convex() const;                               l2 is for every coordinate of a convex
//   function
// Scores, slopes and sums are in double for either T.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/math.h"
#include "base/rng.h"
#include "problems/dot.h"
#include "problems/objective.h"
#include "problems/rows.h"
#include "problems/source.h"

namespace wisp::problems {

template <class T>
struct SparseRow {
  std::span<const std::uint32_t> index;
  std::span<const T> value;
};

// Coordinates begin .. end-1.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The classes of the rows, for which the data's labels stand. Throws Error (kConfig) for a label that is
// none.
template <class T>
std::vector<std::uint32_t> classes_of(const Rows<T>& rows, const DataInfo& info) {
  std::vector<std::uint32_t> classes;
  classes.reserve(rows.count());
  for (const T label : rows.label) classes.push_back(info.class_of(static_cast<double>(label)));
  return classes;
}

// The loss of one row; the scores become its derivative in them.
inline double cross_entropy(std::span<double> scores, std::uint32_t label) {
  double largest = scores[0];
  for (const double each : scores) largest = std::max(largest, each);
  const double own = scores[label] - largest;
  double sum = 0;
  for (double& each : scores) {
    each = math::exp(each - largest);
    sum += each;
  }
  for (double& each : scores) each /= sum;
  scores[label] -= 1;
  return math::log(sum) - own;
}

template <class T, class Model>
class Classifier final : public Objective<T> {
 public:
  Classifier(Rows<T> rows, const DataInfo& info, std::uint32_t workers, double l2, Model model)
      : rows_(std::move(rows)),
        classes_(classes_of(rows_, info)),
        weight_(static_cast<double>(workers) / static_cast<double>(info.rows)),
        l2_(l2),
        model_(std::move(model)),
        scores_(model_.classes()) {}

  std::uint32_t dim() const override { return model_.dim(); }
  std::uint64_t rows() const override { return rows_.count(); }

  double loss(std::span<const T> x) override {
    check(x);
    PreciseSum sum;
    for (std::size_t row = 0; row < rows_.count(); ++row) sum.add(scored(row, x));
    double squares = 0;
    for (const Range range : model_.weights()) {
      const auto part = x.subspan(range.begin, range.end - range.begin);
      squares += dot<double, T, T>(part, part);
    }
    return weight_ * sum.value() + l2_ / 2 * squares;
  }

  void gradient(std::span<const T> x, std::span<T> gradient) override {
    check(x);
    sum_.assign(dim(), 0.0);
    for (std::size_t row = 0; row < rows_.count(); ++row) add_row(row, x);
    finish(weight_, x, gradient);
  }

  void sample_gradient(std::span<const std::uint32_t> samples, std::span<const T> x,
                       std::span<T> gradient) override {
    check(x);
    sum_.assign(dim(), 0.0);
    for (const std::uint32_t row : samples) {
      WISP_CHECK(row < rows_.count(), "samples are numbers of rows");
      add_row(row, x);
    }
    finish(weight_ * static_cast<double>(rows_.count()) / static_cast<double>(samples.size()), x, gradient);
  }

  std::optional<std::uint64_t> correct(std::span<const T> x) override {
    check(x);
    std::uint64_t count = 0;
    for (std::size_t row = 0; row < rows_.count(); ++row) {
      model_.scores(at(row), x.data(), scores_);
      const auto best = std::max_element(scores_.begin(), scores_.end());  // of equals the first
      if (best - scores_.begin() == static_cast<std::ptrdiff_t>(classes_[row])) ++count;
    }
    return count;
  }

  void random_start(std::uint64_t seed, std::span<T> x) override {
    model_.random_start(Rng(seed, 0, 0, Purpose::kInit), x);
  }

  Smoothness smoothness() override {
    const std::optional<double> curvature = model_.curvature(rows_);
    if (!curvature) return {.samples = rows_.count()};
    double largest = 0;
    for (std::size_t row = 0; row < rows_.count(); ++row) {
      largest = std::max(largest, model_.row_curvature(at(row)));
    }
    return {.L = weight_ * *curvature + l2_,
            .mu = model_.strongly_convex() ? l2_ : 0,
            .L_sample = weight_ * static_cast<double>(rows_.count()) * largest + l2_,
            .samples = rows_.count()};
  }

 private:
  void check(std::span<const T> x) const { WISP_CHECK(x.size() == dim(), "x has another dimension"); }
  SparseRow<T> at(std::size_t row) const { return {rows_.indices(row), rows_.values(row)}; }

  // The row's loss; scores_ becomes its derivative.
  double scored(std::size_t row, std::span<const T> x) {
    model_.scores(at(row), x.data(), scores_);
    return cross_entropy(scores_, classes_[row]);
  }

  void add_row(std::size_t row, std::span<const T> x) {
    scored(row, x);
    model_.add_gradient(at(row), x.data(), scores_, sum_.data());
  }

  void finish(double factor, std::span<const T> x, std::span<T> gradient) {
    WISP_CHECK(gradient.size() == dim(), "gradient has another dimension");
    for (double& each : sum_) each *= factor;
    for (const Range range : model_.weights()) {
      for (std::size_t j = range.begin; j < range.end; ++j) sum_[j] += l2_ * static_cast<double>(x[j]);
    }
    std::transform(sum_.begin(), sum_.end(), gradient.begin(),
                   [](double each) { return static_cast<T>(each); });
  }

  Rows<T> rows_;
  std::vector<std::uint32_t> classes_;
  double weight_;  // n/N
  double l2_;
  Model model_;
  std::vector<double> scores_;
  std::vector<double> sum_;
};

}  // namespace wisp::problems
