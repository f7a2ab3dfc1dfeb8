#pragma once
// LogFiles: one log an actor and attempt, in files that are put aside when they are full.
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/process.h"
#include "launcher/spec.h"

namespace wisp::launcher {

// How far a log goes: its file of that number, and the bytes in it. The first file of an attempt is number 1.
struct LogPosition {
  std::string actor;
  std::uint32_t attempt = 1;
  std::uint64_t number = 1;
  std::uint64_t size = 0;
  template <class F>
  void fields(F& f) {
    f(actor, attempt, number, size);
  }
};

// <folder>/<actor>/<attempt>.log is the file being written. A line that would make it larger than
// rotate_size puts it aside as <attempt>.<number>.log, counted from 1, and begins the next one; of all files
// the newest rotate_files stay. So two writers that are given the same lines make the same files. Folders
// have mode 0700, files 0600. Not thread-safe.
class LogFiles {
 public:
  // The folder is made with the first line.
  LogFiles(std::filesystem::path folder, LogSpec spec) : folder_(std::move(folder)), spec_(std::move(spec)) {}

  // Throws Error that names the file. A line whose actor is no name goes to "unnamed".
  void append(const LogLine& line);
  // Where the newest lines of an attempt are. Throws Error for an actor that is none.
  std::filesystem::path path(const std::string& actor, std::uint32_t attempt) const;
  // The end of every log in the folder.
  std::vector<LogPosition> positions() const;

 private:
  struct Open {
    Descriptor fd;
    std::uint64_t size = 0;
    std::uint64_t number = 1;
  };
  Open& opened(const std::filesystem::path& path, std::uint32_t attempt);
  void put_aside(Open& open, const std::filesystem::path& path, std::uint32_t attempt);

  const std::filesystem::path folder_;
  const LogSpec spec_;
  std::map<std::filesystem::path, Open> open_;
};

// A file of a log by its name: "2.log", or "2.7.log" of one that was put aside.
struct LogName {
  std::uint32_t attempt = 1;
  std::uint64_t number = 0;  // 0: the one being written
  friend auto operator<=>(const LogName&, const LogName&) = default;
};
std::optional<LogName> parse_log_name(const std::string& name);
std::string to_string(const LogName& name);

// What is in the folder of an actor, by attempt and number. A folder that is not there holds nothing.
std::vector<LogName> list_logs(const std::filesystem::path& folder_of_actor);
// The actors that have a folder.
std::vector<std::string> list_log_actors(const std::filesystem::path& folder);

// The whole line with its newline at the end of a file. Throws Error that names it: a full disk, mostly.
void append_line(int fd, const std::filesystem::path& path, std::string_view line);

}  // namespace wisp::launcher
