#include "problems/softmax.h"

#include <algorithm>
#include <utility>

#include <Eigen/Core>

#include "base/error.h"
#include "problems/classifier.h"
#include "problems/lanczos.h"

namespace wisp::problems {
namespace {

// Term by term only, so Eigen's choice of instructions changes no bit.
template <class T>
auto vector_at(const T* at, std::uint32_t size) {
  return Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>(at, size).template cast<double>();
}
auto vector_at(double* at, std::uint32_t size) { return Eigen::Map<Eigen::ArrayXd>(at, size); }

template <class T>
class SoftmaxModel {
 public:
  SoftmaxModel(const DataInfo& info, bool intercept)
      : features_(info.dim),
        classes_(info.classes()),
        intercept_(intercept),
        dim_(softmax_dim(info, intercept)) {}

  std::uint32_t dim() const { return dim_; }
  std::uint32_t classes() const { return classes_; }
  std::vector<Range> weights() const { return {{0, offsets()}}; }
  bool strongly_convex() const { return !intercept_; }

  void scores(SparseRow<T> row, const T* x, std::span<double> scores) {
    auto sum = vector_at(scores.data(), classes_);
    if (intercept_) {
      sum = vector_at(x + offsets(), classes_);
    } else {
      sum.setZero();
    }
    for (std::size_t i = 0; i < row.index.size(); ++i) {
      sum += static_cast<double>(row.value[i]) * vector_at(x + at(row.index[i]), classes_);
    }
  }

  void add_gradient(SparseRow<T> row, const T* /*x*/, std::span<const double> slopes, double* sum) {
    const auto slope = vector_at(slopes.data(), classes_);
    for (std::size_t i = 0; i < row.index.size(); ++i) {
      vector_at(sum + at(row.index[i]), classes_) += static_cast<double>(row.value[i]) * slope;
    }
    if (intercept_) vector_at(sum + offsets(), classes_) += slope;
  }

  void random_start(Rng rng, std::span<T> x) const {
    fill_normal(rng, 0.01, x.first(offsets()));
    std::fill(x.begin() + static_cast<std::ptrdiff_t>(offsets()), x.end(), T{0});
  }

  // lambda_max(A'A) / 2, A with a column of ones for the intercept.
  std::optional<double> curvature(const Rows<T>& rows) const {
    if (rows.count() == 0) return 0;
    const std::uint32_t order = features_ + (intercept_ ? 1 : 0);
    const double largest = largest_eigenvalue(order, [&](std::span<const double> v, std::span<double> out) {
      std::fill(out.begin(), out.end(), 0.0);
      const double offset = intercept_ ? v.back() : 0;
      for (std::size_t row = 0; row < rows.count(); ++row) {
        const auto index = rows.indices(row);
        const T* value = rows.values(row).data();
        const double margin = sparse_dot<double>(index.data(), value, index.size(), v.data()) + offset;
        sparse_add(index.data(), value, index.size(), margin, out.data());
        if (intercept_) out.back() += margin;
      }
    });
    return std::max(largest, 0.0) / 2;
  }

  double row_curvature(SparseRow<T> row) const {
    return (dot<double, T, T>(row.value, row.value) + (intercept_ ? 1 : 0)) / 2;
  }

 private:
  std::size_t at(std::uint32_t feature) const { return std::size_t{feature} * classes_; }
  std::size_t offsets() const { return at(features_); }

  std::uint32_t features_;
  std::uint32_t classes_;
  bool intercept_;
  std::uint32_t dim_;
};

}  // namespace

std::uint32_t softmax_dim(const DataInfo& info, bool intercept) {
  const std::uint64_t dim = (std::uint64_t{info.dim} + (intercept ? 1 : 0)) * info.classes();
  if (dim >= std::uint64_t{1} << 32) {
    throw Error("problem.kind: softmax has features times classes = " + std::to_string(dim) +
                    " coordinates; there may be 2^32 - 1",
                Fault::kConfig);
  }
  return static_cast<std::uint32_t>(dim);
}

template <class T>
std::unique_ptr<Objective<T>> make_softmax(Rows<T> rows, const DataInfo& info, std::uint32_t workers,
                                           double l2, bool intercept) {
  return std::make_unique<Classifier<T, SoftmaxModel<T>>>(std::move(rows), info, workers, l2,
                                                          SoftmaxModel<T>(info, intercept));
}

template std::unique_ptr<Objective<float>> make_softmax(Rows<float>, const DataInfo&, std::uint32_t, double,
                                                        bool);
template std::unique_ptr<Objective<double>> make_softmax(Rows<double>, const DataInfo&, std::uint32_t, double,
                                                         bool);

}  // namespace wisp::problems
