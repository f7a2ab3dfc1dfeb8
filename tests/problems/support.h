#pragma once
// What the tests of `problems` share: scratch files, the text of an error, and f and its gradient as the
// formulas say.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"
#include "problems/objective.h"
#include "problems/rows.h"
#include "tests/support/temporary_folder.h"

namespace wisp::problems::test {

// A folder that is gone with the object, and files in it.
class Scratch {
 public:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

 private:
  wisp::test::TemporaryFolder folder_;
};

// The message of the Error that `act` throws, with `folder` and what is before it cut off; its fault must be
// kConfig.
inline std::string config_error(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kConfig);
    return error.what();
  }
  return "nothing was thrown";
}

// The same, without the folders of the path that it begins with.
inline std::string file_error(const std::function<void()>& act) {
  const std::string text = config_error(act);
  const std::size_t colon = text.find(':');
  const std::size_t slash = text.rfind('/', colon);
  return slash == std::string::npos || colon == std::string::npos ? text : text.substr(slash + 1);
}

inline std::vector<double> random_vector(std::size_t size, std::uint64_t seed, double scale = 1) {
  Rng rng(seed, 0, 0, Purpose::kInit);
  std::vector<double> v(size);
  for (double& each : v) each = scale * rng.normal();
  return v;
}

inline double norm(std::span<const double> v) {
  double sum = 0;
  for (const double each : v) sum += each * each;
  return std::sqrt(sum);
}

inline double distance(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

template <class T>
std::vector<T> gradient_at(Objective<T>& f, std::span<const T> x) {
  std::vector<T> gradient(x.size(), T(7));  // must be overwritten
  f.gradient(x, gradient);
  return gradient;
}

// Central differences of the loss.
inline std::vector<double> difference_gradient(Objective<double>& f, std::vector<double> x,
                                               double step = 1e-6) {
  std::vector<double> gradient(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double at = x[i];
    x[i] = at + step;
    const double above = f.loss(x);
    x[i] = at - step;
    const double below = f.loss(x);
    x[i] = at;
    gradient[i] = (above - below) / (2 * step);
  }
  return gradient;
}

struct Naive {
  double loss = 0;
  std::vector<double> gradient;
};

// weight * sum_j phi(a_j'x, b_j) + (l2/2)||x||^2 on a dense copy of the rows, in long double with libm's
// functions.
inline Naive naive(const Rows<double>& rows, bool logistic, double weight, double l2,
                   std::span<const double> x) {
  const std::size_t dim = x.size();
  long double loss = 0;
  std::vector<long double> gradient(dim, 0);
  for (std::size_t row = 0; row < rows.count(); ++row) {
    std::vector<long double> dense(dim, 0);
    for (std::size_t i = 0; i < rows.indices(row).size(); ++i)
      dense[rows.indices(row)[i]] = rows.values(row)[i];
    long double margin = 0;
    for (std::size_t i = 0; i < dim; ++i) margin += dense[i] * static_cast<long double>(x[i]);
    const long double b = rows.label[row];
    const long double e = std::exp(-b * margin);
    loss += logistic ? std::log1p(e) : (margin - b) * (margin - b) / 2;
    const long double slope = logistic ? -b * e / (1 + e) : margin - b;
    for (std::size_t i = 0; i < dim; ++i) gradient[i] += slope * dense[i];
  }
  Naive result{static_cast<double>(loss * static_cast<long double>(weight)), std::vector<double>(dim)};
  for (std::size_t i = 0; i < dim; ++i) {
    result.loss += l2 / 2 * x[i] * x[i];
    result.gradient[i] = static_cast<double>(gradient[i] * static_cast<long double>(weight)) + l2 * x[i];
  }
  return result;
}

}  // namespace wisp::problems::test
