#pragma once
// Sums of sparse and of dense vectors into a dense one: what a master does with each update.
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/cpu.h"
#include "sparse/unaligned.h"

namespace wisp::sparse {

// y[indices[i]] += scale * values[i] for every i. There are as many indices as values, they increase
// strictly, and they are below y.size(); of that, only the two lengths and the last index are checked, so
// whoever got them from elsewhere has called Vector::check(), or decoded them with a decoder that does as
// much. Parts of a vector may be added one after the other. Nothing overlaps y.
//
// Each product and each sum is rounded, in T, on every processor. T is float or double.
//
// Four pairs at a time, and where y does not fit a cache the places of later ones are asked for ahead.
// Measured, and left out: a loop of its own for scale 1, and a search for runs of neighbours. From
// one coordinate in ten on every line of y is touched, and time is that of adding a dense vector; a pass over
// all of y would gain nothing, and would make 0 of a -0 that no index names.
template <class T>
void scatter_add(std::span<T> y, Unaligned<std::uint32_t> indices, Unaligned<T> values, T scale);

// y[i] += scale * values[i] for every i; of equal lengths, and not overlapping. Bit for bit the same with all
// instructions, which are available.
template <class T>
void dense_add(std::span<T> y, Unaligned<T> values, T scale, Instructions instructions = best_instructions());

}  // namespace wisp::sparse
