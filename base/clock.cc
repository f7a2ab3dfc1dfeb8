#include "base/clock.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace wisp {

namespace {

using std::chrono::system_clock;

// Digits at the front of `text`, exactly so many; they are taken off.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

// ".123" and the like, in nanoseconds.
std::optional<std::chrono::nanoseconds> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return std::chrono::nanoseconds(0);
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || digits > 9) return std::nullopt;
  std::int64_t value = *take_number(text, digits);
  for (std::size_t i = digits; i < 9; ++i) value *= 10;
  return std::chrono::nanoseconds(value);
}

// Numbers of `widths` digits, each followed by the separator at its place.
template <std::size_t N>
std::optional<std::array<int, N>> take_numbers(std::string_view& text,
                                               const std::array<std::size_t, N>& widths,
                                               std::string_view separators) {
  std::array<int, N> numbers{};
  for (std::size_t i = 0; i < N; ++i) {
    const std::optional<int> number = take_number(text, widths[i]);
    if (!number) return std::nullopt;
    numbers[i] = *number;
    if (i < separators.size() && !take(text, separators[i])) return std::nullopt;
  }
  return numbers;
}

}  // namespace

std::chrono::nanoseconds SystemClock::steady() const {
  return std::chrono::steady_clock::now().time_since_epoch();
}

system_clock::time_point SystemClock::wall() const { return system_clock::now(); }

std::string format_utc(system_clock::time_point time) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(milliseconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(milliseconds - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<system_clock::time_point> parse_utc(std::string_view text) {
  const auto numbers = take_numbers<6>(text, {4, 2, 2, 2, 2, 2}, "--T::");
  if (!numbers) return std::nullopt;
  const auto [year, month, day, hour, minute, second] = *numbers;
  const auto fraction = take_fraction(text);
  if (!fraction || text != "Z") return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  // A time_point counts nanoseconds in 64 bits: 1677 to 2262.
  if (year < 1678 || year > 2261) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + *fraction;
}

}  // namespace wisp
