#include "actors/cutter.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/error.h"
#include "base/failpoint.h"

namespace wisp::actors {

namespace {

constexpr int kRest = 33;  // times what a cut took: then they take 3 % of the time
constexpr std::chrono::seconds kSettleMost{8};
constexpr std::chrono::minutes kRestMost{2};  // it may have waited for a slow worker only

}  // namespace

Cutter::Cutter(CheckpointSpec spec, std::optional<runtime::Handle<Keeper>> keeper, std::uint32_t attempt,
               std::uint32_t workers)
    : spec_(std::move(spec)), keeper_(std::move(keeper)), attempt_(attempt), workers_(workers) {}

void Cutter::begin(const runtime::Context& context, std::uint64_t updates, bool from_checkpoint) {
  context_ = &context;
  updates_ = updates;
  if (from_checkpoint) durable_ = updates;
  not_before_ = context.now() + spec_.every;
}

bool Cutter::is_due(std::uint64_t updates) const {
  if (!is_free()) return false;
  if (spec_.every_rounds != 0) return updates >= updates_ + spec_.every_rounds * workers_;
  if (spec_.every_updates != 0) return updates >= updates_ + spec_.every_updates;
  return context_->now() >= not_before_;
}

std::uint64_t Cutter::start(std::uint64_t updates) {
  WISP_CHECK(is_free(), "one cut at a time");
  failpoint("master.cut");
  under_way_ = true;
  updates_ = updates;
  begun_at_ = context_->now();
  return ++number_;
}

runtime::Task<void> Cutter::settle() {
  if (!under_way_) co_return;
  const runtime::Promise<void> promise("the last checkpoint");
  waiting_.push_back(promise);
  auto settled = promise.future();
  settled.within(kSettleMost);
  try {
    co_await settled;
  } catch (const runtime::Timeout& timeout) {
    context_->log().warn(timeout.what());
  }
}

void Cutter::give_up() {
  if (!std::exchange(under_way_, false)) return;
  for (const runtime::Promise<void>& each : std::exchange(waiting_, {})) each.set();
  not_before_ = context_->now() + spec_.every;
}

runtime::Task<bool> Cutter::keep(Bytes state) {
  failpoint("master.saved");
  const std::uint64_t updates = updates_;
  const std::uint64_t number = number_;
  const auto begun_at = begun_at_;
  const Part part(attempt_, number, context_->name(), std::move(state));
  bool written = false;
  std::string why;
  try {
    auto kept = keeper_->call<&Keeper::keep>(part, updates);
    written = co_await kept;
    if (written) durable_ = updates;
    failpoint("master.durable");
  } catch (const Error& error) {
    why = error.what();
  }
  const auto took = context_->now() - begun_at;
  if (number == number_) give_up();
  if (spec_.paced) {
    not_before_ =
        std::max(not_before_, begun_at + std::min<std::chrono::nanoseconds>(kRest * took, kRestMost));
  }
  if (!why.empty()) {
    context_->log().warn(fmt::format("no checkpoint at update {}: {}; {}", updates, why,
                                     durable_ ? fmt::format("the last one is that of update {}", *durable_)
                                              : std::string("there is none yet")));
  }
  co_return written;
}

}  // namespace wisp::actors
