#include "config/numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

namespace wisp::config {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// JSON's grammar of numbers: no leading zeros, no bare point, no nan, no hexadecimal.
bool looks_like_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto take_digits = [&] {
    std::size_t size = 0;
    while (size < text.size() && is_digit(text[size])) ++size;
    text.remove_prefix(size);
    return size;
  };
  const bool zero = text.starts_with('0');
  const std::size_t whole = take_digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  return text.empty();
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  if (!looks_like_number(text)) return std::nullopt;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> parse_integer(std::string_view text) {
  std::uint64_t number = 0;
  if (!all_digits(text) || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc() ? std::optional(number) : std::nullopt;
}

std::string number_hint(std::string_view text) {
  if (looks_like_number(text) && !parse_number(text)) return "no float64 can hold it";
  std::string guess(text);
  std::erase_if(guess, [](char c) { return c == '_' || c == '\'' || c == ','; });
  if (guess.starts_with('+')) guess.erase(0, 1);
  while (guess.size() > 1 && guess[0] == '0' && is_digit(guess[1])) guess.erase(0, 1);
  if (guess.starts_with('.')) guess.insert(0, "0");
  if (guess.ends_with('.')) guess.pop_back();
  return guess != text && parse_number(guess) ? "did you mean " + guess + "?" : "";
}

std::string integer_hint(std::string_view text) {
  const auto number = parse_number(text);
  if (!number) return number_hint(text);
  const bool whole = *number >= 0 && *number < 0x1p53 && *number == std::floor(*number);
  return whole && !all_digits(text)
             ? "did you mean " + std::to_string(static_cast<std::uint64_t>(*number)) + "?"
             : "";
}

}  // namespace wisp::config
