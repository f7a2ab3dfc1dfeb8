#pragma once
// Monitor: where a run's measurements arrive.
#include <functional>

#include "actors/messages.h"
#include "runtime/actor.h"

namespace wisp::actors {

// Lives on the driver's node and hands every Progress, and every piece of a record of arrivals, to functions
// of the driver, on that node's thread.
class Monitor : public runtime::Actor {
 public:
  using Constructor = void();
  Monitor() = default;
  explicit Monitor(std::function<void(const Progress&)> on_progress,
                   std::function<void(const Bytes&)> on_record = nullptr)
      : on_progress_(std::move(on_progress)), on_record_(std::move(on_record)) {}

  void report(Progress progress) {
    if (on_progress_) on_progress_(progress);
  }
  void record(Bytes piece) {
    if (on_record_) on_record_(piece);
  }

 private:
  std::function<void(const Progress&)> on_progress_;
  std::function<void(const Bytes&)> on_record_;
};

}  // namespace wisp::actors
