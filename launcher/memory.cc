#include "launcher/memory.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace wisp::launcher {
namespace {

constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60;  // the first version of groups says so by 2^63

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) lines.push_back(std::move(line));
  return lines;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// The number behind a word at the begin of a line.
std::optional<std::uint64_t> counter(const std::filesystem::path& file, std::string_view word) {
  for (const std::string& line : lines_of(file)) {
    if (line.starts_with(word) && line.size() > word.size() && line[word.size()] == ' ')
      return number(std::string_view(line).substr(word.size() + 1));
  }
  return std::nullopt;
}

bool holds(const std::string& list, const std::string& word) {
  const std::vector<std::string> words = split(list, ',');
  return std::find(words.begin(), words.end(), word) != words.end();
}

// One mounted hierarchy of groups, of /proc/self/mountinfo.
struct Mount {
  std::string root;   // which group of the hierarchy its top is
  std::string point;  // where that is seen
};

std::optional<Mount> find_mount(const std::filesystem::path& root, bool v1) {
  for (const std::string& line : lines_of(root / "proc/self/mountinfo")) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    const std::vector<std::string> where = split(line.substr(0, dash), ' ');
    const std::vector<std::string> what = split(line.substr(dash + 3), ' ');
    if (where.size() < 5 || what.size() < 3) continue;
    const bool fits = v1 ? what[0] == "cgroup" && holds(what[2], "memory") : what[0] == "cgroup2";
    if (fits) return Mount{where[3], where[4]};
  }
  return std::nullopt;
}

// The group of this process in the hierarchy that has the memory controller, or in the one without names.
std::optional<std::string> own_group(const std::filesystem::path& root, bool v1) {
  for (const std::string& line : lines_of(root / "proc/self/cgroup")) {
    const std::vector<std::string> parts = split(line, ':');
    if (parts.size() < 3) continue;
    if (v1 ? holds(parts[1], "memory") : parts[0] == "0" && parts[1].empty())
      return line.substr(parts[0].size() + parts[1].size() + 2);
  }
  return std::nullopt;
}

std::string_view below(std::string_view group, std::string_view top) {
  if (top != "/" && group.starts_with(top)) group.remove_prefix(top.size());
  while (group.starts_with('/')) group.remove_prefix(1);
  return group;
}

std::string in_units(std::uint64_t bytes) {
  constexpr std::uint64_t kMebi = std::uint64_t{1} << 20;
  return format_size(bytes < kMebi ? bytes : bytes / kMebi * kMebi);
}

}  // namespace

MemoryWatch::MemoryWatch(std::filesystem::path root) : root_(std::move(root)) { find_group(); }

void MemoryWatch::find_group() {
  for (const bool v1 : {true, false}) {
    const auto group = own_group(root_, v1);
    const auto mount = find_mount(root_, v1);
    if (!group || !mount) continue;
    mount_ = root_ / mount->point.substr(1);
    group_ = mount_ / below(*group, mount->root);
    is_v1_ = v1;
    std::error_code ignored;
    if (!std::filesystem::is_directory(group_, ignored)) group_ = mount_;  // seen from inside a container
    return;
  }
}

std::optional<std::uint64_t> MemoryWatch::kills() const {
  std::optional<std::uint64_t> count;
  if (!mount_.empty())
    count = counter(group_ / (is_v1_ ? "memory.oom_control" : "memory.events"), "oom_kill");
  return count ? count : counter(root_ / "proc/vmstat", "oom_kill");
}

std::string MemoryWatch::limit() const {
  std::uint64_t least = kNoLimit;
  for (std::filesystem::path at = group_; !mount_.empty(); at = at.parent_path()) {
    for (const std::string& line : lines_of(at / (is_v1_ ? "memory.limit_in_bytes" : "memory.max"))) {
      if (const auto bytes = number(line)) least = std::min(least, *bytes);
    }
    if (at == mount_ || at == at.parent_path()) break;
  }
  if (least < kNoLimit) return "the limit of its control group is " + in_units(least);
  const auto pages = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 0L));
  return "the host has " + in_units(pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
}

std::string exhausted(const MemoryWatch& watch, const LastDays& known, const Ended& ended) {
  if (ended.signal == SIGKILL)
    return !known.killed_by_us && watch.kills() > known.kills_before ? watch.limit() : "";
  if ((ended.status == 0 && ended.signal == 0) || !says_out_of_memory(known.last_error)) return "";
  return known.memory_max > 0 ? "its own limit is " + format_size(known.memory_max) : watch.limit();
}

bool says_out_of_memory(std::string_view line) {
  std::string lower(line.substr(0, 1000));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower.find("out of memory") != std::string::npos || lower.find("bad_alloc") != std::string::npos ||
         lower.find("cannot allocate memory") != std::string::npos;
}

}  // namespace wisp::launcher
