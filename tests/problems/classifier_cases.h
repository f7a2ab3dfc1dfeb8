#pragma once
// What the tests of softmax and mlp share: rows of several classes, and the loss as its formula says.
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "problems/rows.h"
#include "problems/source.h"
#include "tests/problems/support.h"

namespace wisp::problems::test {

struct Classes {
  Rows<double> rows;
  DataInfo info;
};

// `count` rows of `dim` features, about half of the entries zero; labels 3, 4, ... of `classes` classes, the
// first ones of each there.
inline Classes random_classes(std::uint64_t count, std::uint32_t dim, std::uint32_t classes,
                              std::uint64_t seed) {
  Rng rng(seed, 0, 0, Purpose::kData);
  Classes data;
  data.info.dim = dim;
  for (std::uint64_t row = 0; row < count; ++row) {
    for (std::uint32_t j = 0; j < dim; ++j) {
      const double value = rng.normal();
      if (rng.below(2) == 0) continue;
      data.rows.index.push_back(j);
      data.rows.value.push_back(value);
      ++data.info.nnz;
    }
    const double label = 3.0 + (row < classes ? static_cast<double>(row) : rng.below(classes));
    data.info.count_row(label);
    data.rows.finish_row(label);
  }
  for (double& label : data.rows.label) label = data.info.label(label);
  return data;
}

template <class T>
Rows<T> converted(const Rows<double>& rows) {
  Rows<T> result;
  result.start = rows.start;
  result.index = rows.index;
  result.value.assign(rows.value.begin(), rows.value.end());
  result.label.assign(rows.label.begin(), rows.label.end());
  return result;
}

// The rows begin .. end-1.
inline Rows<double> part_of(const Rows<double>& rows, std::size_t begin, std::size_t end) {
  Rows<double> part;
  for (std::size_t row = begin; row < end; ++row) {
    part.index.insert(part.index.end(), rows.indices(row).begin(), rows.indices(row).end());
    part.value.insert(part.value.end(), rows.values(row).begin(), rows.values(row).end());
    part.finish_row(rows.label[row]);
  }
  return part;
}

inline std::vector<double> dense_row(const Rows<double>& rows, std::size_t row, std::size_t dim) {
  std::vector<double> dense(dim, 0.0);
  for (std::size_t i = 0; i < rows.indices(row).size(); ++i)
    dense[rows.indices(row)[i]] = rows.values(row)[i];
  return dense;
}

// The mean over the rows of log(sum_c e^{s_c}) - s_class, with libm's functions in long double.
inline double naive_cross_entropy(
    const Classes& data, const std::function<std::vector<double>(const std::vector<double>&)>& scores) {
  long double sum = 0;
  for (std::size_t row = 0; row < data.rows.count(); ++row) {
    const std::vector<double> s = scores(dense_row(data.rows, row, data.info.dim));
    long double exponentials = 0;
    for (const double each : s) exponentials += std::exp(static_cast<long double>(each));
    sum += std::log(exponentials) - s[data.info.class_of(data.rows.label[row])];
  }
  return static_cast<double>(sum / static_cast<long double>(data.rows.count()));
}

}  // namespace wisp::problems::test
