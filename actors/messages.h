#pragma once
// The messages that masters, workers and the monitor speak. T is float or double.
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "actors/iterate.h"
#include "actors/keeper.h"
#include "actors/recovery_faults.h"
#include "actors/spec.h"
#include "actors/staleness.h"
#include "base/bytes.h"
#include "base/pack.h"
#include "problems/objective.h"
#include "problems/source.h"
#include "runtime/handle.h"
#include "sparse/encoded.h"

namespace wisp::actors {

// The master's iterate on its way down: whole, or what has changed of one that the receiver has. Made by
// ModelEncoder and read by ModelDecoder (down_link.h).
template <class T>
struct Model {
  Model() = default;
  // `iterate`, whole, and none that a later one will change.
  Model(std::uint64_t model_round, Iterate<T> iterate)
      : round(model_round), vector(sparse::encode_all<T>(iterate.bytes())), shared(std::move(iterate)) {}
  std::uint32_t attempt = 0;  // of the master: workers refuse what comes late from one before
  std::uint64_t round = 0;    // the worker's own count of steps
  std::uint64_t version = 0;  // of the iterate that it makes; 0: of none that a later model changes
  std::uint64_t base = 0;     // of the iterate that it changes; 0: it is whole
  bool awaited = false;       // the base may be on its way still, by a relay
  sparse::Encoded vector;     // the iterate; or the coordinates that change, with their new values
  Iterate<T> shared;          // what it makes, for a receiver in this process, who then needs no `vector`;
                              // does not travel. Empty: it is not shared
  // Of one that is only shared, and has no `vector`: about the payload bytes that it would have.
  std::optional<std::size_t> weight;
  std::size_t payload_bytes() const { return weight ? *weight : vector.payload_bytes(); }
  template <class F>
  void fields(F& f) {
    f(attempt, round, version, base, awaited, vector);
  }
};

// A part of a packed Model, on its way down a chain of relays.
struct Piece {
  Piece() = default;
  Piece(std::uint64_t of_transfer, std::uint64_t at, Bytes part)
      : transfer(of_transfer), offset(at), bytes(std::move(part)) {}
  std::uint64_t transfer = 0;  // which model; counted from 1
  std::uint64_t offset = 0;    // of the bytes in it
  Bytes bytes;
  template <class F>
  void fields(F& f) {
    f(transfer, offset, bytes);
  }
};

// A worker's answer to a Model. Within a process its vector stays what it is, and is encoded only if the
// message leaves that.
template <class T>
struct Update {
  // A well-formed vector, and how it is to travel.
  struct Here {
    sparse::Vector<T> vector;
    sparse::IndexChoice indices = sparse::IndexChoice::kAuto;
    std::size_t payload_bytes = 0;  // that it would have
  };

  Update() = default;
  std::uint64_t round = 0;        // of the Model it was computed at
  std::uint64_t gradient_ns = 0;  // time spent in the gradient
  sparse::Encoded vector;         // unless it is here
  std::optional<Here> here;

