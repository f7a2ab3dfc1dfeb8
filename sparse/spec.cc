#include "sparse/spec.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "sparse/sparsifier.h"

namespace wisp::sparse {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(why, Fault::kConfig); }

}  // namespace

void SparsifierSpec::check(const Catalog& catalog) const {
  const Kind* known = catalog.find(kind);
  if (known == nullptr) {
    refuse("unknown sparsifier '" + kind + "' (" + join(catalog.names(), " | ") + ")");
  }
  if (!(density >= 0 && density <= 1)) {
    refuse("sparsifier density " + std::to_string(density) + " is not in (0, 1]");
  }
  const bool has_density = density != 0 && density != 1;
  if (known->choice == Choice::kEverything && (has_density || blocks > 1)) {
    refuse("the " + kind +
           " sparsifier sends everything: it has no density and no blocks; use random-blocks");
  }
  if (known->choice == Choice::kByValue && (density != 0 || blocks != 0)) {
    refuse("the sparsifier " + kind + " sends what its values demand: it has no density and no blocks");
  }
  if (known->choice == Choice::kCoordinates && blocks != 0) {
    refuse("the sparsifier " + kind + " chooses single coordinates: it has no blocks; use random-blocks");
  }
  static_cast<void>(settings.completed(known->settings, "sparsifier " + kind));
  if (known->choice == Choice::kCoordinates && density != 0 && count() != 0) {
    refuse("the sparsifier " + kind + " has a density and a k; give one of them");
  }
}

std::optional<ValueCodec> WireSpec::codec() const {
  if (values.empty()) return std::nullopt;
  const auto found = value_codec_of(values);
  if (!found) refuse("unknown wire_dtype '" + values + "'");
  return found;
}

IndexChoice WireSpec::index_choice() const {
  constexpr std::array<std::string_view, 5> kNames{"auto", "raw", "rice", "bitmap", "seeded"};
  const auto found = std::find(kNames.begin(), kNames.end(), indices);
  if (found == kNames.end()) refuse("unknown form of indices '" + indices + "'");
  return static_cast<IndexChoice>(found - kNames.begin());
}

}  // namespace wisp::sparse
