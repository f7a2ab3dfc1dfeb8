#include "problems/mlp.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <Eigen/Core>

#include "base/error.h"
#include "problems/classifier.h"

namespace wisp::problems {
namespace {

template <class T>
auto vector_at(const T* at, std::size_t size) {
  return Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>(at, static_cast<Eigen::Index>(size))
      .template cast<double>();
}
auto vector_at(double* at, std::size_t size) {
  return Eigen::Map<Eigen::ArrayXd>(at, static_cast<Eigen::Index>(size));
}

template <class T>
class Mlp {
 public:
  Mlp(const DataInfo& info, std::uint32_t hidden)
      : hidden_(hidden),
        classes_(info.classes()),
        dim_(mlp_dim(info, hidden)),
        entries_(std::max(1.0, static_cast<double>(info.nnz) / static_cast<double>(info.rows))),
        b1_(std::size_t{info.dim} * hidden),
        w2_(b1_ + hidden),
        b2_(w2_ + std::size_t{hidden} * classes_),
        active_(hidden),
        back_(hidden) {}

  std::uint32_t dim() const { return dim_; }
  std::uint32_t classes() const { return classes_; }
  std::vector<Range> weights() const { return {{0, b1_}, {w2_, b2_}}; }
  bool strongly_convex() const { return false; }
  std::optional<double> curvature(const Rows<T>&) const { return std::nullopt; }
  double row_curvature(SparseRow<T>) const { return 0; }

  void scores(SparseRow<T> row, const T* x, std::span<double> scores) {
    auto active = vector_at(active_.data(), hidden_);
    active = vector_at(x + b1_, hidden_);
    for (std::size_t i = 0; i < row.index.size(); ++i) {
      active += static_cast<double>(row.value[i]) * vector_at(x + first(row.index[i]), hidden_);
    }
    for (double& each : active_) each = math::tanh(each);
    auto sum = vector_at(scores.data(), classes_);
    sum = vector_at(x + b2_, classes_);
    for (std::size_t h = 0; h < hidden_; ++h) sum += active_[h] * vector_at(x + second(h), classes_);
  }

  // Back through the layers; active_ is of the scores() before.
  void add_gradient(SparseRow<T> row, const T* x, std::span<const double> slopes, double* sum) {
    const auto slope = vector_at(slopes.data(), classes_);
    vector_at(sum + b2_, classes_) += slope;
    for (std::size_t h = 0; h < hidden_; ++h) {
      vector_at(sum + second(h), classes_) += active_[h] * slope;
      const double a = active_[h];
      back_[h] = (1 - a * a) * dot<double, T, double>(std::span(x + second(h), classes_), slopes);
    }
    const auto back = vector_at(static_cast<const double*>(back_.data()), hidden_);
    vector_at(sum + b1_, hidden_) += back;
    for (std::size_t i = 0; i < row.index.size(); ++i) {
      vector_at(sum + first(row.index[i]), hidden_) += static_cast<double>(row.value[i]) * back;
    }
  }

  void random_start(Rng rng, std::span<T> x) const {
    std::fill(x.begin(), x.end(), T{0});
    for (T& each : x.first(b1_)) each = static_cast<T>(rng.normal() / std::sqrt(entries_));
    const double scale = std::sqrt(static_cast<double>(hidden_));
    for (T& each : x.subspan(w2_, b2_ - w2_)) each = static_cast<T>(rng.normal() / scale);
  }

 private:
  std::size_t first(std::uint32_t feature) const { return std::size_t{feature} * hidden_; }
  std::size_t second(std::size_t h) const { return w2_ + h * classes_; }

  std::size_t hidden_;
  std::uint32_t classes_;
  std::uint32_t dim_;
  double entries_;
  std::size_t b1_;  // where it begins in x
  std::size_t w2_;
  std::size_t b2_;
  std::vector<double> active_;  // tanh(W1'a + b1)
  std::vector<double> back_;
};

}  // namespace

std::uint32_t mlp_dim(const DataInfo& info, std::uint32_t hidden) {
  const std::uint64_t first = (std::uint64_t{info.dim} + 1) * hidden;  // below 2^64: both are below 2^32
  const std::uint64_t second = (std::uint64_t{hidden} + 1) * info.classes();
  if (first >= std::uint64_t{1} << 32 || second >= (std::uint64_t{1} << 32) - first) {
    throw Error("problem.hidden: a network of " + std::to_string(hidden) + " hidden units, " +
                    std::to_string(info.dim) + " features and " + std::to_string(info.classes()) +
                    " classes has more than 2^32 coordinates; take fewer",
                Fault::kConfig);
  }
  return static_cast<std::uint32_t>(first + second);
}

template <class T>
std::unique_ptr<Objective<T>> make_mlp(Rows<T> rows, const DataInfo& info, std::uint32_t workers, double l2,
                                       std::uint32_t hidden) {
  return std::make_unique<Classifier<T, Mlp<T>>>(std::move(rows), info, workers, l2, Mlp<T>(info, hidden));
}

template std::unique_ptr<Objective<float>> make_mlp(Rows<float>, const DataInfo&, std::uint32_t, double,
                                                    std::uint32_t);
template std::unique_ptr<Objective<double>> make_mlp(Rows<double>, const DataInfo&, std::uint32_t, double,
                                                     std::uint32_t);

}  // namespace wisp::problems
