#include "launcher/log_series.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "launcher/log_format.h"

namespace wisp::launcher {
namespace {

using Time = std::chrono::system_clock::time_point;

constexpr std::size_t kBlock = 64u << 10;
constexpr std::size_t kTextMax = 256u << 10;  // of what has no newline, and so is no log

[[noreturn]] void fail(const std::filesystem::path& path) {
  throw Error(fmt::format("{}: {}", path.string(), std::strerror(errno)));
}

Descriptor open_to_read(const std::filesystem::path& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd && errno != ENOENT) fail(path);
  return fd;
}

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

bool is_same(const Descriptor& one, const Descriptor& other) {
  struct stat a {};
  struct stat b {};
  return ::fstat(one.get(), &a) == 0 && ::fstat(other.get(), &b) == 0 && is_same(a, b);
}

bool is_called(const Descriptor& fd, const std::filesystem::path& path) {
  struct stat a {};
  struct stat b {};
  return ::fstat(fd.get(), &a) == 0 && ::lstat(path.c_str(), &b) == 0 && is_same(a, b);
}

// At most kBlock bytes; none at the end.
std::string read_at(int fd, off_t offset, const std::filesystem::path& path) {
  std::string block(kBlock, '\0');
  ssize_t count = -1;
  do {
    count = ::pread(fd, block.data(), block.size(), offset);
  } while (count < 0 && errno == EINTR);
  if (count < 0) fail(path);
  block.resize(static_cast<std::size_t>(count));
  return block;
}

off_t size_of(int fd, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) fail(path);
  return status.st_size;
}

}  // namespace

LogSeries::LogSeries(std::filesystem::path folder_of_actor, std::string actor, std::uint32_t attempt)
    : folder_(std::move(folder_of_actor)), actor_(std::move(actor)), attempt_(attempt) {
  look();
}

std::filesystem::path LogSeries::path_of(std::uint64_t number) const {
  return folder_ / to_string(LogName{attempt_, number});
}

void LogSeries::look() {
  Descriptor now = open_to_read(path_of(0));  // null: it is just being put aside
  if (last_is_current_ && now && is_same(parts_.back().fd, now)) return;
  // What is older than the file just opened has its number by now.
  for (const LogName& each : list_logs(folder_)) {
    if (each.attempt != attempt_ || each.number <= known_) continue;
    if (!std::exchange(looked_, true))
      known_ = each.number - 1;                    // what was gone before we came is not missed
    if (std::exchange(last_is_current_, false)) {  // the one that we hold is the next of them
      if (++known_ == each.number) continue;
    }
    lost_ += each.number - known_ - 1;
    known_ = each.number;
    parts_.push_back(Part{each.number, {}, 0, false});
    if (now && is_called(now, path_of(each.number))) parts_.back().fd = std::move(now);
  }
  looked_ = true;
  if (!now || last_is_current_) return;
  parts_.push_back(Part{known_ + 1, std::move(now), 0, false});
  last_is_current_ = true;
}

bool LogSeries::open(Part& part) const {
  if (!part.fd) part.fd = open_to_read(path_of(part.number));
  return static_cast<bool>(part.fd);
}

bool LogSeries::read_block(Part& part) {
  const std::string block = read_at(part.fd.get(), part.offset, path_of(part.number));
  part.offset += static_cast<off_t>(block.size());
  std::string_view rest = block;
  if (part.inside_line) {
    const std::size_t newline = rest.find('\n');
    part.inside_line = newline == std::string_view::npos;
    rest.remove_prefix(part.inside_line ? rest.size() : newline + 1);
  }
  text_.erase(0, std::exchange(used_, 0));
  text_ += rest;
  return !block.empty();
}

std::optional<LogLine> LogSeries::take_line() {
  const std::string_view rest = std::string_view(text_).substr(used_);
  const std::size_t newline = rest.find('\n');
  if (newline == std::string_view::npos && rest.size() < kTextMax) return std::nullopt;
  const std::string_view text = rest.substr(0, newline);
  used_ += std::min(text.size() + 1, rest.size());
  LogLine line = line_of(text, last_);
  last_ = line.time;
  return line;
}

