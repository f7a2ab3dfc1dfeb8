#pragma once
// LogReader: the stored lines of many actors as one stream in the order of time, also while they grow.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"

namespace wisp::launcher {

struct LogQuery {
  std::vector<std::string> actors = {};  // names or shell patterns (worker-*); empty: all
  std::optional<std::size_t> last = {};  // at most this many lines of each actor to begin with
  bool follow = false;
  std::optional<std::uint32_t> attempt = {};  // only this one of each actor
  bool previous = false;                      // only the one before the newest of each actor
  std::string host = {};                      // a name or a shell pattern; empty: all
  // From and before these moments, by the driver's clock.
  std::optional<std::chrono::system_clock::time_point> since = {};
  std::optional<std::chrono::system_clock::time_point> until = {};
  Level minimum = Level::kDebug;  // stdout and text that is no log line count as info, stderr as warn
  std::string pattern = {};       // an extended regular expression (POSIX) that is found in the text
};

// Reads the logs in <folder>/logs. Lines merge by the hosts' times corrected with the clock offsets in
// state.json, as far as milliseconds tell; lines of one log keep their order. When following, lines that
// arrive later than others stand behind them. Logs that appear later are followed too, and through their
// files that are put aside (launcher/log_series.h).
class LogReader {
 public:
  // Lets this process have as many open files as its hard limit says. Throws Error (kUsage) for a pattern
  // that is none.
  LogReader(std::filesystem::path folder, LogQuery query);
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  // Gives each line to `sink`; returns when all was read and, when following, the driver has ended or
  // query.until is past. When following, `keep_going` is asked at least every 0.1 s; false ends it. Throws
  // Error if a file can't be read.
  void run(const std::function<void(const LogLine&)>& sink, const std::function<bool()>& keep_going);

  // Names of the actors whose logs match the query so far.
  std::vector<std::string> actors() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wisp::launcher
