#pragma once
// Data sets made from a seed: each row is a function of the seed and its number, so a worker makes its own
// rows only.
//
// A row has min(d, 20) entries, normally distributed and scaled to unit length. Its columns lie in a window
// of half the columns that moves from the first to the last with the row's number, so workers with contiguous
// shards see different functions. The label comes from a hidden vector and noise: a'x + noise, or its sign.
#include <cstdint>
#include <span>

#include "problems/rows.h"
#include "problems/source.h"

namespace wisp::problems {

enum class SyntheticLabels : std::uint8_t {
  kSign,  // +1 or -1: a classification problem
  kReal,  // a regression problem
};

// rows, dim > 0. label_low and label_high are those of kSign; real labels leave them at 0.
DataInfo synthetic_info(std::uint64_t rows, std::uint32_t dim, SyntheticLabels labels);

// The rows numbered in `selection`, each below info.rows.
template <class T>
Rows<T> synthetic_rows(const DataInfo& info, SyntheticLabels labels, std::uint64_t seed,
                       std::span<const std::uint64_t> selection);

}  // namespace wisp::problems
