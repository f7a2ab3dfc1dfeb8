#pragma once
// The methods by name: what each is called, takes and refuses, with which steps, and how its two halves are
// made.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/named_list.h"
#include "optim/rule.h"
#include "optim/spec.h"
#include "optim/step_size.h"
#include "problems/objective.h"
#include "problems/spec.h"
#include "sparse/sparsifier.h"

namespace wisp::optim {

template <class T>
struct Makers {
  std::function<std::unique_ptr<WorkerRule<T>>(const WorkerPlace&)> worker;
  std::function<std::unique_ptr<MasterRule<T>>(const MasterPlace&)> master;
};

using Step = std::function<double(const Constants&)>;
using Rate = std::function<double(double step, const Constants&)>;

// Who keeps a vector of R^d for each of the samples that a worker has.
enum class Table : std::uint8_t { kNone, kWorkers, kMaster };

// A row of the catalogue. A method is added by its own file pair and one row in catalog.cc, or by a plugin.
struct Method {
  std::string name;
  std::string description;               // one line for people
  std::string source;                    // which algorithm of which paper
  std::vector<std::string> sparsifiers;  // those it may be given; the first is its default. With
                                         // random-blocks it takes all kinds that are like them
  std::string other_sparsifiers = {};    // why it refuses the others
  bool any_sparsifier = false;           // `sparsifiers` only says which is its default
  Step theory_step = nullptr;            // null: the method has no step of that name
  Step paper_step = nullptr;
  Rate rate = nullptr;        // null: no rounds are predicted
  bool takes_biased = false;  // keeps a memory of what its updates leave out, so they need not be
                              // right in the mean
  // Numbers that its master keeps beside the iterate, for so many workers and dimensions; null: a few d.
  double (*memory)(double workers, double dim) = nullptr;
  bool takes_error_feedback = false;  // the same, where the job says so: WorkerPlace::error_feedback
  std::string other_memory = {};      // why it takes none
  bool takes_schedule = false;        // obeys the places' schedule
  bool needs_interpolation = false;   // P2's A2: grad f_i(x*) = 0 for every i
  bool takes_prox = false;            // its theorem has a regulariser R, whose prox its master applies
  bool takes_batches = false;         // its worker draws the rows of a gradient, batch_size of them (batch.h)
  Step theory_decay = nullptr;        // its theory's step of round t is theory_step / (1 + theory_decay t)
  bool of_samples = false;   // goes by single rows: L is that of a sample, and a problem without rows
                             // is refused
  bool one_machine = false;  // has one worker only
  bool shares_data = false;  // every worker holds all rows: shard `all`
  bool needs_strong_convexity = false;
  Table table = Table::kNone;
  bool sparse_steps = false;  // x changes in few coordinates: broadcast delta is its default
  std::vector<Setting> settings = {};
  std::vector<std::string> consistencies = {"sync"};  // sync | async | ssp; the first is its default
  // Why a run can't go on with another number of workers, as the end of a sentence; empty: it can. With error
  // feedback it never can.
  std::string fixed_workers = "what its workers or its master keep belongs to so many shards of the data";
  bool needs_every_update = false;  // its master adds up what its workers know: an update that is scaled or
                                    // left out would bias that for ever
  Makers<float> float32 = {};
  Makers<double> float64 = {};

  // Its halves are Worker<T>, made from a WorkerPlace, and Master<T>, made from a MasterPlace.
  template <template <class> class Worker, template <class> class Master>
  Method& made_of() {
    float32 = makers<float, Worker, Master>();
    float64 = makers<double, Worker, Master>();
    return *this;
  }

 private:
  template <class T, template <class> class Worker, template <class> class Master>
  static Makers<T> makers() {
    return {.worker = [](const WorkerPlace& place) { return std::make_unique<Worker<T>>(place); },
            .master = [](const MasterPlace& place) { return std::make_unique<Master<T>>(place); }};
  }
};

// The numbers of a job, for the master, for `wisp plan` and for the record of a run.
struct MethodNumbers {
  sparse::Density density;  // m, k, and tau = k/m
  Constants constants;
  double step = 0;   // the mean step that is used
  double decay = 0;  // that of round t is step / (1 + decay t)
  std::optional<double> theory_step;
  std::optional<double> paper_step;
  Table table = Table::kNone;
  std::uint64_t table_numbers = 0;  // that it has in one place
  std::optional<double> rounds;  // predicted until the squared distance to the minimiser has fallen by 1e-6
  std::optional<double> memory_updates;  // with error feedback that leaves something out (step_size.h)
};

// What a master may keep beside the iterate.
constexpr double kMasterBytesMax = 0x1p32;

// The methods by name. Filled before a job begins, read-only afterwards.
class Catalog {
 public:
  // With the methods of this room. `sparsifiers` outlives it.
  explicit Catalog(const sparse::Catalog& sparsifiers);

