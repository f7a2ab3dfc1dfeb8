#pragma once
// What a job file may say of a sparsifier.
#include <cstdint>
#include <optional>
#include <string>

#include "base/settings.h"
#include "sparse/value_codec.h"

namespace wisp::sparse {

class Catalog;

// Which part of an update a worker sends.
struct SparsifierSpec {
  std::string kind = "identity";  // a name of the catalogue of sparsifiers
  double density =
      0;  // tau, the share of the blocks that is sent, in (0, 1]; 0 means 1/n, n the number of workers
  std::uint32_t blocks = 0;  // m, the number of blocks, as equal as possible; 0 means n. For kinds that
                             // choose blocks
  Settings settings = {};    // those that the kind has beside density and blocks

  // The setting k of kinds that choose coordinates; 0 if it is not given.
  std::uint32_t count() const { return settings.has("k") ? settings.get<std::uint32_t>("k") : 0; }
  // Throws Error (kConfig) for a value that no job can have.
  void check(const Catalog& catalog) const;
  template <class F>
  void fields(F& f) {
    f(kind, density, blocks, settings);
  }
};

// In which form indices and block numbers travel.
enum class IndexChoice : std::uint8_t {
  kAuto,    // drawn again by the receiver where they can be, else in the form that takes the fewest bytes
  kRaw,     // 4 bytes each
  kRice,    // as gaps in split Golomb-Rice code
  kBitmap,  // a bit for each that there could be
  kSeeded,  // drawn again by the receiver; for sparsifiers that draw at random
};

// How what was chosen travels.
struct WireSpec {
  std::string values;            // a name of value_codec.h; empty: the job's dtype
  std::string indices = "auto";  // auto | raw | rice | bitmap | seeded

  // Both throw Error (kConfig) for a word that is none of those.
  std::optional<ValueCodec> codec() const;
  IndexChoice index_choice() const;
  template <class F>
  void fields(F& f) {
    f(values, indices);
  }
};

}  // namespace wisp::sparse
