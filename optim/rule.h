#pragma once
// The two halves of a method as pure state machines: no input, no output, no threads, no clock.
//
// A synchronous round: the master sends x to n workers; each answers with worker->step(round, x, f_i); the
// master calls absorb() once for each worker, in the order of the workers, then advance(x). An asynchronous
// master calls absorb() and advance() for each update as it arrives, and answers its worker with the new x;
// `round` is then the worker's own count. All arithmetic is in T, in one fixed order, so equal inputs give
// equal bits wherever the halves run.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/pack.h"
#include "optim/step_size.h"
#include "problems/objective.h"
#include "problems/spec.h"
#include "sparse/metered.h"
#include "sparse/rounded.h"
#include "sparse/sparsifier.h"
#include "sparse/vector.h"

namespace wisp::optim {

// What a worker's half is told about its place in the job.
struct WorkerPlace {
  std::uint64_t seed = 0;
  std::uint32_t worker = 0;  // 0 .. workers-1
  std::uint32_t workers = 1;
  std::uint32_t dim = 0;
  sparse::SparsifierSpec sparsifier = {};
  const sparse::Catalog* sparsifiers = nullptr;  // valid while the rule is made
  std::optional<sparse::ValueCodec> wire = {};   // how the values of updates travel; none: as T
  Settings settings = {};                        // all that the method declares are set
  // The step of round t is what Steps::share(t) says of the first, which only the master knows: a worker's
  // update is that share of what it would be at the first. Constant unless the method takes_schedule.
  Schedule schedule = Schedule::kConstant;
  std::uint32_t batch_size = 0;    // see batch.h; 0: whole gradients
  bool error_feedback = false;     // keeps what its updates leave out (sparse/memory.h)
  sparse::Meter* meter = nullptr;  // of make_sparsifier(), outlives the rule; null: none

  template <class T>
  std::unique_ptr<sparse::Sparsifier<T>> make_sparsifier() const {
    WISP_CHECK(sparsifiers != nullptr, "who makes a rule says where its sparsifier is looked up");
    auto chooser = sparsifiers->make<T>(sparsifier, dim, workers, seed, worker);
    if (wire && *wire != sparse::native_codec<T>()) {
      chooser = sparse::make_rounded(std::move(chooser), *wire, seed, worker);
    }
    return meter == nullptr ? std::move(chooser) : sparse::make_metered(std::move(chooser), *meter);
  }
};

// What the master's half is told.
struct MasterPlace {
  std::uint32_t workers = 1;  // n
  std::uint32_t dim = 0;
  double tau = 1;   // the share of the blocks that an update has
  double step = 0;  // the mean step: E[x+ - x] = -step * grad f(x); of a schedule the first
  Settings settings = {};
  problems::RegulariserSpec regulariser = {};  // R; none unless the method takes_prox (optim/catalog.h)
  // In round t the step is step / (1 + decay t), or what the schedule makes of it: constant unless the method
  // takes_schedule.
  double decay = 0;
  Schedule schedule = Schedule::kConstant;
  // As Constants in step_size.h has them; 0 where they are not known.
  double L = 0;
  double mu = 0;
  std::uint64_t samples = 0;
  std::uint64_t seed = 0;  // the job's: for what master and workers draw alike
};

// For a rule without state. Throws DecodeError if some was saved.
inline void restore_nothing(Unpacker& unpacker) {
  if (!unpacker.skip_nil()) throw DecodeError("saved state for a method that has none");
}

// Model -> update. One a worker; owned and called by its actor only. T is float or double.
template <class T>
class WorkerRule {
 public:
  virtual ~WorkerRule() = default;
  // What worker i sends for `round`, a function of the arguments and of what save() writes. x.size() ==
  // f.dim() == dim. Chosen by WorkerPlace::make_sparsifier(): then the values are those that travel.
  virtual sparse::Vector<T> step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) = 0;
  // All that step() leaves behind for the next one, as one value. restore() of what another rule of the same
  // kind and dimension saved makes this rule the same; it throws DecodeError, and changes nothing, for
  // anything else.
  virtual void save(Packer& packer) const { packer.nil(); }
  virtual void restore(Unpacker& unpacker) { restore_nothing(unpacker); }
  // Of an asynchronous run: this rule was restored from before a step that was made, and `sent` is what that
  // step sent and the master has. Takes note of it, so that nothing of it is sent twice; what else the step
  // left behind is lost. Once for each such step, in order.
  virtual void recall(const sparse::VectorView<T>& /*sent*/) {}
};

// Update -> model. One a job.
template <class T>
class MasterRule {
 public:
  virtual ~MasterRule() = default;
  // Says that `worker` was sent `iterate`, to compute its next update at. Before its absorb(); again, if what
  // it was sent was lost.
  virtual void sent(std::uint32_t /*worker*/, std::span<const T> /*iterate*/) {}
  // Takes in the update of `worker` (0 .. n-1), for which Vector::check(dim) holds. It lies where it came in,
  // and only until this returns.
  virtual void absorb(std::uint32_t worker, const sparse::VectorView<T>& update) = 0;
  // The next x: from exactly one absorbed update of each of the n workers in a synchronous round, from one
  // update in an asynchronous run. iterate.size() == dim.
  virtual void advance(std::span<T> iterate) = 0;
  // Whether advance() leaves every coordinate as it is, to the bit, that no update absorbed for it has.
  virtual bool keeps_to_updates() const { return false; }
  // As for the worker; only between advance() and the next absorb().
  virtual void save(Packer& packer) const { packer.nil(); }
  virtual void restore(Unpacker& unpacker) { restore_nothing(unpacker); }
};

}  // namespace wisp::optim
