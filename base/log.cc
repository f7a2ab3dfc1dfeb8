#include "base/log.h"

#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/process.h"
#include "base/text.h"

namespace wisp {

namespace {

constexpr std::array<std::pair<Level, const char*>, 4> kLevels = {
    {{Level::kDebug, "debug"}, {Level::kInfo, "info"}, {Level::kWarn, "warn"}, {Level::kError, "error"}}};

// Linux's PIPE_BUF.
constexpr std::size_t kNodeLineMax = 4096;

// 2242: a time_point has room for some years more.
constexpr std::int64_t kMicrosecondsMax = 8'600'000'000'000'000;

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// What is before `separator`, which is taken off with it.
std::optional<std::string_view> take_until(std::string_view& text, std::string_view separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(at + separator.size());
  return front;
}

// "worker-3#2@node2"
bool parse_origin(std::string_view origin, LogLine& line) {
  const auto actor = take_until(origin, "#");
  const auto attempt = take_until(origin, "@");
  if (!actor || !attempt || actor->empty() || origin.empty()) return false;
  const auto number = parse_number<std::uint32_t>(*attempt);
  if (!number) return false;
  line.actor = *actor;
  line.attempt = *number;
  line.host = origin;
  return true;
}

// "r1840 warn" or "warn"
bool parse_round_and_level(std::string_view words, LogLine& line) {
  if (const auto round = take_until(words, " ")) {
    if (!round->starts_with('r')) return false;
    line.round = parse_number<std::uint64_t>(round->substr(1));
    if (!line.round) return false;
  }
  line.level = words;
  return parse_level(words).has_value() || words == "out" || words == "err";
}

}  // namespace

const char* to_string(Level level) { return kLevels[static_cast<std::size_t>(level)].second; }

std::optional<Level> parse_level(std::string_view text) {
  for (const auto& [level, word] : kLevels) {
    if (text == word) return level;
  }
  return std::nullopt;
}

std::string format(const LogLine& line) {
  const std::string round = line.round ? fmt::format("r{} ", *line.round) : std::string();
  return fmt::format("{} {}#{}@{} {}{} | {}", format_utc(line.time), line.actor, line.attempt, line.host,
                     round, line.level, escape_text(line.text, LogLine::kTextMax));
}

std::optional<LogLine> parse_log_line(std::string_view text) {
  LogLine line;
  const auto time = take_until(text, " ");
  const auto origin = take_until(text, " ");
  const auto words = take_until(text, " | ");
  if (!time || !origin || !words) return std::nullopt;
  const auto moment = parse_utc(*time);
  if (!moment || !parse_origin(*origin, line) || !parse_round_and_level(*words, line)) return std::nullopt;
  line.time = *moment;
  line.text = text;
  return line;
}

std::string format_node_line(const NodeLine& line) {
  const std::string round = line.round ? std::to_string(*line.round) : "-";
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(line.time.time_since_epoch());
  std::string text = fmt::format("{}{}\t{}\t{}\t{}\t", kNodeLineMark, line.actor, to_string(line.level),
                                 round, time.count());
  text += escape_text(line.text, kNodeLineMax - 1 - text.size());
  text += '\n';
  return text;
}

std::optional<NodeLine> parse_node_line(std::string_view text) {
  if (!text.starts_with(kNodeLineMark)) return std::nullopt;
  text.remove_prefix(1);
  if (text.ends_with('\n')) text.remove_suffix(1);
  const auto actor = take_until(text, "\t");
  const auto word = take_until(text, "\t");
  const auto round = take_until(text, "\t");
  const auto time = take_until(text, "\t");
  if (!actor || !word || !round || !time || !is_name(*actor)) return std::nullopt;
  const auto level = parse_level(*word);
  const auto number = parse_number<std::uint64_t>(*round);
  const auto moment = parse_number<std::int64_t>(*time);
  if (!level || (!number && *round != "-") || !moment || *moment < 0 || *moment > kMicrosecondsMax)
    return std::nullopt;
  return NodeLine{std::string(*actor), *level, number, escape_text(text, LogLine::kTextMax),
                  std::chrono::system_clock::time_point(std::chrono::microseconds(*moment))};
}

LineSink::LineSink(int fd, std::string actor, Level minimum)
    : Log(minimum), fd_(fd), actor_(std::move(actor)) {
  if (!is_name(actor_)) throw Error("'" + escape_text(actor_, 80) + "' is no name for an actor");
}

void LineSink::write(Level level, std::string_view text) {
  const std::uint64_t round = round_;
  NodeLine line{actor_, level, std::nullopt, std::string(text), SystemClock().wall()};
  if (round != kNoRound) line.round = round;
  try {
    static_cast<void>(write_all(fd_, format_node_line(line)));
  } catch (const Error&) {
    // There is nobody to tell.
  }
}

}  // namespace wisp
