#include "optim/spec.h"

#include <cmath>
#include <optional>

#include "base/error.h"
#include "optim/catalog.h"

namespace wisp::optim {

void MethodSpec::check(const Catalog& catalog) const {
  if (const auto reason = catalog.why_not(*this)) throw Error(*reason, Fault::kConfig);
  sparsifier.check(catalog.sparsifiers());
  static_cast<void>(settings.completed(catalog.find(kind)->settings, "method " + kind));
  if (!step_size.is_number()) return;
  if (!(step_size.value > 0 && std::isfinite(step_size.value))) {
    throw Error("step_size " + std::to_string(step_size.value) + " is not a number above 0", Fault::kConfig);
  }
}

}  // namespace wisp::optim
