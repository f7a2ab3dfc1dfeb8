#pragma once
// LogCopies: what a host keeps of its actors' logs until the driver has them.
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/process.h"
#include "launcher/log_files.h"
#include "launcher/log_series.h"
#include "launcher/messages.h"

namespace wisp::launcher {

// The agent's copy of every line it sends: <workdir>/logs/<job>/<host>/<actor>/..., the same files that the
// driver makes in the job folder, as far as it gets. Its lock is held as long as this object lives. When the
// driver has everything, the copy is removed; when it or the way to it is gone, the copy waits to be asked
// for. Not thread-safe.
class LogCopies {
 public:
  // Throws Error: names that are none, a folder that can't be made.
  LogCopies(const std::filesystem::path& workdir, const message::KeepLogs& keep);
  ~LogCopies();  // an empty one is removed
  LogCopies(const LogCopies&) = delete;
  LogCopies& operator=(const LogCopies&) = delete;

  // Throws Error: a full disk, mostly.
  void append(const LogLine& line) { files_.append(line); }
  const std::string& host() const { return host_; }

 private:
  const std::string host_;
  const std::filesystem::path folder_;
  const Descriptor lock_;
  LogFiles files_;
};

// What is in a copy beyond what the asker has, line by line.
class LogReplay {
 public:
  // A copy that is not there holds nothing. Throws Error for names that are none.
  LogReplay(const std::filesystem::path& workdir, const message::SendLogs& ask);

  std::optional<LogLine> next();
  std::uint64_t lines() const { return lines_; }
  // The agent that still writes it; 0: none does.
  std::int64_t writer() const { return writer_; }

 private:
  std::deque<LogSeries> logs_;
  std::size_t current_ = 0;
  std::uint64_t lines_ = 0;
  std::int64_t writer_ = 0;
};

// What an agent does with logs beside sending them: keeps a copy, and sends what is left of earlier ones.
class HostLogs {
 public:
  // Old copies of other jobs are removed. `workdir` is absolute.
  explicit HostLogs(std::filesystem::path workdir);

  // From now on what is add()ed is copied. That it can't be is told by the next add().
  void keep(const message::KeepLogs& what);
  // Whether a copy was asked for and its lines have not all arrived.
  bool kept() const { return kept_; }
  // The line goes into the copy, if there is one. A copy that can't be written ends; then a line that says
  // so.
  std::optional<message::Line> add(const message::Line& line);

  // Throw Error for names that are none.
  void replay(const message::SendLogs& what);
  void forget(const message::ForgetLogs& what);
  // What is to be sent next of what was asked for; nothing where all was.
  std::optional<std::variant<message::Line, message::LogsSent>> next_replayed();

 private:
  const std::filesystem::path workdir_;
  bool kept_ = false;
  std::optional<LogCopies> copies_;
  std::string failure_;  // why there is none, until it was told
  std::deque<LogReplay> replays_;
};

// Removes a copy that nobody writes; that there is none is fine. Throws Error for names that are none.
void forget_logs(const std::filesystem::path& workdir, const message::ForgetLogs& what);
// Those that nobody has written for so long.
void forget_old_logs(const std::filesystem::path& workdir, std::chrono::hours age);

}  // namespace wisp::launcher
