#include "problems/margins.h"

#include <algorithm>

#include "problems/dot.h"

namespace wisp::problems {
namespace {

// x of so many bytes leaves no room for anything else in a core's own cache.
constexpr std::size_t kNearBytes = 256 * 1024;
// Entries between the one that is used and the one whose x is asked for; a row ends long before that.
constexpr std::size_t kAhead = 64;
// The same for the entries themselves: sum_of_terms() has too many loads side by side for a processor that
// looks for streams by the address of the load.
constexpr std::size_t kStreamAhead = 512;

// The rows from `begin` on, up to `end` or the first that has entries beyond `limit`: that row.
template <class T, bool kOnes, bool kFar>
std::size_t compute_while(const Rows<T>& rows, std::size_t begin, std::size_t end, std::size_t limit,
                          const T* x, T* out) {
  std::size_t row = begin;
  for (; row < end && rows.start[row + 1] <= limit; ++row) {
    const std::uint32_t* const index = rows.index.data() + rows.start[row];
    const T* const value = rows.value.data() + rows.start[row];
    const std::size_t size = rows.start[row + 1] - rows.start[row];
    out[row - begin] = sum_of_terms<T>(size, [=](std::size_t i) {
      if constexpr (kFar) {
        __builtin_prefetch(x + index[i + kAhead]);
        if (i % 4 == 0) {  // which is known when this is compiled
          __builtin_prefetch(index + i + kStreamAhead);
          if constexpr (!kOnes) __builtin_prefetch(value + i + kStreamAhead);
        }
      }
      return kOnes ? x[index[i]] : value[i] * x[index[i]];
    });
  }
  return row;
}

template <class T, bool kOnes, bool kFar>
void compute(const Rows<T>& rows, std::size_t begin, std::size_t end, const T* x, T* out) {
  std::size_t row = begin;
  if constexpr (kFar) {  // as long as there are entries to look ahead at
    const std::size_t limit = rows.nnz() - std::min(rows.nnz(), kAhead);
    row = compute_while<T, kOnes, true>(rows, begin, end, limit, x, out);
  }
  compute_while<T, kOnes, false>(rows, row, end, rows.nnz(), x, out + (row - begin));
}

}  // namespace

template <class T>
bool all_ones(const Rows<T>& rows) {
  return std::all_of(rows.value.begin(), rows.value.end(), [](T value) { return value == T{1}; });
}

template <class T>
Margins<T>::Margins(std::uint32_t dim, bool ones) {
  const bool far = dim * sizeof(T) > kNearBytes;
  if (ones) {
    compute_ = far ? problems::compute<T, true, true> : problems::compute<T, true, false>;
  } else {
    compute_ = far ? problems::compute<T, false, true> : problems::compute<T, false, false>;
  }
}

template bool all_ones(const Rows<float>&);
template bool all_ones(const Rows<double>&);
template class Margins<float>;
template class Margins<double>;

}  // namespace wisp::problems
