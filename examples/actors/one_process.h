#pragma once
// A system in one process for the examples beside it: no launcher, no network. Logs go to stderr.
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "runtime/in_process_transport.h"
#include "runtime/system.h"

namespace example {

class PrintedLog : public wisp::Log {
 public:
  explicit PrintedLog(std::string actor) : actor_(std::move(actor)) {}
  void write(wisp::Level level, std::string_view text) override {
    std::cerr << actor_ << " " << wisp::to_string(level) << ": " << text << std::endl;
  }

 private:
  const std::string actor_;
};

class OneProcess {
 public:
  // What `options` say is kept; clock and logs are set here.
  explicit OneProcess(void (*register_actors)(wisp::runtime::Registry&),
                      wisp::runtime::SystemOptions options = wisp::runtime::SystemOptions()) {
    register_actors(registry_);
    options.clock = &clock_;
    options.make_log = [](const std::string& actor) { return std::make_unique<PrintedLog>(actor); };
    options.on_failure = [](const std::string& why) { std::cerr << why << std::endl; };
    system_.emplace(std::move(options), registry_, network_.attach(0));
  }
  wisp::runtime::System& system() { return *system_; }

 private:
  const wisp::SystemClock clock_;
  wisp::runtime::Registry registry_;
  wisp::runtime::InProcessNetwork network_;
  std::optional<wisp::runtime::System> system_;  // last: it goes first
};

}  // namespace example
