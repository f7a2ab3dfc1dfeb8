#pragma once
// SavedState: what of an actor outlives it: its state and the table of what it has taken in, in one file.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/disk.h"
#include "runtime/actor.h"

namespace wisp::runtime {

// For tests that plant faults; all off.
struct SavingFaults {
  bool forget_table = false;             // a restart restores the state, and not what it has taken in
  bool no_incarnation_check = false;     // an earlier incarnation may write the file
  bool acknowledge_before_save = false;  // what was taken in is called durable before it is on disk
};

// Belongs to one incarnation of a saving actor; used in its turns only.
//
// A sender numbers its messages to the actor 1, 2, ... and keeps them until they are durable. The table says
// which number of each sender was taken in last; it is saved with the state, in one file, so whatever moment
// the actor is restarted at, the two agree, and a message that is sent again takes effect exactly once.
class SavedState {
 public:
  // The files are <folder>/<name>.saved and <folder>/<name>.owner. `incarnation` rises with every restart.
  SavedState(Disk& disk, const std::filesystem::path& folder, const std::string& name, ActorId incarnation,
             const SavingFaults& faults);

  // Takes the files over from earlier incarnations and restores the actor, if there is something to restore.
  // Throws Error, naming the file, if it is damaged, or belongs to a later incarnation.
  void open(Actor& actor);

  enum class Verdict : std::uint8_t {
    kTake,     // it is next; it counts as taken in from now on
    kApplied,  // taken in before
    kGap,      // an earlier one is missing
  };
  Verdict accept(ActorId sender, std::uint64_t number);

  // What became durable for one sender.
  struct Durable {
    ActorId sender;
    std::uint64_t number = 0;
  };
  // Writes the state and the table, and says what is durable by that. Throws Error, naming the file: it is as
  // it was then. Throws Fenced if a later incarnation owns the files.
  std::vector<Durable> save(const Actor& actor);
  // What is durable for a sender whose message was taken in before: it has not heard of it.
  std::uint64_t durable(ActorId sender) const;
  // Of senders on nodes that are gone nothing will come any more: their entries would pile up.
  void forget_if(const std::function<bool(NodeId node)>& gone);

 private:
  struct Entry {
    std::uint64_t applied = 0;
    std::uint64_t durable = 0;
  };
  void check_owner() const;

  Disk& disk_;
  const std::filesystem::path file_;
  const std::filesystem::path owner_file_;
  const ActorId incarnation_;
  const SavingFaults faults_;
  std::map<ActorId, Entry> table_;
};

}  // namespace wisp::runtime
