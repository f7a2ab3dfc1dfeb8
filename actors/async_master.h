#pragma once
// AsyncMaster: the parameter server of P1: each update is applied as it arrives, and its worker gets the new
// x.
#include <deque>
#include <exception>
#include <map>
#include <optional>
#include <vector>

#include "actors/arrivals.h"
#include "actors/run.h"
#include "runtime/actor.h"

namespace wisp::actors {

// T is float or double ("async-master/float32", "async-master/float64"). A round is n updates.
//
// P1 section 3.1: each worker loops {read x, compute, push}, with no barrier; update t was computed at
// x_{t - tau_t}, and its staleness tau_t is the number of updates applied since its worker's read. With
// consistency ssp a worker that has made more than `bound` steps more than the slowest waits for that one.
//
// The order of the updates is all that differs between runs. It comes from one of
// - the workers' own speeds;
// - job.simulation: times drawn from its seed, which pass by the clock of a simulated node. The worker
//   computes at once; its update is held for as long as model, gradient and update would have taken;
// - job.simulation.staleness: workers take turns, and each gets the x of tau updates ago, tau drawn anew;
// - the record of an earlier run, with the same workers or simulated ones.
// With the last three a run is a function of the job.
template <class T>
class AsyncMaster : public runtime::Actor {
 public:
  using Constructor = void(MasterJob, MasterParameters<T>);
  // `catalogs` know the method, and outlive it.
  AsyncMaster(MasterJob job, MasterParameters<T> parameters, const Catalogs& catalogs);

  // The whole run; called once. Throws ActorError or ActorDied of the first worker that failed, and Error
  // (kConfig) for a record that is not of this job.
  runtime::Task<Summary> run();
  // Ends the run with the next update that arrives: status cancelled.
  void stop() { run_.cancel(); }

 private:
  // A worker, as the master sees it.
  struct Seat {
    std::uint64_t steps = 0;  // that have arrived
    std::uint64_t read = 0;   // updates applied to the model that it has
    std::uint64_t bytes = 0;  // of that model, as it was sent
  };
  using Pending = runtime::Future<std::optional<Update<T>>>;

  runtime::Task<void> as_they_come();
  runtime::Task<void> serve(std::uint32_t worker);
  runtime::Task<void> with_drawn_staleness();
  runtime::Task<void> as_recorded();

  Pending send(std::uint32_t worker);
  Pending send_old(std::uint32_t worker, const Iterate<T>& iterate, std::uint64_t updates);
  Pending send(std::uint32_t worker, Model<T> model, std::uint64_t updates);
  runtime::Task<Update<T>> answer(std::uint32_t worker, Pending pending);
  runtime::Task<void> arrive(std::uint32_t worker, const Update<T>& update);
  bool take_in(std::uint32_t worker, const Update<T>& update);
  std::chrono::nanoseconds time_of_step(std::uint32_t worker, const Update<T>& update) const;
  std::uint64_t drawn_staleness(std::uint64_t update) const;
  std::size_t history_most() const;
  bool is_ahead(std::uint32_t worker) const;
  runtime::Task<void> end_record(const Summary& summary);
  runtime::Future<void> next_turn();
  void release();
  void finish();

  Run<T> run_;
  std::vector<Seat> seats_;
  std::map<std::uint64_t, std::uint32_t> pace_;  // how many workers have made so many steps; with ssp only
  const bool bounded_;                           // ssp
  bool evaluating_ = false;
  bool over_ = false;
  std::vector<runtime::Promise<void>> waiting_;  // workers' loops, in the order in which they came
  runtime::Promise<void> finished_;
  std::exception_ptr failure_;
  std::optional<ArrivalWriter> record_;
};

extern template class AsyncMaster<float>;
extern template class AsyncMaster<double>;

}  // namespace wisp::actors
