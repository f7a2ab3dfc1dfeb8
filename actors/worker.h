#pragma once
// Worker: owns a shard of the data and answers models with updates.
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "actors/catalogs.h"
#include "actors/down_link.h"
#include "actors/messages.h"
#include "optim/rule.h"
#include "problems/objective.h"
#include "runtime/actor.h"
#include "runtime/handle.h"
#include "sparse/metered.h"

namespace wisp::actors {

// T is float or double ("worker/float32", "worker/float64").
template <class T>
class Worker : public runtime::Actor {
 public:
  using Constructor = void(WorkerParameters);
  // `catalogs` know the problem and the method, and outlive it.
  Worker(WorkerParameters parameters, const Catalogs& catalogs)
      : parameters_(std::move(parameters)), catalogs_(catalogs) {}

  // What comes from the masters before `attempt` is refused from now on, and what they had of this worker is
  // over: the next set_up() begins with `state`, which a worker of the same place gave to the keeper; or
  // anew.
  void rewind(std::uint32_t attempt, std::optional<Bytes> state);
  // Gets ready to work for the master of `attempt`; before the rest. The first time it reads its rows. Throws
  // Error: kConfig that names file and line; or for a state that is not this worker's.
  Shard set_up(std::uint32_t attempt);
  // Of asynchronous runs, after set_up() from a state: the steps that were made since then, as far as the
  // master knows them (optim::WorkerRule::recall).
  void recall(std::uint32_t attempt, std::vector<Update<T>> sent);
  // Gives the keeper its state of this moment, as part of `cut` of the master of `attempt`. Goes on as soon
  // as that is packed.
  runtime::Task<void> checkpoint(std::uint32_t attempt, std::uint64_t cut);
  // The method's update at `model`; none if it lacks the version that `model` changes. A model of another
  // dimension is refused.
  runtime::Task<std::optional<Update<T>>> step(Model<T> model);
  // f_i(model), and what was measured of the steps so far; none as for step(). The next step is measured for
  // the next evaluation. A model without a version does not take the place of the one that it has.
  runtime::Task<std::optional<Evaluation>> evaluate(Model<T> model);
  // The same on its share of the test rows, of which there are some.
  runtime::Task<std::optional<TestResult>> test(Model<T> model);
  // A model that a relay brings; steps and evaluations that await it go on. One that can't be taken leaves
  // the version that it has, and they find that they lack theirs.
  void receive(Model<T> model);
  // The random first iterate that suits the function; the same from every worker.
  std::vector<T> random_start();

 private:
  Bytes state() const;
  runtime::Task<void> give_part(std::uint64_t cut);
  void check(const Model<T>& model) const;
  void check(std::uint32_t attempt) const;
  Shard read_rows();
  void return_to(const Bytes& state);
  runtime::Task<bool> take(Model<T> model, ModelDecoder<T>& into);
  Update<T> update(std::uint64_t round);
  sparse::Vector<T> checked_step(std::uint64_t round);
  Evaluation evaluation(std::span<const T> x);
  void warn_of_memory();
  void log_progress(std::uint64_t round, std::size_t values, std::size_t bytes);

  const WorkerParameters parameters_;
  const Catalogs& catalogs_;
  // Of the wire that the method's updates take, once for all steps.
  sparse::ValueCodec codec_ = sparse::native_codec<T>();
  sparse::IndexChoice indices_ = sparse::IndexChoice::kAuto;
  Shard shard_;
  std::unique_ptr<problems::Objective<T>> objective_;
  std::unique_ptr<problems::Objective<T>> test_;  // null: no rows are held back
  std::unique_ptr<optim::WorkerRule<T>> rule_;
  std::unique_ptr<ModelDecoder<T>> down_;
  std::uint64_t received_ = 0;  // the last version that a relay brought
  std::vector<runtime::Promise<void>> waiting_;
  sparse::Meter meter_;
  bool warned_of_memory_ = false;
  bool measure_next_ = true;
  std::chrono::nanoseconds gradient_time_{0};
  std::uint64_t rows_used_ = 0;
  std::uint64_t steps_ = 0;
  std::uint32_t attempt_ = 0;
  std::uint64_t round_ = 0;                // that comes next
  std::optional<Bytes> state_;             // that set_up() is to begin with
  std::optional<std::uint64_t> late_cut_;  // with faults.late_part only
  std::chrono::nanoseconds logged_at_{0};
};

extern template class Worker<float>;
extern template class Worker<double>;

}  // namespace wisp::actors
