#pragma once
// Keeper: where the parts of a cut come together, and are written as one checkpoint.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/checkpoint.h"
#include "actors/recovery_faults.h"
#include "base/pack.h"
#include "runtime/actor.h"

namespace wisp::actors {

// The state of one actor at a cut of the run, for the keeper.
struct Part {
  Part() = default;
  Part(std::uint32_t of_attempt, std::uint64_t of_cut, std::string of_actor, Bytes its_state)
      : attempt(of_attempt), cut(of_cut), actor(std::move(of_actor)), state(std::move(its_state)) {}
  std::uint32_t attempt = 0;  // of the master whose cut it is
  std::uint64_t cut = 0;      // counted from 1 by each master
  std::string actor;
  Bytes state;            // as this actor packs it
  std::string failure{};  // why there is none
  template <class F>
  void fields(F& f) {
    f(attempt, cut, actor, failure, state);
  }
};

// What of a checkpoint the run needs to go on.
struct Kept {
  Kept() = default;
  std::uint64_t number = 0;   // 0: there is none
  std::uint64_t updates = 0;  // that its model has
  std::map<std::string, Bytes> parts;
  std::vector<std::string> passed_over{};  // later ones: why they can't be used
  bool none_left = false;                  // there is none any more
  template <class F>
  void fields(F& f) {
    f(number, updates, parts, passed_over, none_left);
  }
};

// Takes the file of a checkpoint to another host, too. Returns when it is on the disk there; throws Error. On
// the keeper's thread.
using CheckpointCopier = std::function<void(std::uint64_t number, const std::filesystem::path& file)>;

// Lives on the driver's node, with a thread of its own: it writes files. A cut is whole when the part of the
// master and of every worker is there; until it is on disk, the checkpoint before it is the last one.
class Keeper : public runtime::Actor {
 public:
  using Constructor = void();
  Keeper() = default;
  // `workers`: how many parts there are beside the master's. `traits`: see Checkpoint. `on_failure` hears why
  // a checkpoint could not be written or copied, in this actor's turn. Without `copy` none is.
  Keeper(std::unique_ptr<CheckpointFolder> folder, std::uint32_t workers,
         std::map<std::string, std::string> traits,
         std::function<void(const std::string&)> on_failure = nullptr, CheckpointCopier copy = nullptr,
         const RecoveryFaults& faults = {});

  // A worker's part. That of an older cut than the last one begun is dropped. One that has failed ends its
  // cut.
  void put(Part part);
  // The master's, with which its cut is whole. Returns when it is durable; false: a later one, or a later
  // master, has overtaken it. Throws Error that names the file, if it can't be written, or the worker, if its
  // part has failed.
  runtime::Task<bool> keep(Part part, std::uint64_t updates);
  // The last one that is durable and whole, for the master of `attempt`: cuts of those before it that are not
  // whole yet come to nothing, lest a checkpoint come after this one that this master's run has no part in.
  // Throws Error if the disk can't be read.
  Kept last(std::uint32_t attempt);

 private:
  using CutName = std::pair<std::uint32_t, std::uint64_t>;  // attempt and number
  void turn_to(const CutName& cut);
  void write(const Checkpoint& checkpoint);
  [[noreturn]] void fail(const std::string& why) const;

  std::unique_ptr<CheckpointFolder> folder_;
  std::uint32_t workers_ = 0;
  std::map<std::string, std::string> traits_;
  std::function<void(const std::string&)> on_failure_;
  CheckpointCopier copy_;
  RecoveryFaults faults_;
  CutName cut_;  // the one whose parts these are:
  std::map<std::string, Bytes> parts_;
  std::string failure_;                            // why they will not be whole
  std::optional<runtime::Promise<void>> waiting_;  // the master's call
  std::uint64_t number_ = 0;                       // of the last checkpoint
  bool had_one_ = false;                           // this run, written or found
  Checkpoint unwritten_;                           // with faults_.early_answer only
};

}  // namespace wisp::actors
