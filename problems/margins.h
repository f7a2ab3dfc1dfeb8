#pragma once
// Margins: the inner products of rows with x, as sparse_dot has them, bit for bit, and as fast as memory
// gives them.
#include <cstddef>
#include <cstdint>
#include <span>

#include "problems/rows.h"

namespace wisp::problems {

// True when every entry is 1, as in data made of categories: products with it need no multiplication.
template <class T>
bool all_ones(const Rows<T>& rows);

// Chooses a loop by the shape of the rows. It keeps no reference to them: every call gets the same ones.
//
// What costs is not arithmetic: where x fits a core's own cache a row is bound by its loads, so data of ones
// leaves out half of them; where it does not, entries of x are asked for some rows ahead.
template <class T>
class Margins {
 public:
  // x will have dim entries; `ones` is all_ones(rows).
  Margins(std::uint32_t dim, bool ones);

  // out[r - begin] = sparse_dot<T>(row r, x) for r = begin .. end - 1. Every index is below x's size.
  void compute(const Rows<T>& rows, std::size_t begin, std::size_t end, const T* x, T* out) const {
    compute_(rows, begin, end, x, out);
  }

 private:
  void (*compute_)(const Rows<T>& rows, std::size_t begin, std::size_t end, const T* x, T* out);
};

extern template class Margins<float>;
extern template class Margins<double>;

}  // namespace wisp::problems
