#include "sparse/spec.h"

#include "base/error.h"
#include "base/text.h"
#include "sparse/sparsifier.h"

namespace wisp::sparse {

void SparsifierSpec::check(const Catalog& catalog) const {
  const Kind* known = catalog.find(kind);
  if (known == nullptr) {
    throw Error("unknown sparsifier '" + kind + "' (" + join(catalog.names(), " | ") + ")", Fault::kConfig);
  }
  if (!(density >= 0 && density <= 1)) {
    throw Error("sparsifier density " + std::to_string(density) + " is not in (0, 1]", Fault::kConfig);
  }
  if (kind == "identity" && ((density != 0 && density != 1) || blocks > 1)) {
    throw Error(
        "the identity sparsifier sends everything: it has no density and no blocks; use random-blocks",
        Fault::kConfig);
  }
  static_cast<void>(settings.completed(known->settings, "sparsifier " + kind));
}

}  // namespace wisp::sparse
