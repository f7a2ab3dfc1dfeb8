#include "launcher/log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/error.h"
#include "base/text.h"
#include "launcher/log_format.h"

namespace wisp::launcher {
namespace {

constexpr std::size_t kOpenFilesMax = 128;

[[noreturn]] void fail(const std::filesystem::path& path) {
  throw Error(fmt::format("{}: {}", path.string(), std::strerror(errno)));
}

std::string actor_of(const LogLine& line) { return is_name(line.actor) ? line.actor : "unnamed"; }

template <class T>
std::optional<T> number_of(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Of the file that is being written.
std::uint64_t number_of_current(const std::filesystem::path& folder, std::uint32_t attempt) {
  std::uint64_t number = 1;
  for (const LogName& each : list_logs(folder)) {
    if (each.attempt == attempt) number = std::max(number, each.number + 1);
  }
  return number;
}

}  // namespace

void append_line(int fd, const std::filesystem::path& path, std::string_view line) {
  std::string text(line);
  text += '\n';
  std::string_view rest(text);
  while (!rest.empty()) {
    const ssize_t count = ::write(fd, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::filesystem::path LogFiles::path(const std::string& actor, std::uint32_t attempt) const {
  if (!is_name(actor)) throw Error(fmt::format("'{}' is no actor's name", escape_text(actor, 80)));
  return folder_ / actor / to_string(LogName{attempt, 0});
}

LogFiles::Open& LogFiles::opened(const std::filesystem::path& path, std::uint32_t attempt) {
  const auto found = open_.find(path);
  if (found != open_.end()) return found->second;
  if (open_.size() >= kOpenFilesMax) open_.clear();
  // An attempt has ended, mostly, when the next one writes.
  std::erase_if(open_, [&](const auto& each) { return each.first.parent_path() == path.parent_path(); });
  SystemDisk().make_folders(path.parent_path());
  Open open;
  open.fd.reset(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  struct stat status {};
  if (!open.fd || ::fstat(open.fd.get(), &status) != 0) fail(path);
  open.size = static_cast<std::uint64_t>(status.st_size);
  open.number = number_of_current(path.parent_path(), attempt);
  return open_.emplace(path, std::move(open)).first->second;
}

// Whoever reads the file goes on reading it under its new name, or through the descriptor that they have.
void LogFiles::put_aside(Open& open, const std::filesystem::path& path, std::uint32_t attempt) {
  const auto of_number = [&](std::uint64_t number) {
    return path.parent_path() / to_string(LogName{attempt, number});
  };
  if (::rename(path.c_str(), of_number(open.number).c_str()) != 0) fail(path);
  const std::uint64_t aside_max = spec_.rotate_files - 1;
  if (open.number > aside_max) ::unlink(of_number(open.number - aside_max).c_str());
}

void LogFiles::append(const LogLine& line) {
  const std::filesystem::path file = path(actor_of(line), line.attempt);
  const std::string text = spec_.format == "json" ? to_json(line) : format(line);
  Open* open = &opened(file, line.attempt);
  if (open->size > 0 && open->size + text.size() + 1 > spec_.rotate_size) {
    put_aside(*open, file, line.attempt);
    open_.erase(file);
    open = &opened(file, line.attempt);
  }
  append_line(open->fd.get(), file, text);
  open->size += text.size() + 1;
}

std::vector<LogPosition> LogFiles::positions() const {
  std::vector<LogPosition> positions;
  for (const std::string& actor : list_log_actors(folder_)) {
    std::map<std::uint32_t, LogPosition> of_attempt;
    for (const LogName& each : list_logs(folder_ / actor)) {
      LogPosition& position =
          of_attempt.try_emplace(each.attempt, LogPosition{actor, each.attempt}).first->second;
      std::error_code error;
      const auto size = std::filesystem::file_size(folder_ / actor / to_string(each), error);
      if (each.number == 0) position.size = error ? 0 : size;
      position.number = std::max(position.number, each.number + 1);
    }
    for (auto& [attempt, position] : of_attempt) positions.push_back(std::move(position));
  }
  return positions;
}

std::optional<LogName> parse_log_name(const std::string& name) {
  const std::vector<std::string> words = split(name, '.');
  if (words.size() < 2 || words.size() > 3 || words.back() != "log") return std::nullopt;
  const auto attempt = number_of<std::uint32_t>(words[0]);
  const auto number = words.size() == 3 ? number_of<std::uint64_t>(words[1]) : 0;
  if (!attempt || !number || (words.size() == 3 && *number == 0)) return std::nullopt;
  return LogName{*attempt, *number};
}

std::string to_string(const LogName& name) {
  return name.number == 0 ? fmt::format("{}.log", name.attempt)
                          : fmt::format("{}.{}.log", name.attempt, name.number);
}

std::vector<LogName> list_logs(const std::filesystem::path& folder_of_actor) {
  std::vector<LogName> names;
  std::error_code error;
  for (const auto& each : std::filesystem::directory_iterator(folder_of_actor, error)) {
    if (const auto name = parse_log_name(each.path().filename().string())) names.push_back(*name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> list_log_actors(const std::filesystem::path& folder) {
  std::vector<std::string> actors;
  std::error_code error;
  for (const auto& each : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = each.path().filename().string();
    if (is_name(name) && each.is_directory(error)) actors.push_back(name);
  }
  std::sort(actors.begin(), actors.end());
  return actors;
}

}  // namespace wisp::launcher
