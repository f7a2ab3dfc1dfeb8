#pragma once
// What a job file may say of the method.
#include <cstdint>
#include <string>

#include "sparse/spec.h"

namespace wisp::optim {

// The mean step: E[x+ - x] = -step * grad f(x).
struct StepSizeSpec {
  enum class Kind : std::uint8_t { kTheory, kPaper, kNumber };
  Kind kind = Kind::kTheory;
  double value = 0;  // when kNumber; > 0

  template <class F>
  void fields(F& f) {
    f(kind, value);
  }
};

class Catalog;

struct MethodSpec {
  std::string kind;  // a name of optim/catalog.h
  StepSizeSpec step_size = {};
  sparse::SparsifierSpec sparsifier = {};
  bool sparsifier_given = false;  // false: the method's own default
  sparse::WireSpec wire = {};     // how updates travel
  Settings settings = {};         // those that the method declares

  // Throws Error (kConfig) for a value that no job can have.
  void check(const Catalog& catalog) const;
  template <class F>
  void fields(F& f) {
    f(kind, step_size, sparsifier, sparsifier_given, wire, settings);
  }
};

}  // namespace wisp::optim
