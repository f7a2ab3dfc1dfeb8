// The gradient of mlp on rows like images, a fifth of whose pixels are not black, beside the same in Eigen:
// by its blocked products of dense matrices, and with the first layer's rows sparse. Eigen computes in T, in
// batches of 256 rows, with its own tanh; wisp in double whatever T is.
//
// usage: problems_mlp_bench [turns]
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include "base/rng.h"
#include "bench/sparse/measure.h"
#include "problems/mlp.h"

namespace wisp::bench {
namespace {

constexpr std::uint32_t kFeatures = 784, kClasses = 10;
constexpr Eigen::Index kBatch = 256;

template <class T>
problems::Rows<T> images(int count, problems::DataInfo& info) {
  problems::Rows<T> rows;
  Rng rng(1, 0, 0, Purpose::kData);
  info.dim = kFeatures;
  for (int row = 0; row < count; ++row) {
    for (std::uint32_t j = 0; j < kFeatures; ++j) {
      if (rng.uniform() > 0.19) continue;
      rows.index.push_back(j);
      rows.value.push_back(static_cast<T>(rng.uniform() + 1.0 / 255));
      ++info.nnz;
    }
    rows.finish_row(static_cast<T>(row % kClasses));
    info.count_row(row % kClasses);
  }
  return rows;
}

// The gradient as one writes it with Eigen.
template <class T, class RowsMatrix>
class Peer {
 public:
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Vector = Eigen::Matrix<T, 1, Eigen::Dynamic>;

  Peer(const problems::Rows<T>& rows, const std::vector<T>& x, std::uint32_t hidden)
      : w1_(Eigen::Map<const Matrix>(x.data(), kFeatures, hidden)),
        w2_(Eigen::Map<const Matrix>(x.data() + (kFeatures + 1) * hidden, hidden, kClasses)),
        b1_(Eigen::Map<const Vector>(x.data() + kFeatures * hidden, hidden)),
        b2_(Eigen::Map<const Vector>(x.data() + (kFeatures + 1) * hidden + hidden * kClasses, kClasses)),
        g1_(kFeatures, hidden),
        g2_(hidden, kClasses) {
    const auto count = static_cast<Eigen::Index>(rows.count());
    for (Eigen::Index begin = 0; begin < count; begin += kBatch) {
      const Eigen::Index end = std::min(begin + kBatch, count);
      Matrix dense = Matrix::Zero(end - begin, kFeatures);
      for (Eigen::Index row = begin; row < end; ++row) {
        const auto at = static_cast<std::size_t>(row);
        for (std::size_t i = rows.start[at]; i < rows.start[at + 1]; ++i) {
          dense(row - begin, static_cast<Eigen::Index>(rows.index[i])) = rows.value[i];
        }
        labels_.push_back(static_cast<int>(rows.label[at]));
      }
      if constexpr (std::is_same_v<RowsMatrix, Matrix>) {
        batches_.push_back(dense);
      } else {
        batches_.push_back(dense.sparseView());
      }
    }
  }

  // The part of W1.
  const Matrix& gradient() {
    g1_.setZero();
    g2_.setZero();
    std::size_t label = 0;
    for (const RowsMatrix& rows : batches_) {
      Matrix active = rows * w1_;
      active.rowwise() += b1_;
      active = active.array().tanh().matrix();
      Matrix slope = active * w2_;
      slope.rowwise() += b2_;
      const Eigen::Matrix<T, Eigen::Dynamic, 1> most = slope.rowwise().maxCoeff();
      slope = (slope.colwise() - most).array().exp().matrix();
      const Eigen::Array<T, Eigen::Dynamic, 1> sums = slope.rowwise().sum().array();
      slope.array().colwise() /= sums;
      for (Eigen::Index row = 0; row < rows.rows(); ++row) slope(row, labels_[label++]) -= 1;
      g2_.noalias() += active.transpose() * slope;
      const Matrix back = ((slope * w2_.transpose()).array() * (1 - active.array().square())).matrix();
      g1_ += rows.transpose() * back;
    }
    g1_ /= static_cast<T>(labels_.size());
    return g1_;
  }

 private:
  Matrix w1_, w2_;
  Vector b1_, b2_;
  Matrix g1_, g2_;
  std::vector<RowsMatrix> batches_;
  std::vector<int> labels_;
};

template <class T>
void race(std::uint32_t hidden, int turns) {
  using Dense = typename Peer<T, Eigen::Matrix<T, -1, -1, Eigen::RowMajor>>::Matrix;
  problems::DataInfo info;
  const problems::Rows<T> rows = images<T>(2000, info);
  const auto own = problems::make_mlp<T>(rows, info, 1, 0, hidden);
  std::vector<T> x(own->dim()), gradient(own->dim());
  own->random_start(1, x);
  Peer<T, Dense> dense(rows, x, hidden);
  Peer<T, Eigen::SparseMatrix<T, Eigen::RowMajor>> sparse(rows, x, hidden);
  own->gradient(x, gradient);
  const Eigen::Map<const Dense> mine(gradient.data(), kFeatures, hidden);
  std::fprintf(stderr, "hidden %u: relative difference %.2g and %.2g\n", hidden,
               static_cast<double>((dense.gradient() - mine).norm() / mine.norm()),
               static_cast<double>((sparse.gradient() - mine).norm() / mine.norm()));
  Race all;
  const auto a = all.enter([&] { own->gradient(x, gradient); });
  const auto b = all.enter([&] { keep(dense.gradient()); });
  const auto c = all.enter([&] { keep(sparse.gradient()); });
  all.run(turns);
  const std::string name =
      "gradient of mlp, " + std::to_string(hidden) + " units" + (sizeof(T) == 4 ? ", float" : ", double");
  print_race(name + ", Eigen dense / wisp", all, b, a, static_cast<double>(rows.nnz()), "ns an entry", {});
  print_race(name + ", Eigen sparse / wisp", all, c, a, static_cast<double>(rows.nnz()), "ns an entry", {});
}

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) {
  const int turns = argc > 1 ? std::max(1, std::atoi(argv[1])) : 15;
  for (const std::uint32_t hidden : {16U, 32U, 128U}) {
    wisp::bench::race<double>(hidden, turns);
    wisp::bench::race<float>(hidden, turns);
  }
  return 0;
}
