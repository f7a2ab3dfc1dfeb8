#include "sparse/spec.h"

#include <algorithm>

#include "sparse/sparsifier.h"

namespace wisp::sparse {
namespace {

std::string known_kinds() {
  std::string list;
  for (const SparsifierEntry& entry : sparsifiers()) {
    if (!list.empty()) list += " | ";
    list += entry.name;
  }
  return list;
}

}  // namespace

void SparsifierSpec::check() const {
  const auto known = sparsifiers();
  if (std::none_of(known.begin(), known.end(),
                   [&](const SparsifierEntry& entry) { return entry.name == kind; })) {
    throw Error("unknown sparsifier '" + kind + "' (" + known_kinds() + ")", Fault::kConfig);
  }
  if (!(density >= 0 && density <= 1)) {
    throw Error("sparsifier density " + std::to_string(density) + " is not in (0, 1]", Fault::kConfig);
  }
  if (kind == "identity" && ((density != 0 && density != 1) || blocks > 1)) {
    throw Error(
        "the identity sparsifier sends everything: it has no density and no blocks; use random-blocks",
        Fault::kConfig);
  }
}

}  // namespace wisp::sparse
