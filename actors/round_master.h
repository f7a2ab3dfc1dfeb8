#pragma once
// RoundMaster: the synchronous master of P2: broadcast the model, take in every worker's update, step.
#include "actors/run.h"
#include "runtime/actor.h"

namespace wisp::actors {

// T is float or double ("master/float32", "master/float64"). Updates are taken in in the order of the
// workers, so a run gives the same bits wherever they live.
template <class T>
class RoundMaster : public runtime::Actor {
 public:
  using Constructor = void(MasterJob, MasterParameters<T>);
  // `catalogs` know the method, and outlive it.
  RoundMaster(MasterJob job, MasterParameters<T> parameters, const Catalogs& catalogs)
      : run_(std::move(job), std::move(parameters), catalogs) {}

  // The whole run; called once. Throws ActorError or ActorDied of the first worker that failed.
  runtime::Task<Summary> run();
  // Ends the run after the round that is under way: status cancelled.
  void stop() { run_.cancel(); }

 private:
  runtime::Task<void> round();

  Run<T> run_;
  std::uint64_t round_ = 0;
};

extern template class RoundMaster<float>;
extern template class RoundMaster<double>;

}  // namespace wisp::actors
