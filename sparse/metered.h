#pragma once
// A sparsifier that measures what its choices keep and what they leave behind.
#include <memory>
#include <optional>

#include "sparse/sparsifier.h"

namespace wisp::sparse {

// Of one choice v = C(u). Filled while it is `wanted`: that takes a pass over all coordinates.
struct Meter {
  bool wanted = false;
  std::optional<double> kept;    // ||v||^2
  std::optional<double> whole;   // ||u||^2
  std::optional<double> memory;  // ||u - v||, if it is kept for later (Memory)
  std::optional<double> step;    // then ||gamma g||, what has been added to what was kept before
};

// Chooses as `chooser` does, with the same bits. `meter` outlives it.
template <class T>
std::unique_ptr<Sparsifier<T>> make_metered(std::unique_ptr<Sparsifier<T>> chooser, Meter& meter);

}  // namespace wisp::sparse
