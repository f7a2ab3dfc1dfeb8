#pragma once
// Monitor: where a run's measurements arrive.
#include <functional>

#include "actors/messages.h"
#include "runtime/actor.h"

namespace wisp::actors {

// Lives on the driver's node and hands every Progress to a function of the driver, on that node's thread.
class Monitor : public runtime::Actor {
 public:
  using Constructor = void();
  Monitor() = default;
  explicit Monitor(std::function<void(const Progress&)> on_progress) : on_progress_(std::move(on_progress)) {}

  void report(Progress progress) {
    if (on_progress_) on_progress_(progress);
  }

 private:
  std::function<void(const Progress&)> on_progress_;
};

}  // namespace wisp::actors
