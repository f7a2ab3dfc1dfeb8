#pragma once
// RoundMaster: the synchronous master of P2: broadcast the model, take in every worker's update, step.
#include <optional>

#include "actors/cutter.h"
#include "actors/run.h"
#include "runtime/actor.h"

namespace wisp::actors {

// T is float or double ("master/float32", "master/float64"). Updates are taken in in the order of the
// workers, so a run gives the same bits wherever they live, and also where it goes on from a checkpoint: a
// cut lies between two rounds.
template <class T>
class RoundMaster : public runtime::Actor {
 public:
  using Constructor = void(MasterJob, MasterParameters<T>);
  // `catalogs` know the method, and outlive it.
  RoundMaster(MasterJob job, MasterParameters<T> parameters, const Catalogs& catalogs);

  // The whole run; called once. Throws ActorError or ActorDied of the first worker that failed.
  runtime::Task<Summary> run();
  // Ends the run after the round that is under way: status cancelled.
  void stop() { run_.cancel(); }

 private:
  runtime::Task<void> round();
  void cut();
  runtime::Task<void> keep(Bytes state);
  runtime::Task<void> last_cut();

  std::optional<Bytes> state_;  // that it goes on from
  Cutter cutter_;
  Run<T> run_;
};

extern template class RoundMaster<float>;
extern template class RoundMaster<double>;

}  // namespace wisp::actors
