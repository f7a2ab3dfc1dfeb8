#include "actors/keeper.h"

#include <algorithm>
#include <vector>

#include "base/failpoint.h"

namespace wisp::actors {

Keeper::Keeper(std::unique_ptr<CheckpointFolder> folder, std::uint32_t workers,
               std::map<std::string, std::string> traits, std::function<void(const std::string&)> on_failure,
               CheckpointCopier copy, const RecoveryFaults& faults)
    : folder_(std::move(folder)),
      workers_(workers),
      traits_(std::move(traits)),
      on_failure_(std::move(on_failure)),
      copy_(std::move(copy)),
      faults_(faults) {}

// Parts of one cut at a time: what a later one brings ends the one before it.
void Keeper::turn_to(const CutName& cut) {
  if (cut <= cut_) return;
  cut_ = cut;
  if (!faults_.mixed_parts) parts_.clear();
  failure_.clear();
  if (auto overtaken = std::exchange(waiting_, std::nullopt)) overtaken->set();
}

void Keeper::put(Part part) {
  failpoint("keeper.part");
  const CutName cut(part.attempt, part.cut);
  turn_to(cut);
  if (cut != cut_) return;
  if (part.failure.empty()) {
    parts_[part.actor] = std::move(part.state);
  } else if (failure_.empty()) {
    failure_ = part.actor + ": " + part.failure;
  }
  if (waiting_ && (parts_.size() == workers_ || !failure_.empty())) {
    const runtime::Promise<void> whole = *std::exchange(waiting_, std::nullopt);
    whole.set();
  }
}

runtime::Task<bool> Keeper::keep(Part part, std::uint64_t updates) {
  const CutName cut(part.attempt, part.cut);
  turn_to(cut);
  if (cut == cut_ && parts_.size() < workers_ && failure_.empty()) {
    const runtime::Promise<void> whole("the parts of the workers");
    waiting_ = whole;
    auto told = whole.future();
    co_await told;
  }
  if (cut != cut_) co_return false;
  if (!failure_.empty()) fail(failure_);
  failpoint("keeper.whole");
  Checkpoint checkpoint;
  checkpoint.number = ++number_;
  checkpoint.updates = updates;
  checkpoint.traits = traits_;
  checkpoint.parts = faults_.mixed_parts ? parts_ : std::exchange(parts_, {});
  checkpoint.parts[part.actor] = std::move(part.state);
  if (faults_.early_answer) std::swap(checkpoint, unwritten_);
  if (checkpoint.number == 0) co_return true;
  write(checkpoint);
  failpoint("keeper.written");
  context().log().info("checkpoint " + std::to_string(number_) + " has update " + std::to_string(updates));
  co_return true;
}

void Keeper::write(const Checkpoint& checkpoint) {
  try {
    for (const std::string& warning : folder_->write(checkpoint)) context().log().warn(warning);
    had_one_ = true;
    if (copy_) copy_(checkpoint.number, folder_->path_of(checkpoint.number));
  } catch (const Error& error) {  // the person at the terminal hears of it, too
    fail(error.what());
  }
}

void Keeper::fail(const std::string& why) const {
  if (on_failure_) on_failure_(why);
  throw Error(why);
}

Kept Keeper::last(std::uint32_t attempt) {
  turn_to({attempt, 0});
  Kept kept;
  std::optional<Checkpoint> found = folder_->newest(kept.passed_over);
  for (const std::string& each : kept.passed_over) context().log().warn(each);
  had_one_ = had_one_ || found || !kept.passed_over.empty();
  kept.none_left = !found && had_one_;
  if (!found) return kept;
  number_ = std::max(number_, found->number);
  kept.number = found->number;
  kept.updates = found->updates;
  kept.parts = std::move(found->parts);
  return kept;
}

}  // namespace wisp::actors
