#pragma once
// LimitedLog: a log in which what peers bring about can't drown the rest.
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/log.h"

namespace wisp::runtime {

// Passes on kLinesMax lines a second; of more it says how many were left out, with the next line that passes,
// or at its end. Thread-safe if the log behind it is.
class LimitedLog : public Log {
 public:
  static constexpr std::uint64_t kLinesMax = 50;

  // `clock` outlives it.
  LimitedLog(std::unique_ptr<Log> log, const Clock& clock);
  ~LimitedLog() override;
  void write(Level level, std::string_view text) override;
  void set_round(std::uint64_t round) override { log_->set_round(round); }

 private:
  void say_left_out();

  const std::unique_ptr<Log> log_;
  const Clock& clock_;
  std::mutex mutex_;  // guards what follows
  std::chrono::nanoseconds since_{0};
  std::uint64_t lines_ = 0;  // since then
  std::uint64_t left_out_ = 0;
};

}  // namespace wisp::runtime
