#pragma once
// Labelled sparse rows in compressed form (CSR): what a worker keeps of the data.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace wisp::problems {

// Row r has the entries [start[r], start[r + 1]) of `index` and `value`. Indices count from 0 and increase
// strictly within a row; values are finite and not zero. A row may be empty.
template <class T>
struct Rows {
  std::vector<std::size_t> start = {0};
  std::vector<std::uint32_t> index;
  std::vector<T> value;
  std::vector<T> label;  // one a row

  std::size_t count() const { return label.size(); }
  std::size_t nnz() const { return index.size(); }
  std::span<const std::uint32_t> indices(std::size_t row) const {
    return std::span(index).subspan(start[row], start[row + 1] - start[row]);
  }
  std::span<const T> values(std::size_t row) const {
    return std::span(value).subspan(start[row], start[row + 1] - start[row]);
  }
  // Ends the row whose entries were appended to `index` and `value`.
  void finish_row(T row_label) {
    start.push_back(index.size());
    label.push_back(row_label);
  }
  void shrink() {
    start.shrink_to_fit();
    index.shrink_to_fit();
    value.shrink_to_fit();
    label.shrink_to_fit();
  }
};

}  // namespace wisp::problems
