#pragma once
// LogSeries: the lines of one attempt of an actor, file after file, also while they are written and put
// aside.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/process.h"
#include "launcher/log_files.h"

namespace wisp::launcher {

// Reads what LogFiles writes. Not thread-safe.
class LogSeries {
 public:
  // Reads from the oldest line that is there.
  LogSeries(std::filesystem::path folder_of_actor, std::string actor, std::uint32_t attempt);

  const std::string& actor() const { return actor_; }
  std::uint32_t attempt() const { return attempt_; }

  // Notices files that were put aside or begun since. Whoever looks often enough misses none: the newest
  // file is held open, and those that were put aside are found by their numbers.
  void look();
  // The next line that has its newline; nothing where there is none yet. Text that is no log line comes as it
  // is, at level "raw", with the time of the line before. Where files were removed before they were read, a
  // line at level "warn" says so. Throws Error if a file can't be read.
  std::optional<LogLine> next();

  // Before the first line: leaves out all but the last `count` lines, of those that `wanted` (null: all)
  // accepts; returns how many are left of them, at most `count`.
  std::size_t skip_to_last(std::size_t count, const std::function<bool(const LogLine&)>& wanted = nullptr);
  // Before the first line: leaves out what is before this place; a place within a line leaves out its rest.
  void skip_to(std::uint64_t number, std::uint64_t size);

 private:
  struct Part {
    std::uint64_t number = 0;
    Descriptor fd;  // of one that was put aside: opened when its turn has come
    off_t offset = 0;
    bool inside_line = false;
  };
  std::filesystem::path path_of(std::uint64_t number) const;
  bool open(Part& part) const;
  bool read_block(Part& part);
  std::optional<LogLine> take_line();
  LogLine line_of(std::string_view text, std::chrono::system_clock::time_point before) const;
  std::size_t seek_last(Part& part, std::size_t count) const;
  std::size_t seek_last_wanted(Part& part, std::size_t count,
                               const std::function<bool(const LogLine&)>& wanted) const;
  std::optional<LogLine> say_lost();

  const std::filesystem::path folder_;
  const std::string actor_;
  const std::uint32_t attempt_;
  std::deque<Part> parts_;  // by number; the last one may be the one being written
  bool last_is_current_ = false;
  bool looked_ = false;
  std::uint64_t known_ = 0;  // the highest number of those put aside that we have seen
  std::uint64_t lost_ = 0;   // files
  std::string text_;         // read and not yet given
  std::size_t used_ = 0;     // of it
  std::chrono::system_clock::time_point last_;
};

}  // namespace wisp::launcher
