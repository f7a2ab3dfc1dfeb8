#include "problems/synthetic.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "base/check.h"
#include "base/rng.h"

namespace wisp::problems {
namespace {

constexpr std::uint32_t kEntriesMax = 20;
constexpr double kNoise = 0.1;

struct Window {
  std::uint32_t begin;
  std::uint32_t width;
};

std::uint32_t entries_per_row(std::uint32_t dim) { return std::min(dim, kEntriesMax); }

Window window(const DataInfo& info, std::uint64_t row) {
  const std::uint32_t width = std::max(entries_per_row(info.dim), info.dim - info.dim / 2);
  const double progress = info.rows > 1 ? static_cast<double>(row) / static_cast<double>(info.rows - 1) : 0;
  return {static_cast<std::uint32_t>(progress * static_cast<double>(info.dim - width)), width};
}

std::vector<double> hidden_vector(std::uint32_t dim, std::uint64_t seed) {
  Rng rng(seed, 1, 0, Purpose::kData);
  std::vector<double> hidden(dim);
  for (double& each : hidden) each = rng.normal();
  return hidden;
}

// Draws row `row` at the end of index and value; returns its label.
class RowMaker {
 public:
  RowMaker(const DataInfo& info, SyntheticLabels labels, std::uint64_t seed)
      : info_(info), labels_(labels), seed_(seed), hidden_(hidden_vector(info.dim, seed)) {
    columns_.resize(entries_per_row(info.dim));
    values_.resize(columns_.size());
  }

  double make(std::uint64_t row) {
    Rng rng(seed_, 0, row, Purpose::kData);
    const Window where = window(info_, row);
    rng.sample_without_replacement(where.width, columns_);
    double square = 0;
    for (double& each : values_) {
      each = rng.normal();
      square += each * each;
    }
    const double length = std::sqrt(square);
    double margin = kNoise * rng.normal();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      columns_[i] += where.begin;
      values_[i] /= length;
      margin += values_[i] * hidden_[columns_[i]];
    }
    if (labels_ == SyntheticLabels::kReal) return margin;
    return margin >= 0 ? 1.0 : -1.0;
  }

  const std::vector<std::uint32_t>& columns() const { return columns_; }
  const std::vector<double>& values() const { return values_; }

 private:
  DataInfo info_;
  SyntheticLabels labels_;
  std::uint64_t seed_;
  std::vector<double> hidden_;
  std::vector<std::uint32_t> columns_;
  std::vector<double> values_;
};

}  // namespace

DataInfo synthetic_info(std::uint64_t rows, std::uint32_t dim, SyntheticLabels labels) {
  WISP_CHECK(rows > 0 && dim > 0, "ProblemSpec::check() asks for rows and a dimension");
  DataInfo info;
  info.rows = rows;
  info.dim = dim;
  info.nnz = rows * entries_per_row(dim);
  info.distinct_labels = labels == SyntheticLabels::kSign ? 2 : 3;
  info.whole_labels = labels == SyntheticLabels::kSign;
  if (labels == SyntheticLabels::kSign) {
    info.label_low = -1;
    info.label_high = 1;
  }
  return info;
}

template <class T>
Rows<T> synthetic_rows(const DataInfo& info, SyntheticLabels labels, std::uint64_t seed,
                       std::span<const std::uint64_t> selection) {
  RowMaker maker(info, labels, seed);
  Rows<T> rows;
  rows.index.reserve(selection.size() * entries_per_row(info.dim));
  rows.value.reserve(rows.index.capacity());
  for (const std::uint64_t row : selection) {
    WISP_CHECK(row < info.rows, "the data set has fewer rows");
    const double label = maker.make(row);
    for (std::size_t i = 0; i < maker.columns().size(); ++i) {
      const T value = static_cast<T>(maker.values()[i]);
      if (value == 0) continue;
      rows.index.push_back(maker.columns()[i]);
      rows.value.push_back(value);
    }
    rows.finish_row(static_cast<T>(label));
  }
  rows.shrink();
  return rows;
}

template Rows<float> synthetic_rows(const DataInfo&, SyntheticLabels, std::uint64_t,
                                    std::span<const std::uint64_t>);
template Rows<double> synthetic_rows(const DataInfo&, SyntheticLabels, std::uint64_t,
                                     std::span<const std::uint64_t>);

}  // namespace wisp::problems
