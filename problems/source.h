#pragma once
// What is known of a data set before any worker has read it, and where a worker finds its rows.
#include <cstdint>
#include <string>

namespace wisp::problems {

// Facts about the whole data set (the first `data.rows` rows of the file, where that is set). Every worker
// gets the same ones, also one whose file holds its own rows only.
struct DataInfo {
  std::uint64_t rows = 0;             // N
  std::uint32_t dim = 0;              // d
  std::uint64_t nnz = 0;              // entries that are not zero
  std::uint32_t distinct_labels = 0;  // 1, 2, or 3 for three and more
  double label_low = 0;               // smallest label
  double label_high = 0;              // largest label
  bool whole_labels = true;           // every label is a whole number

  // The label that a problem sees: of two distinct ones the larger is +1 and the smaller -1; else it is as it
  // stands.
  double label(double raw) const {
    if (distinct_labels != 2) return raw;
    return raw == label_high ? 1.0 : -1.0;
  }

  // Of labels that are classes, for which Catalog::prepare() asks: they are numbered from 0, as the labels
  // go from the lowest to the highest. `label` is one that label() has mapped.
  std::uint32_t classes() const {
    return distinct_labels == 2 ? 2 : static_cast<std::uint32_t>(label_high - label_low) + 1;
  }
  // Throws Error (kConfig) for a label that is none of them.
  std::uint32_t class_of(double label) const;

  // Takes the label of one more row in, and counts the row.
  void count_row(double label);

  bool operator==(const DataInfo&) const = default;
  template <class F>
  void fields(F& f) {
    f(rows, dim, nnz, distinct_labels, label_low, label_high, whole_labels);
  }
};

// Where a worker finds its rows.
struct Source {
  std::string path;         // a LIBSVM or idx file, plain or .gz; empty for synthetic data
  bool is_shard = false;    // the file holds exactly this worker's rows, in the order of the whole file
  DataInfo info;            // of the whole data set in either case
  std::string labels = {};  // an idx file's labels

  template <class F>
  void fields(F& f) {
    f(path, is_shard, info, labels);
  }
};

}  // namespace wisp::problems
