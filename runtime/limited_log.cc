#include "runtime/limited_log.h"

#include <string>
#include <utility>

namespace wisp::runtime {

namespace {
constexpr std::chrono::seconds kPeriod{1};
}  // namespace

LimitedLog::LimitedLog(std::unique_ptr<Log> log, const Clock& clock)
    : Log(Level::kDebug), log_(std::move(log)), clock_(clock), since_(clock.steady()) {}

LimitedLog::~LimitedLog() { say_left_out(); }

void LimitedLog::write(Level level, std::string_view text) {
  if (!log_->takes(level)) return;
  const std::lock_guard lock(mutex_);
  const auto now = clock_.steady();
  if (now - since_ >= kPeriod) {
    since_ = now;
    lines_ = 0;
  }
  if (lines_ >= kLinesMax) {
    ++left_out_;
    return;
  }
  say_left_out();
  ++lines_;
  log_->write(level, text);
}

void LimitedLog::say_left_out() {
  const std::uint64_t count = std::exchange(left_out_, 0);
  if (count > 0)
    log_->write(Level::kWarn, std::to_string(count) + " lines were left out here: too many a second");
}

}  // namespace wisp::runtime