  std::size_t payload_bytes() const { return here ? here->payload_bytes : vector.payload_bytes(); }
  sparse::Encoded encoded() const { return here ? sparse::encode(here->vector, here->indices) : vector; }
  template <class F>
  void fields(F& f) {
    if constexpr (std::is_same_v<F, pack_detail::Writer>) {
      sparse::Encoded leaving = encoded();
      f(round, gradient_ns, leaving);
    } else {
      f(round, gradient_ns, vector);
      here.reset();
    }
  }
};

// What a tap is given of an Update: docs/wire_format.md. Stands for itself: what its update leaves out,
// because the master knows it, is here.
template <class T>
struct TapRecord {
  TapRecord() = default;
  std::uint32_t version = 1;
  std::string job;
  std::uint64_t seed = 0;
  std::uint32_t worker = 0;  // 0 .. workers-1
  std::uint32_t workers = 1;
  std::uint32_t scalar_bytes = sizeof(T);  // of the job's dtype
  Update<T> update;
  template <class F>
  void fields(F& f) {
    f(version, job, seed, worker, workers, scalar_bytes, update);
  }
};

// What a worker needs to know to work.
struct WorkerParameters {
  WorkerParameters() = default;
  problems::ProblemSpec problem;
  problems::Source source;
  optim::MethodSpec method;
  std::uint64_t seed = 0;
  std::uint32_t worker = 0;  // 0 .. workers-1
  std::uint32_t workers = 1;
  problems::Source test = {};                          // its share of problem.test; no path: there is none
  std::optional<runtime::Handle<Keeper>> keeper = {};  // that its checkpoints go to
  RecoveryFaults faults;
  template <class F>
  void fields(F& f) {
    f(problem, source, method, seed, worker, workers, test, keeper, faults);
  }
};

// What a worker's share of the test rows says of a model.
struct TestResult {
  TestResult() = default;
  double loss = 0;  // scaled so that the test loss is the mean over the workers
  std::uint64_t rows = 0;
  std::optional<std::uint64_t> correct;  // of them; nothing where labels are no classes
  template <class F>
  void fields(F& f) {
    f(loss, rows, correct);
  }
};

// What a worker found when it had read its rows.
struct Shard {
  Shard() = default;
  std::uint64_t rows = 0;
  std::uint32_t dim = 0;
  double L = 0;  // of its scaled f_i
  double mu = 0;
  double L_sample = 0;        // the largest of its f_ij
  std::uint64_t samples = 0;  // how many f_ij it has; 0 where the problem is not made of rows
  std::uint64_t round = 0;    // that it makes next: not 0 if it goes on from a saved state
  problems::Smoothness smoothness() const { return {L, mu, L_sample, samples}; }
  template <class F>
  void fields(F& f) {
    f(rows, dim, L, mu, L_sample, samples, round);
  }
};

// What a worker finds of a model, and of its own steps so far.
struct Evaluation {
  Evaluation() = default;
  double loss = 0;              // f_i, scaled so that f is the mean over the workers
  std::uint64_t rows_used = 0;  // by gradients, since the run began
  // Of its last step but for those since its last evaluation: ||C(u)||^2 and ||u||^2, C being its sparsifier,
  // and the norm of what it keeps for later.
  std::optional<double> kept_mass;
  std::optional<double> whole_mass;
  std::optional<double> memory_norm;
  template <class F>
  void fields(F& f) {
    f(loss, rows_used, kept_mass, whole_mass, memory_norm);
  }
};

// One line of metrics.jsonl: the state of a run at an evaluation.
struct Progress {
  Progress() = default;
  std::uint64_t round = 0;
  double loss = 0;
  std::optional<double> gap;
  std::uint64_t uplink_bytes = 0;        // payload: values, indices, block numbers
  std::uint64_t downlink_bytes = 0;      // the same: to each worker, or into each host where there are relays
  std::uint64_t dense_uplink_bytes = 0;  // what whole vectors would have taken
  std::uint64_t dense_downlink_bytes = 0;
  std::uint64_t wire_bytes = 0;             // all frames of the master's node, both ways
  double seconds = 0;                       // of rounds, evaluations left out
  double gradient_seconds = 0;              // of those, the workers' mean time in the gradient
  std::optional<double> test_loss;          // on problem.test, without l2 and R
  std::optional<double> test_accuracy;      // the share of its rows whose class is found
  std::uint64_t updates = 0;                // that were applied; n are a round
  std::uint64_t dropped = 0;                // not applied, because they were late
  std::uint64_t rejected = 0;               // with values that are not finite
  Staleness staleness;                      // of those that were applied; empty for rounds
  std::optional<double> epochs;             // rows used by gradients, in multiples of all rows
  std::optional<double> kept_mass;          // sum of ||C(u)||^2 over that of ||u||^2, over the workers
  std::optional<double> memory_norm;        // mean over the workers
  std::uint64_t master_downlink_bytes = 0;  // of downlink_bytes, what the master itself sent
  template <class F>
  void fields(F& f) {
    f(round, loss, gap, uplink_bytes, downlink_bytes, dense_uplink_bytes, dense_downlink_bytes, wire_bytes,
      seconds, gradient_seconds, test_loss, test_accuracy, updates, dropped, rejected, staleness, epochs,
      kept_mass, memory_norm, master_downlink_bytes);
  }
};

// How a run ended.
struct Summary {
  Summary() = default;
  std::string status;  // converged | finished | diverged | cancelled
  std::string reason;  // which limit, in words
  std::uint32_t workers = 0;
  std::uint32_t dim = 0;
  double L = 0;
  double mu = 0;
  double step = 0;
  Progress last;
  double total_seconds = 0;          // evaluations included
  std::string iterate_hash;          // 16 hex digits of SHA-256 over the iterate's little-endian values
  Bytes iterate;                     // dim values of the job's dtype, little-endian
  std::vector<Staleness> staleness;  // by worker
  std::uint64_t model_updates = 0;   // that the iterate has: those of `last`, or, if that one is not finite,
                                     // those of the last evaluation with a finite loss
  template <class F>
  void fields(F& f) {
    f(status, reason, workers, dim, L, mu, step, last, total_seconds, iterate_hash, iterate, staleness,
      model_updates);
  }
};

}  // namespace wisp::actors
