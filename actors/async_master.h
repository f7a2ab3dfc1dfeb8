#pragma once
// AsyncMaster: the parameter server of P1: each update is applied as it arrives, and its worker gets the new
// x.
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "actors/arrivals.h"
#include "actors/cutter.h"
#include "actors/journal.h"
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
//
// With a keeper the run survives the end of any worker: its successor goes on from the worker's part of the
// last checkpoint, told of what it has sent since (optim::WorkerRule::recall). The master's successor rewinds
// all to the last checkpoint: what came later is undone everywhere, and nothing of it counts.
template <class T>
class AsyncMaster : public runtime::Actor {
 public:
  using Constructor = void(MasterJob, MasterParameters<T>);
  // `catalogs` know the method, and outlive it.
  AsyncMaster(MasterJob job, MasterParameters<T> parameters, const Catalogs& catalogs);
  ~AsyncMaster() override;

  // The whole run; called once. Throws ActorError or ActorDied of the first worker that failed, and Error
  // (kConfig) for a record that is not of this job.
  runtime::Task<Summary> run();
  // Ends the run with the next update that arrives: status cancelled.
  void stop() { run_.cancel(); }
  // `successor` takes the place of a worker that has ended: rewound to its part of a checkpoint, or to
  // nothing. It is told what was sent since. False: so much of that is not known any more, and a later
  // checkpoint will do; or the run has not begun yet.
  runtime::Task<bool> replace(std::uint32_t worker, runtime::Handle<Worker<T>> successor);

 private:
  // A worker, as the master sees it.
  struct Seat {
    std::uint64_t steps = 0;            // that have been taken in
    std::uint64_t read = 0;             // updates applied to the model that it has
    std::uint64_t bytes = 0;            // of that model, as it was sent
    std::uint64_t life = 0;             // how often it was replaced
    bool gone = false;                  // it has died, and is not replaced yet
    bool out = false;                   // it has a model whose update is not taken in yet
    std::optional<Update<T>> received;  // that update, if it has come
    Journal<T> sent;                    // since the last durable checkpoint
  };
  using Pending = runtime::Future<std::optional<Update<T>>>;
  // An update that was on its way when a cut was made.
  struct OnItsWay;
  // The cut that is being made: the state of the master at its begin, and the updates that were on their way
  // then (Chandy and Lamport 1985). A worker gives its part as soon as its own has come.
  struct Cut;
  struct Saved;

  static std::uint64_t first_known(const Seat& seat);
  runtime::Task<void> as_they_come();
  runtime::Task<void> serve(std::uint32_t worker);
  runtime::Task<void> one_step(std::uint32_t worker);
  bool all_are_there() const;
  bool evaluates_now() const;
  runtime::Task<void> evaluate();
  void take_up(Saved saved);
  void receive(std::uint32_t worker, Update<T> update);
  void begin_cut();
  void add_to_cut(std::uint32_t worker);
  void end_cut_if_whole();
  void give_up_cut();
  bool is_cut_due() const;
  runtime::Task<void> keep(Bytes state, std::vector<std::uint64_t> steps);
  void forget_sent(const std::vector<std::uint64_t>& steps);
  runtime::Task<void> with_drawn_staleness();
  runtime::Task<void> as_recorded();

  Pending send(std::uint32_t worker);
  Pending send_old(std::uint32_t worker, const Iterate<T>& iterate, std::uint64_t updates);
  Pending send(std::uint32_t worker, Model<T> model, std::uint64_t updates);
  runtime::Task<Update<T>> answer(std::uint32_t worker, Pending pending);
  runtime::Task<void> arrive(std::uint32_t worker, const Update<T>& update);
  std::uint32_t worker_called(const std::string& name) const;
  bool take_in(std::uint32_t worker, const Update<T>& update);
  std::chrono::nanoseconds time_of_step(std::uint32_t worker, const Update<T>& update) const;
  std::uint64_t drawn_staleness(std::uint64_t update) const;
  std::size_t history_most() const;
  bool is_ahead(std::uint32_t worker) const;
  bool has_no_room() const;
  runtime::Task<void> end_record(const Summary& summary);
  runtime::Future<void> next_turn();
  void release();
  void finish();

  std::optional<Bytes> state_;  // that it goes on from
  const RecoveryFaults faults_;
  Cutter cutter_;
  Run<T> run_;
  std::vector<Seat> seats_;
  std::unique_ptr<Cut> cut_;
  std::size_t sent_bytes_ = 0;                   // of the seats' `sent`
  std::map<std::uint64_t, std::uint32_t> pace_;  // how many workers have made so many steps; with ssp only
  const bool bounded_;                           // ssp
  bool begun_ = false;                           // its workers are set up
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
