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
  std::vector<std::string> actors;  // names or shell patterns (worker-*); empty: all
  std::optional<std::size_t> last;  // at most this many lines of each actor to begin with
  bool follow = false;
};

// Reads <folder>/logs/<actor>/<attempt>.log. Lines merge by the hosts' times corrected with the clock offsets
// in state.json; lines of one file keep their order. Files that appear later are followed too.
class LogReader {
 public:
  LogReader(std::filesystem::path folder, LogQuery query);
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  // Gives each line to `sink`; returns when all was read and, when following, the driver has ended.
  // `keep_going` is asked at least every 0.1 s; false ends it. Text that is no log line comes as it is, at
  // level "raw", with the time of the line before. Throws Error if a file can't be read.
  void run(const std::function<void(const LogLine&)>& sink, const std::function<bool()>& keep_going);

  // Names of the actors that match the query so far.
  std::vector<std::string> actors() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wisp::launcher
