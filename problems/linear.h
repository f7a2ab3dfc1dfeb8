#pragma once
// f_i of a linear model: (n/N) sum_j phi(a_j'x, b_j) + (l2/2)||x||^2 over the rows (a_j, b_j) of one worker.
//
// Part of logistic.cc, least_squares.cc and the problems of plugins, which give phi as Loss:
//   double value(double margin, double label);   phi, the margin being a_j'x
//   T slope<T>(T margin, T label);                its derivative in the margin
//   static constexpr double kCurvature;                  the largest second derivative
//   static constexpr bool kSigns = true;                 where labels are classes, +1 and -1; else left out
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/cpu.h"
#include "problems/columns.h"
#include "problems/dot.h"
#include "problems/lanczos.h"
#include "problems/margins.h"
#include "problems/objective.h"
#include "problems/rows.h"
#include "problems/slopes.h"
#include "problems/source.h"

namespace wisp::problems {

// What f_i is made of, whatever the loss.
struct LinearParameters {
  std::uint32_t dim = 0;
  double weight = 0;  // of a row's loss: n/N
  double l2 = 0;
};

inline LinearParameters linear_parameters(const DataInfo& info, std::uint32_t workers, double l2) {
  return {info.dim, static_cast<double>(workers) / static_cast<double>(info.rows), l2};
}

// How the gradient goes over the rows. Either way it has the same bits.
enum class Layout : std::uint8_t {
  kBest,     // what is faster for their shape
  kRows,     // row by row, with no second copy
  kColumns,  // by the copy that columns.h describes
};

// What f_i is of a row is its loss; how the rows are gone through, and what is kept for it, is decided here.
// Where it pays (Columns::pay) the first gradient makes a second copy of the rows, for itself and those after
// it.
template <class T, class Loss>
class LinearModel final : public Objective<T> {
 public:
  LinearModel(Rows<T> rows, const LinearParameters& parameters, Loss loss = {}, Layout layout = Layout::kBest)
      : rows_(std::move(rows)),
        parameters_(parameters),
        ones_(all_ones(rows_)),
        margins_(parameters.dim, ones_),
        loss_(loss) {
    for (const std::uint32_t index : rows_.index)
      WISP_CHECK(index < parameters_.dim, "a row is beyond the dimension");
    const bool pay = Columns<T>::pay(rows_.nnz(), parameters_.dim, ones_);
    by_columns_ = layout == Layout::kColumns || (layout == Layout::kBest && pay);
  }

  std::uint32_t dim() const override { return parameters_.dim; }
  std::uint64_t rows() const override { return rows_.count(); }

  double loss(std::span<const T> x) override {
    WISP_CHECK(x.size() == dim(), "x has another dimension");
    PreciseSum sum;
    for (std::size_t row = 0; row < rows_.count(); ++row) {
      sum.add(loss_.value(margin<double>(row, x.data()), static_cast<double>(rows_.label[row])));
    }
    return parameters_.weight * sum.value() + parameters_.l2 / 2 * dot<double, T, T>(x, x);
  }

  void gradient(std::span<const T> x, std::span<T> gradient) override {
    WISP_CHECK(x.size() == dim() && gradient.size() == dim(), "x or gradient has another dimension");
    sum_.assign(dim(), 0.0);
    if (by_columns_) {
      sum_columns(x.data());
    } else {
      sum_rows(x.data());
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      gradient[i] = static_cast<T>(parameters_.weight * sum_[i] + parameters_.l2 * static_cast<double>(x[i]));
    }
  }

  void sample_gradient(std::span<const std::uint32_t> samples, std::span<const T> x,
                       std::span<T> gradient) override {
    WISP_CHECK(x.size() == dim() && gradient.size() == dim(), "x or gradient has another dimension");
    WISP_CHECK(!samples.empty(), "a batch has one sample at least");
    sum_.assign(dim(), 0.0);
    for (const std::uint32_t row : samples) {
      WISP_CHECK(row < rows_.count(), "a sample is a row of this worker");
      const T slope = loss_.slope(margin<T>(row, x.data()), rows_.label[row]);
      sparse_add(index(row), value(row), size(row), static_cast<double>(slope), sum_.data());
    }
    const double weight = sample_weight() / static_cast<double>(samples.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      gradient[i] = static_cast<T>(weight * sum_[i] + parameters_.l2 * static_cast<double>(x[i]));
    }
  }

  // Of a loss whose labels are +1 and -1: kSigns.
  std::optional<std::uint64_t> correct(std::span<const T> x) override {
    if constexpr (requires { Loss::kSigns; }) {
      std::uint64_t count = 0;
      for (std::size_t row = 0; row < rows_.count(); ++row) {
        const T sign = margin<double>(row, x.data()) > 0 ? T{1} : T{-1};  // 0 counts as -1
        if (sign == rows_.label[row]) ++count;
      }
      return count;
    }
    return std::nullopt;
  }

