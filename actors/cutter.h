#pragma once
// Cutter: when a master takes the state of the whole run, and what becomes of it.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actors/keeper.h"
#include "actors/spec.h"
#include "runtime/actor.h"
#include "runtime/handle.h"

namespace wisp::actors {

// One cut at a time; the run goes on meanwhile. In the master's own turns only.
class Cutter {
 public:
  // Without a keeper nothing is ever due. `attempt` of the master, of a job with so many workers.
  Cutter(CheckpointSpec spec, std::optional<runtime::Handle<Keeper>> keeper, std::uint32_t attempt,
         std::uint32_t workers);

  // From now on; `updates` are applied. `from_checkpoint`: the last one has just these.
  void begin(const runtime::Context& context, std::uint64_t updates, bool from_checkpoint);
  bool is_on() const { return keeper_.has_value() && spec_.enabled(); }
  // Whether a cut is to be made at this point of the run.
  bool is_due(std::uint64_t updates) const;
  // Whether one may be made now, due or not: none is under way.
  bool is_free() const { return is_on() && !under_way_; }
  // Begins a cut. Its number, which every part is to bear.
  std::uint64_t start(std::uint64_t updates);
  // The cut that is under way, if there is one, will not be whole: its keep() may return much later.
  void give_up();
  // Hands the master's part to the keeper. True: it is durable. False: a later one has overtaken it, or it
  // could not be written, which the log says; the run goes on without it.
  runtime::Task<bool> keep(Bytes state);
  // Until none is under way, for a while: a worker that computes for long keeps it waiting.
  runtime::Task<void> settle();
  // Updates that the last durable one has; nothing before the first.
  std::optional<std::uint64_t> durable() const { return durable_; }

 private:
  const CheckpointSpec spec_;
  const std::optional<runtime::Handle<Keeper>> keeper_;
  const std::uint32_t attempt_;
  const std::uint32_t workers_;
  const runtime::Context* context_ = nullptr;
  std::uint64_t number_ = 0;
  bool under_way_ = false;
  std::uint64_t updates_ = 0;  // of the last one begun
  std::chrono::nanoseconds begun_at_{0};
  std::chrono::nanoseconds not_before_{0};
  std::optional<std::uint64_t> durable_;
  std::vector<runtime::Promise<void>> waiting_;
};

}  // namespace wisp::actors
