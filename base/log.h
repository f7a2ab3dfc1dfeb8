#pragma once
// Log: what an actor has to say to people, and the two forms in which its lines travel and are stored.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wisp {

enum class Level { kDebug, kInfo, kWarn, kError };

const char* to_string(Level level);  // debug | info | warn | error
std::optional<Level> parse_level(std::string_view text);

// An actor has one. Never throws: a log that can't be written is no reason to stop.
class Log {
 public:
  explicit Log(Level minimum = Level::kInfo) : minimum_(minimum) {}
  virtual ~Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Takes the line whatever its level; the words below leave out what is under the minimum.
  virtual void write(Level level, std::string_view text) = 0;
  // Lines bear this round from now on, where the log can.
  virtual void set_round(std::uint64_t) {}

  bool takes(Level level) const { return level >= minimum_; }
  void debug(std::string_view text) { filtered(Level::kDebug, text); }
  void info(std::string_view text) { filtered(Level::kInfo, text); }
  void warn(std::string_view text) { filtered(Level::kWarn, text); }
  void error(std::string_view text) { filtered(Level::kError, text); }

 private:
  void filtered(Level level, std::string_view text) {
    if (takes(level)) write(level, text);
  }

  const Level minimum_;
};

// Drops everything.
class SilentLog : public Log {
 public:
  void write(Level, std::string_view) override {}
};

// A line of logs/<actor>/<attempt>.log:
//   2026-03-01T02:13:07.123Z worker-3#2@node2 r1840 warn | text
struct LogLine {
  static constexpr std::size_t kTextMax = 8192;  // bytes of the escaped text; what is over is cut

  std::chrono::system_clock::time_point time;  // the host's clock, UTC, milliseconds
  std::string actor;
  std::uint32_t attempt = 0;
  std::string host;
  std::optional<std::uint64_t> round;  // left out of the line where there is none
  std::string level;                   // a Level's word, or `out`, `err` for raw output
  std::string text;
};

// The line without a newline; the text goes through escape_text.
std::string format(const LogLine& line);
// The reverse, except that the text stays escaped. Nothing for any other text.
std::optional<LogLine> parse_log_line(std::string_view text);

// A line that a node writes to its stderr for its agent to read, told from raw output by the first byte:
//   \x1e<actor>\t<level>\t<round or ->\t<microseconds since 1970>\t<text>\n
struct NodeLine {
  std::string actor;
  Level level = Level::kInfo;
  std::optional<std::uint64_t> round;
  std::string text;
  std::chrono::system_clock::time_point time = {};  // when it was written, microseconds
};

constexpr char kNodeLineMark = '\x1e';

// With the newline, text escaped, 4096 bytes at most: a pipe takes that many in one piece.
std::string format_node_line(const NodeLine& line);
// With or without the newline; the text stays escaped. Nothing for any other text, so that the caller takes
// it as raw.
std::optional<NodeLine> parse_node_line(std::string_view text);

// Writes node lines to a file descriptor that it doesn't own, each by one write(2): many sinks of a process
// may share one descriptor. A line bears the time of its write, so that what follows from it elsewhere is
// later. What can't be written is dropped. `write` and `set_round` may be called from any thread.
class LineSink : public Log {
 public:
  LineSink(int fd, std::string actor, Level minimum = Level::kInfo);
  void write(Level level, std::string_view text) override;
  // Lines bear this round from now on.
  void set_round(std::uint64_t round) override { round_ = round; }

 private:
  static constexpr std::uint64_t kNoRound = ~std::uint64_t{0};

  const int fd_;
  const std::string actor_;
  std::atomic<std::uint64_t> round_{kNoRound};
};

}  // namespace wisp
