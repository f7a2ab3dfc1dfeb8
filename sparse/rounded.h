#pragma once
// A sparsifier whose values are rounded to a form that takes fewer bytes.
#include <cstdint>
#include <memory>

#include "sparse/sparsifier.h"
#include "sparse/value_codec.h"

namespace wisp::sparse {

// Chooses as `chooser` does. The values of what is chosen are what the receiver will decode from `codec`, so
// whoever keeps a memory of what was sent keeps the right one. What is rounded at random is a function of
// (seed, worker, round), by Purpose::kRounding.
template <class T>
std::unique_ptr<Sparsifier<T>> make_rounded(std::unique_ptr<Sparsifier<T>> chooser, ValueCodec codec,
                                            std::uint64_t seed, std::uint32_t worker);

}  // namespace wisp::sparse
