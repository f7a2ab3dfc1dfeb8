#pragma once
// What a job file may say of the method.
#include <cstdint>
#include <string>

#include "optim/step_size.h"
#include "sparse/spec.h"

namespace wisp::optim {

// The mean step: E[x+ - x] = -step * grad f(x).
struct StepSizeSpec {
  enum class Kind : std::uint8_t { kTheory, kPaper, kNumber, kInvSqrt };
  Kind kind = Kind::kTheory;
  double value = 0;  // when kNumber, and the first when kInvSqrt (see Steps in step_size.h); > 0

  Schedule schedule() const { return kind == Kind::kInvSqrt ? Schedule::kInvSqrt : Schedule::kConstant; }
  bool is_number() const { return kind == Kind::kNumber || kind == Kind::kInvSqrt; }

  template <class F>
  void fields(F& f) {
    f(kind, value);
  }
};

// Whether the master waits for its workers.
struct ConsistencySpec {
  std::string kind;  // sync: rounds of all workers. async: none waits for another. ssp: none is more than
                     // `bound` own steps ahead of the slowest. Empty: the method's own default
  std::uint32_t bound = 8;  // with late drop also: of how many rounds' worth of updates the age is late

  template <class F>
  void fields(F& f) {
    f(kind, bound);
  }
};

class Catalog;

// How the model gets to the workers.
struct BroadcastSpec {
  std::string kind = {};     // dense | delta | sparse; empty: the method's own
  double density = 0;        // of kind sparse: the share of the coordinates that travels; 0 means 1/n
  std::string way = "auto";  // chain: from host to host | star: from the master to each worker | auto

  // k of kind sparse: how many of `dim` coordinates travel to `workers` workers.
  std::uint32_t chosen(std::uint32_t dim, std::uint32_t workers) const;
  template <class F>
  void fields(F& f) {
    f(kind, density, way);
  }
};

struct MethodSpec {
  std::string kind;  // a name of optim/catalog.h
  StepSizeSpec step_size = {};
  sparse::SparsifierSpec sparsifier = {};
  bool sparsifier_given = false;  // false: the method's own default
  sparse::WireSpec wire = {};     // how updates travel
  Settings settings = {};         // those that the method declares
  bool error_feedback = false;    // workers keep what their updates leave out, and send it later
  ConsistencySpec consistency = {};
  std::string late = "apply";       // of updates that others have overtaken: apply | damp | drop
  std::string nonfinite = "error";  // of updates with values that are not finite: error | reject | zero
  std::uint32_t batch_size = 0;     // rows that a worker draws for a gradient; 0: all that it has
  BroadcastSpec broadcast = {};

  // Throws Error (kConfig) for a value that no job can have.
  void check(const Catalog& catalog) const;
  template <class F>
  void fields(F& f) {
    f(kind, step_size, sparsifier, sparsifier_given, wire, settings, consistency, late, nonfinite, batch_size,
      error_feedback, broadcast);
  }
};

}  // namespace wisp::optim