LogLine LogSeries::line_of(std::string_view text, Time before) const {
  if (auto line = parse_stored(text)) return *line;
  return LogLine{before, actor_, attempt_, "", std::nullopt, "raw", std::string(text)};
}

std::optional<LogLine> LogSeries::say_lost() {
  const std::string text =
      fmt::format("{} file{} of this log were removed before they could be read (logs.rotate)", lost_,
                  lost_ == 1 ? "" : "s");
  lost_ = 0;
  return LogLine{last_, actor_, attempt_, "", std::nullopt, "warn", text};
}

std::optional<LogLine> LogSeries::next() {
  for (;;) {
    if (lost_ > 0) return say_lost();
    if (auto line = take_line()) return line;
    if (parts_.empty()) return std::nullopt;
    Part& part = parts_.front();
    const bool there = open(part);
    if (there && read_block(part)) continue;
    if (there && last_is_current_ && parts_.size() == 1) return std::nullopt;
    if (!there) ++lost_;
    text_.clear();  // the begin of a line that could not be written whole
    used_ = 0;
    parts_.pop_front();
  }
}

std::size_t LogSeries::skip_to_last(std::size_t count, const std::function<bool(const LogLine&)>& wanted) {
  std::size_t left = count;
  std::size_t first = parts_.size();
  while (first > 0 && (left > 0 || first == parts_.size())) {
    Part& part = parts_[--first];
    if (open(part)) left -= wanted ? seek_last_wanted(part, left, wanted) : seek_last(part, left);
  }
  parts_.erase(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(first));
  return count - left;
}

// Backwards from the end.
std::size_t LogSeries::seek_last(Part& part, std::size_t count) const {
  const std::filesystem::path path = path_of(part.number);
  off_t position = size_of(part.fd.get(), path);
  std::size_t newlines = 0;
  while (position > 0) {
    const off_t begin = std::max<off_t>(0, position - static_cast<off_t>(kBlock));
    const std::string block = read_at(part.fd.get(), begin, path);
    for (auto i = static_cast<std::size_t>(position - begin); i > 0; --i) {
      if (block.at(i - 1) != '\n' || newlines++ != count) continue;
      part.offset = begin + static_cast<off_t>(i);
      return count;
    }
    position = begin;
  }
  part.offset = 0;
  return newlines;
}

std::size_t LogSeries::seek_last_wanted(Part& part, std::size_t count,
                                        const std::function<bool(const LogLine&)>& wanted) const {
  const std::filesystem::path path = path_of(part.number);
  std::deque<off_t> begins;
  std::string text;
  off_t begin = 0;  // of `text`
  Time before;
  for (;;) {
    const std::string block = read_at(part.fd.get(), begin + static_cast<off_t>(text.size()), path);
    if (block.empty()) break;
    text += block;
    std::size_t used = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', used)) {
      const LogLine line = line_of(std::string_view(text).substr(used, end - used), before);
      before = line.time;
      if (wanted(line)) begins.push_back(begin + static_cast<off_t>(used));
      if (begins.size() > count) begins.pop_front();
      used = end + 1;
    }
    text.erase(0, used);
    begin += static_cast<off_t>(used);
  }
  part.offset = begins.empty() ? begin : begins.front();
  return begins.size();
}

void LogSeries::skip_to(std::uint64_t number, std::uint64_t size) {
  if (!parts_.empty() && parts_.front().number > number) lost_ += parts_.front().number - number;
  while (!parts_.empty() && parts_.front().number < number) parts_.pop_front();
  if (parts_.empty() || parts_.front().number != number || size == 0) return;
  Part& part = parts_.front();
  part.offset = static_cast<off_t>(size);
  if (!open(part)) return;
  const std::string before = read_at(part.fd.get(), part.offset - 1, path_of(number));
  part.inside_line = !before.empty() && before.front() != '\n';
}

}  // namespace wisp::launcher
