#pragma once
// Clock: what time it is, behind an interface so that a simulated world can have its own.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace wisp {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Never goes back, from an arbitrary start; for durations and deadlines.
  virtual std::chrono::nanoseconds steady() const = 0;
  // For people and logs; may jump.
  virtual std::chrono::system_clock::time_point wall() const = 0;
};

class SystemClock : public Clock {
 public:
  std::chrono::nanoseconds steady() const override;
  std::chrono::system_clock::time_point wall() const override;
};

// "2026-03-01T02:13:07.123Z": UTC, rounded down to milliseconds.
std::string format_utc(std::chrono::system_clock::time_point time);
// The reverse; a fraction of 1 to 9 digits may be there or not. Nothing for any other text, an impossible
// date, or a year that a time_point has no room for (1678 to 2261 it has).
std::optional<std::chrono::system_clock::time_point> parse_utc(std::string_view text);

}  // namespace wisp
