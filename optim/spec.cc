#include "optim/spec.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "optim/catalog.h"

namespace wisp::optim {

std::uint32_t BroadcastSpec::chosen(std::uint32_t dim, std::uint32_t workers) const {
  const double share = density == 0 ? 1.0 / workers : density;
  return std::clamp(static_cast<std::uint32_t>(share * dim + 0.5), 1U, dim);
}

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
