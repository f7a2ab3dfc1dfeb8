#pragma once
// Supervisor: starts a job's actors, brings back those whose nodes have ended, and sees its run to the end.
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/checkpoint.h"
#include "actors/job.h"
#include "actors/recovery_faults.h"
#include "runtime/spec.h"
#include "runtime/system.h"

namespace wisp::actors {

// What a supervisor needs of the world around the actors. `cli` joins it to the launcher; in a simulated
// world it is joined to that. All of it is called on the supervisor's thread.
class Stage {
 public:
  struct Ended {
    std::string node;  // its name
    runtime::NodeId id = 0;
    std::string cause;
    bool may_return = true;  // false: whatever ended it would do so again
    Fault fault = Fault::kFailed;
  };

  virtual ~Stage() = default;
  // The nodes of the job that have ended since the last call; System::lose() has been called for each.
  virtual std::vector<Ended> take_ended() = 0;
  // Starts node `name` again, on its host or, if that is lost, on another, where all that its actors need is
  // then. Does not wait until it has joined. Nothing: there is no host for it at present. Throws Error if
  // there will be none.
  virtual std::optional<runtime::NodeId> start(const std::string& name, std::uint32_t attempt) = 0;
  // Where worker `worker` finds its rows, and its test rows, at its present host.
  virtual problems::Source rows(std::uint32_t worker) const = 0;
  virtual problems::Source test_rows(std::uint32_t worker) const = 0;
  // Returns when something may have happened, or after `at_most`. Throws Error if the job is to be given up.
  virtual void wait(std::chrono::nanoseconds at_most) = 0;
  virtual std::chrono::nanoseconds now() const = 0;
  // What the supervisor does, for people and for the record. `node` is empty for what is of the whole run.
  virtual void tell(const std::string& node, const std::string& event, const std::string& text) = 0;
};

// What a run is to be supervised with.
struct Supervision {
  Stage* stage = nullptr;
  std::unique_ptr<CheckpointFolder>
      checkpoints;  // a run goes on from the newest that is in it; null: none are kept
  std::map<std::string, std::string> traits;  // of every checkpoint
  // The one that is there is of another number of workers; those of this run begin with nothing.
  bool other_workers = false;
  CheckpointCopier copy = nullptr;                                         // with job.checkpoint.copies of 2
  std::function<void(const std::string&)> on_failed_checkpoint = nullptr;  // why; on a thread of its own
  std::function<void(const Progress&)> on_progress;
  Recording recording;
  RecoveryFaults faults;
};

// One run of one job. A run of rounds that loses an actor is led by another master from the last checkpoint
// on, which gives the same bits; without a checkpoint, from its beginning. An asynchronous run goes on while
// a worker is brought back (AsyncMaster::replace); when its master is lost, it is led on from the last
// checkpoint, too.
//
// How often a node is started again is its actors' `restart`: one more end, and the run fails with that end's
// cause, the node's actor being its ActorDied. Errors that actors throw are never answered by a restart: they
// would come again.
class Supervisor {
 public:
  // As start() says of its arguments. `system` and the stage outlive it.
  Supervisor(runtime::System& system, JobSpec job, Layout layout, std::optional<double> optimum,
             Supervision supervision);
  ~Supervisor();

  // Starts the actors on the nodes of the layout, which have joined as `nodes` says by name. Throws
  // ActorError or ActorDied.
  void start(const std::map<std::string, runtime::NodeId>& nodes);
  // Until the run has ended.
  Summary run();
  // Ends the run after the update that is under way. Any thread.
  void stop();

 private:
  class Impl;
  template <class T>
  class Of;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wisp::actors