  // The scaled A_i'A_i or A_i A_i', whichever is smaller, has L_i's eigenvalue.
  Smoothness smoothness() override {
    if (rows_.count() == 0) return {parameters_.l2, parameters_.l2};
    const double largest = dim() <= rows_.count() ? largest_of_columns() : largest_of_rows();
    Smoothness smoothness{Loss::kCurvature * parameters_.weight * std::max(largest, 0.0) + parameters_.l2,
                          parameters_.l2};
    smoothness.L_sample = Loss::kCurvature * sample_weight() * largest_row() + parameters_.l2;
    smoothness.samples = rows_.count();
    return smoothness;
  }

 private:
  // Of a row's loss within its own f_ij, of which f_i is the mean.
  double sample_weight() const { return parameters_.weight * static_cast<double>(rows_.count()); }

  // max ||a_j||^2
  double largest_row() const {
    double largest = 0;
    for (std::size_t row = 0; row < rows_.count(); ++row) {
      const auto square = [&](std::size_t i) {
        return static_cast<double>(value(row)[i]) * static_cast<double>(value(row)[i]);
      };
      largest = std::max(largest, sum_of_terms<double>(size(row), square));
    }
    return largest;
  }

  std::size_t size(std::size_t row) const { return rows_.start[row + 1] - rows_.start[row]; }
  const std::uint32_t* index(std::size_t row) const { return rows_.index.data() + rows_.start[row]; }
  const T* value(std::size_t row) const { return rows_.value.data() + rows_.start[row]; }

  template <class Sum, class X>
  Sum margin(std::size_t row, const X* x) const {
    return sparse_dot<Sum>(index(row), value(row), size(row), x);
  }

  // The slopes of the rows begin .. end-1, at most kSlopes of them; there is room for kSlopes.
  void slopes_of(std::size_t begin, std::size_t end, const T* x, double* slope) const {
    std::array<T, kSlopes> margin{};
    std::array<T, kSlopes> label{};
    margins_.compute(rows_, begin, end, x, margin.data());
    std::copy_n(rows_.label.begin() + static_cast<std::ptrdiff_t>(begin), end - begin, label.begin());
    slopes(best_instructions(), margin.data(), label.data(), slope, loss_);
  }

  void sum_rows(const T* x) {
    std::array<double, kSlopes> slope{};
    for (std::size_t begin = 0; begin < rows_.count(); begin += kSlopes) {
      const std::size_t end = std::min(begin + kSlopes, rows_.count());
      slopes_of(begin, end, x, slope.data());
      for (std::size_t row = begin; row < end; ++row) {
        sparse_add(index(row), value(row), size(row), slope[row - begin], sum_.data());
      }
    }
  }

  void sum_columns(const T* x) {
    if (!columns_) columns_.emplace(rows_, dim(), ones_);
    for (std::size_t block = 0; block < columns_->blocks(); ++block) {
      const std::size_t first = columns_->begin(block), last = columns_->end(block);
      slope_.resize((last - first + kSlopes - 1) / kSlopes * kSlopes);
      for (std::size_t begin = first; begin < last; begin += kSlopes) {
        slopes_of(begin, std::min(begin + kSlopes, last), x, slope_.data() + (begin - first));
      }
      columns_->add(block, slope_, sum_);
    }
  }

  double largest_of_columns() const {
    return largest_eigenvalue(dim(), [this](std::span<const double> x, std::span<double> out) {
      std::fill(out.begin(), out.end(), 0.0);
      for (std::size_t row = 0; row < rows_.count(); ++row) {
        sparse_add(index(row), value(row), size(row), margin<double>(row, x.data()), out.data());
      }
    });
  }

  double largest_of_rows() const {
    std::vector<double> between(dim());
    return largest_eigenvalue(static_cast<std::uint32_t>(rows_.count()),
                              [&](std::span<const double> x, std::span<double> out) {
                                std::fill(between.begin(), between.end(), 0.0);
                                for (std::size_t row = 0; row < rows_.count(); ++row) {
                                  sparse_add(index(row), value(row), size(row), x[row], between.data());
                                }
                                for (std::size_t row = 0; row < rows_.count(); ++row) {
                                  out[row] = margin<double>(row, between.data());
                                }
                              });
  }

  Rows<T> rows_;
  LinearParameters parameters_;
  bool ones_;
  bool by_columns_ = false;
  Margins<T> margins_;
  std::optional<Columns<T>> columns_;  // once there was a gradient by columns
  std::vector<double> slope_;          // of a block of them
  // Of the gradient over the rows: in float it would drift, by 2e-4 on 30,000 rows of a9a.
  std::vector<double> sum_;
  [[no_unique_address]] Loss loss_;
};

}  // namespace wisp::problems
