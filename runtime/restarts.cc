#include "runtime/restarts.h"

#include <algorithm>

#include "base/text.h"

namespace wisp::runtime {

std::optional<std::chrono::nanoseconds> Restarts::next(std::chrono::nanoseconds now) {
  while (!ends_.empty() && now - ends_.front() > spec_.within) ends_.pop_front();
  given_up_ = given_up_ || ends_.size() >= spec_.max;
  if (given_up_) return std::nullopt;
  ends_.push_back(now);
  ++attempt_;
  return now + delay();
}

std::chrono::nanoseconds Restarts::delay() const {
  if (ends_.size() < 2) return std::chrono::nanoseconds(0);
  std::chrono::nanoseconds delay = std::min<std::chrono::nanoseconds>(spec_.backoff, kBackoffMax);
  for (std::size_t i = 2; i < ends_.size() && delay < kBackoffMax && delay.count() > 0; ++i) delay *= 2;
  return std::min<std::chrono::nanoseconds>(delay, kBackoffMax);
}

std::string Restarts::why_not(const std::string& key) const {
  if (spec_.max == 0) return "it is not to be restarted (" + key + ")";
  const std::string times = spec_.max == 1 ? "once" : std::to_string(spec_.max) + " times";
  return "it was restarted " + times + " within " + format_duration(spec_.within) + " (" + key + ")";
}

}  // namespace wisp::runtime
