#pragma once
// A network of one hidden layer: a row's scores are W2' tanh(W1'a + b1) + b2. Not convex.
//
// x holds W1 feature by feature (h neighbouring weights each), b1, W2 hidden unit by hidden unit (K each),
// b2. l2 is for W1 and W2.
//
// Equal bits on every x86-64 processor: of Eigen only operations term by term are used, for which it chooses
// its instructions when it is compiled (without -march: SSE2), and sums are those of dot.h. Its blocked
// matrix products would not do: their blocks follow the sizes of the caches that it finds at run time, and so
// does the order of their sums.
#include <cstdint>
#include <memory>

#include "problems/objective.h"
#include "problems/rows.h"
#include "problems/source.h"

namespace wisp::problems {

// h (d + 1) + K (h + 1). Throws Error (kConfig) where it is 2^32 or more.
std::uint32_t mlp_dim(const DataInfo& info, std::uint32_t hidden);

// f_i over `rows`, one worker's of `workers`, out of info.rows. It knows no L: Smoothness is all zeros.
// random_start: weights of standard deviation 1/sqrt(entries of an average row), 1/sqrt(h), no offsets.
template <class T>
std::unique_ptr<Objective<T>> make_mlp(Rows<T> rows, const DataInfo& info, std::uint32_t workers, double l2,
                                       std::uint32_t hidden);

}  // namespace wisp::problems