  // Throws Error (kConfig) for a name that is taken, and for a method without a sparsifier, or one that can't
  // be made in both dtypes.
  void add(Method method);
  const NamedList<Method>& methods() const { return methods_; }
  std::vector<std::string> names() const { return methods_.names(); }
  // Null for a name that is not in the catalogue.
  const Method* find(std::string_view name) const { return methods_.find(name); }
  const sparse::Catalog& sparsifiers() const { return sparsifiers_; }

  // The sparsifier that `spec` asks for, or the method's default: its first kind, with density 1/n and n
  // blocks. `spec.kind` is a name of the catalogue.
  sparse::SparsifierSpec sparsifier_of(const MethodSpec& spec) const;

  // The consistency that `spec` asks for, or the method's default. `spec.kind` is a name of the catalogue.
  std::string consistency_of(const MethodSpec& spec) const;

  // The broadcast that `spec` asks for, with the method's default kind where it names none. `spec.kind` is a
  // name of the catalogue.
  BroadcastSpec broadcast_of(const MethodSpec& spec) const;

  // Why a job can't have this combination, as a sentence with the remedy; nothing if it can. Never throws.
  std::optional<std::string> why_not(const MethodSpec& spec) const;
  // The same, also for what the problem asks of the method.
  std::optional<std::string> why_not(const MethodSpec& spec, const problems::ProblemSpec& problem) const;
  // The same, also for the number of workers. `of_rows`: the problem is made of rows.
  std::optional<std::string> why_not(const MethodSpec& spec, const problems::ProblemSpec& problem,
                                     bool of_rows, std::uint32_t workers) const;
  // Why a run can't go on with another number of workers, as the end of a sentence; nothing if it can.
  std::optional<std::string> why_fixed_workers(const MethodSpec& spec) const;
  // What the user should know about a combination that is allowed; nothing if there is nothing to say.
  std::optional<std::string> caution(const MethodSpec& spec, const problems::ProblemSpec& problem) const;

  // The same about a job's numbers.
  std::optional<std::string> caution_of_numbers(const MethodSpec& spec, const MethodNumbers& numbers) const;

  // `smoothness`: the largest L_i of the workers' f_i, and a mu that f has at least. Throws Error (kConfig)
  // for what why_not() refuses, for a table or a master that would be too large (kMasterBytesMax), and where
  // a named step needs L > 0 and there is none.
  MethodNumbers numbers(std::uint32_t workers, std::uint32_t dim, const MethodSpec& spec,
                        problems::Smoothness smoothness) const;

  // Both throw Error (kConfig) for what why_not() refuses, and make_master for a regulariser that the method
  // does not take. `meter`, if there is one, measures what the worker's sparsifier chooses, and outlives the
  // rule. The seed is the job's; a master without draws of its own needs none. T is float or double.
  template <class T>
  std::unique_ptr<WorkerRule<T>> make_worker(std::uint64_t seed, std::uint32_t worker, std::uint32_t workers,
                                             std::uint32_t dim, const MethodSpec& spec,
                                             sparse::Meter* meter = nullptr) const;
  template <class T>
  std::unique_ptr<MasterRule<T>> make_master(std::uint32_t workers, std::uint32_t dim, const MethodSpec& spec,
                                             problems::Smoothness smoothness,
                                             const problems::RegulariserSpec& regulariser = {},
                                             std::uint64_t seed = 0) const;

 private:
  bool takes(const Method& method, const std::string& sparsifier) const;
  std::optional<std::string> why_not_memory(const Method& method, const MethodSpec& spec) const;
  std::optional<std::string> why_not_step(const Method& method, const StepSizeSpec& step) const;
  std::optional<std::string> why_not_sparsifier(const Method& method, const std::string& kind) const;
  std::optional<std::string> why_not_regulariser(const Method& method,
                                                 const problems::RegulariserSpec& regulariser) const;
  std::optional<std::string> why_not_bias(const Method& method, const MethodSpec& spec) const;
  std::optional<std::string> why_not_wire(const Method& method, const MethodSpec& spec) const;
  std::optional<std::string> why_not_consistency(const Method& method, const MethodSpec& spec) const;
  std::optional<std::string> why_not_batch(const Method& method, const MethodSpec& spec) const;
  void check_numbers(const Method& method, const MethodNumbers& numbers) const;
  std::optional<std::string> why_not_broadcast(const MethodSpec& spec) const;
  const Method& allowed(const MethodSpec& spec) const;

  const sparse::Catalog& sparsifiers_;
  NamedList<Method> methods_{"method"};
};

}  // namespace wisp::optim
