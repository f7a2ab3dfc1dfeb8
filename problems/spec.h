#pragma once
// What a job file may say of the problem.
#include <cstdint>
#include <string>

#include "base/settings.h"

namespace wisp::problems {

// Where the rows come from and how they are dealt to the workers.
struct DataSpec {
  std::string path;                  // absolute; empty for synthetic data
  std::string format = "libsvm";     // libsvm | idx (paths ending in .gz are decompressed) | synthetic
  std::uint32_t dim = 0;             // d; 0: the largest index present (libsvm), an image's pixels (idx);
                                     // required for synthetic
  std::uint64_t rows = 0;            // N: only the first so many rows (0: all); required for synthetic rows;
                                     // quadratic: the inner dimension o of P2 eq. (17) (0: d)
  std::string shard = "contiguous";  // contiguous | round-robin | shuffled | by-label (shard.h) | all: every
                                     // worker has all rows, as if it were the only one, and f_i = f
  std::string labels = {};           // idx: the file of the labels; absolute

  template <class F>
  void fields(F& f) {
    f(path, format, dim, rows, shard, labels);
  }
};

// Rows that are held back: nothing is fitted to them, and the model is measured on them. Of the same format
// as the data.
struct TestSpec {
  std::string path;  // absolute; empty: there are none
  std::string labels;

  template <class F>
  void fields(F& f) {
    f(path, labels);
  }
};

// R of F(x) = f(x) + R(x), by its kind; the numbers that a kind has not named are ignored.
struct RegulariserSpec {
  std::string kind = "none";  // none | l1 | elastic-net | box | ball | nonnegative
  double weight = 0;          // l1, elastic-net: of ||x||_1
  double l2 = 0;              // elastic-net: of ||x||^2 / 2
  double low = 0;             // box: low <= x_j <= high
  double high = 0;
  double radius = 0;  // ball: ||x|| <= radius, Euclidean

  bool is_none() const { return kind == "none"; }
  // Throws Error (kConfig) for a value that no job can have.
  void check() const;
  template <class F>
  void fields(F& f) {
    f(kind, weight, l2, low, high, radius);
  }
};

class Catalog;

// f(x) = (1/N) sum over all rows of the loss + (l2/2) ||x||^2; minimised is f(x) + R(x).
struct ProblemSpec {
  enum class Optimum : std::uint8_t { kUnknown, kSolve, kGiven };

  std::string kind;  // a name of problems/catalog.h
  double l2 = 0;
  bool l2_inverse_rows = false;  // l2 is 1/N
  DataSpec data;
  Optimum optimum = Optimum::kUnknown;
  double optimum_value = 0;          // the least f + R, when kGiven
  std::string init = "zeros";        // zeros | ones | random: the first iterate
  Settings settings = {};            // those that the problem declares
  RegulariserSpec regulariser = {};  // R
  TestSpec test = {};

  // Throws Error (kConfig) for a value that no job can have.
  void check(const Catalog& catalog) const;
  template <class F>
  void fields(F& f) {
    f(kind, l2, l2_inverse_rows, data, optimum, optimum_value, init, settings, regulariser, test);
  }
};

}  // namespace wisp::problems
