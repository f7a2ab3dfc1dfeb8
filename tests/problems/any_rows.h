#pragma once
// Rows of every shape: empty ones, full ones, columns that nearly all or hardly any rows have.
#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/rng.h"
#include "problems/rows.h"

namespace wisp::problems::test {

// Values are finite and not zero, some of them subnormal or so large that products overflow; all 1 if `ones`.
// Column c has one of c + 1 entries if `skewed`, else one of `rare`.
template <class T>
Rows<T> any_rows(Rng& rng, std::size_t count, std::uint32_t dim, std::uint32_t rare, bool skewed, bool ones) {
  Rows<T> rows;
  for (std::size_t row = 0; row < count; ++row) {
    const bool empty = rng.below(8) == 0;
    for (std::uint32_t c = 0; c < dim && !empty; ++c) {
      if (rng.below(skewed ? c + 1 : rare) != 0) continue;
      const std::uint32_t kind = rng.below(50);
      const T usual = static_cast<T>(rng.normal());
      const T value = kind == 0   ? std::numeric_limits<T>::denorm_min()
                      : kind == 1 ? -std::numeric_limits<T>::max() / 2
                                  : usual;
      rows.index.push_back(c);
      rows.value.push_back(ones ? T(1) : value == 0 ? T(2) : value);
    }
    rows.finish_row(rng.below(2) == 0 ? T(-1) : T(1));
  }
  return rows;
}

}  // namespace wisp::problems::test
