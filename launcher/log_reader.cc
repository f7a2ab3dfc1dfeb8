#include "launcher/log_reader.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "launcher/jobs.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::system_clock::time_point;

constexpr auto kLookEvery = 100ms;
constexpr std::size_t kBlock = 64u << 10;

[[noreturn]] void fail(const std::filesystem::path& path) {
  throw Error(fmt::format("{}: {}", path.string(), std::strerror(errno)));
}

// One attempt's log, read from where we are to where it ends now.
class LogFile {
 public:
  LogFile(std::filesystem::path path, std::string actor, std::uint32_t attempt)
      : path_(std::move(path)), actor_(std::move(actor)), attempt_(attempt) {
    fd_.reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd_) fail(path_);
  }

  // The lines that were added and have their newline.
  void read(std::vector<LogLine>& into) {
    std::vector<char> block(kBlock);
    for (;;) {
      const ssize_t count = ::pread(fd_.get(), block.data(), block.size(), offset_);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail(path_);
      if (count == 0) return;
      offset_ += count;
      take(std::string_view(block.data(), static_cast<std::size_t>(count)), into);
    }
  }

  // Goes back from the end to before the last `lines` lines; returns how many there are, at most that many.
  std::size_t seek_last(std::size_t lines) {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) fail(path_);
    off_t position = status.st_size;
    std::size_t newlines = 0;
    while (position > 0) {
      const auto size = static_cast<std::size_t>(std::min<off_t>(position, static_cast<off_t>(kBlock)));
      std::string block(size, '\0');
      if (::pread(fd_.get(), block.data(), size, position - static_cast<off_t>(size)) !=
          static_cast<ssize_t>(size)) {
        fail(path_);
      }
      for (std::size_t i = size; i > 0; --i) {
        if (block[i - 1] == '\n' && newlines++ == lines) {
          offset_ = position - static_cast<off_t>(size - i);
          return lines;
        }
      }
      position -= static_cast<off_t>(size);
    }
    offset_ = 0;
    return newlines;
  }

  void skip_all() { seek_last(0); }

 private:
  void take(std::string_view text, std::vector<LogLine>& into) {
    for (const char c : text) {
      if (c != '\n') {
        partial_.push_back(c);
        continue;
      }
      into.push_back(line_of(partial_));
      partial_.clear();
    }
  }

  LogLine line_of(const std::string& text) {
    std::optional<LogLine> line = parse_log_line(text);
    if (!line) line = LogLine{last_, actor_, attempt_, "", std::nullopt, "raw", text};
    last_ = line->time;
    return *line;
  }

  const std::filesystem::path path_;
  const std::string actor_;
  const std::uint32_t attempt_;
  Descriptor fd_;
  off_t offset_ = 0;
  std::string partial_;
  Time last_;
};

std::optional<std::uint32_t> attempt_of(const std::filesystem::path& path) {
  const std::string stem = path.stem().string();
  std::uint32_t attempt = 0;
  const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), attempt);
  if (error != std::errc() || end != stem.data() + stem.size() || path.extension() != ".log")
    return std::nullopt;
  return attempt;
}

std::vector<std::filesystem::path> entries(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (const auto& each : std::filesystem::directory_iterator(folder, error)) found.push_back(each.path());
  return found;
}

}  // namespace

struct LogReader::Impl {
  using Files = std::map<std::pair<std::string, std::uint32_t>, std::unique_ptr<LogFile>>;

  bool wants(const std::string& actor) const {
    return query.actors.empty() ||
           std::any_of(query.actors.begin(), query.actors.end(), [&](const std::string& each) {
             return ::fnmatch(each.c_str(), actor.c_str(), 0) == 0;
           });
  }

  // Opens the files that are new.
  void look() {
    for (const auto& of_actor : entries(folder / "logs")) {
      const std::string actor = of_actor.filename().string();
      if (!wants(actor)) continue;
      for (const auto& path : entries(of_actor)) {
        const auto attempt = attempt_of(path);
        if (!attempt || files.contains({actor, *attempt})) continue;
        files[{actor, *attempt}] = std::make_unique<LogFile>(path, actor, *attempt);
      }
    }
  }

  // Leaves the last lines of each actor, which may be in several attempts.
  void skip_to_last(std::size_t lines) {
    std::map<std::string, std::size_t> left;
    for (auto each = files.rbegin(); each != files.rend(); ++each) {
      std::size_t& wanted = left.try_emplace(each->first.first, lines).first->second;
      if (wanted == 0) {
        each->second->skip_all();
      } else {
        wanted -= each->second->seek_last(wanted);
      }
    }
  }

  void load_offsets() {
    try {
      if (const auto state = read_state(folder)) offsets = state->clock_offsets;
    } catch (const Error&) {  // the lines are worth reading without it
    }
  }

  Time corrected(const LogLine& line) const {
    const auto found = offsets.find(line.host);
    return found == offsets.end() ? line.time : line.time - found->second;
  }

  // A file's lines keep their order even where its host's clock went back.
  void give_new_lines(const std::function<void(const LogLine&)>& sink) {
    load_offsets();
    std::vector<std::pair<Time, LogLine>> all;
    for (const auto& [key, file] : files) {
      std::vector<LogLine> lines;
      file->read(lines);
      Time latest;
      for (LogLine& line : lines) {
        latest = std::max(latest, corrected(line));
        all.emplace_back(latest, std::move(line));
      }
    }
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [time, line] : all) sink(line);
  }

  std::filesystem::path folder;
  LogQuery query;
  Files files;
  std::map<std::string, std::chrono::microseconds> offsets;
};

LogReader::LogReader(std::filesystem::path folder, LogQuery query) : impl_(std::make_unique<Impl>()) {
  impl_->folder = std::move(folder);
  impl_->query = std::move(query);
  impl_->look();
  if (impl_->query.last) impl_->skip_to_last(*impl_->query.last);
}

LogReader::~LogReader() = default;

void LogReader::run(const std::function<void(const LogLine&)>& sink,
                    const std::function<bool()>& keep_going) {
  while (keep_going()) {
    const bool last =
        !impl_->query.follow || !driver_of(impl_->folder);  // asked first: what it wrote is then read
    impl_->look();
    impl_->give_new_lines(sink);
    if (last) return;
    std::this_thread::sleep_for(kLookEvery);
  }
}

std::vector<std::string> LogReader::actors() const {
  std::set<std::string> names;
  for (const auto& [key, file] : impl_->files) names.insert(key.first);
  return {names.begin(), names.end()};
}

}  // namespace wisp::launcher
