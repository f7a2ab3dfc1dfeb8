#include "launcher/strays.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "base/text.h"

namespace wisp::launcher {
namespace {

constexpr int kAncestorsMax = 4;  // a login shell or two may stand between sshd and agent
constexpr std::string_view kJobVariable = "WISP_JOB_ID=";

struct Seen {
  std::int64_t parent = 0;
  std::string name;                // as the kernel cuts it
  std::vector<std::string> words;  // of its command line
  bool ours = false;
  bool stopped = false;
};
using Table = std::map<std::int64_t, Seen>;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Nothing for a process that has ended.
std::optional<Seen> look_at(const std::filesystem::path& folder) {
  // "pid (name) state parent ...", where the name may hold anything.
  const std::string stat = text_of(folder / "stat");
  const std::size_t open = stat.find('(');
  const std::size_t close = stat.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  Seen seen;
  seen.name = stat.substr(open + 1, close - open - 1);
  char state = 'Z';
  std::istringstream(stat.substr(close + 1)) >> state >> seen.parent;
  if (state == 'Z' || state == 'X') return std::nullopt;
  seen.stopped = state == 'T';
  struct stat owner {};
  seen.ours = ::stat(folder.c_str(), &owner) == 0 && owner.st_uid == ::getuid();
  if (seen.ours) seen.words = split(text_of(folder / "cmdline"), '\0');
  return seen;
}

Table look_around(const std::filesystem::path& proc) {
  Table table;
  std::error_code error;
  for (const auto& each : std::filesystem::directory_iterator(proc, error)) {
    const std::int64_t pid = std::strtoll(each.path().filename().c_str(), nullptr, 10);
    if (pid <= 0) continue;
    if (auto seen = look_at(each.path())) table.emplace(pid, std::move(*seen));
  }
  return table;
}

bool is_wisp(const Seen& seen) {
  return !seen.words.empty() && std::filesystem::path(seen.words[0]).filename() == "wisp";
}

bool is_agent(const Seen& seen) {
  return seen.ours && is_wisp(seen) && seen.words.size() > 1 && seen.words[1] == "agent";
}

// Process 1 is nobody's driver: it takes whoever lost its parent.
bool has_driver(const Table& table, const Seen& agent) {
  std::int64_t above = agent.parent;
  for (int i = 0; i < kAncestorsMax && above > 1; ++i) {
    const auto found = table.find(above);
    if (found == table.end()) return false;
    if (is_wisp(found->second) || found->second.name.starts_with("sshd")) return true;
    above = found->second.parent;
  }
  return false;
}

std::string job_in(const std::filesystem::path& environment) {
  for (const std::string& each : split(text_of(environment), '\0')) {
    if (each.starts_with(kJobVariable)) return each.substr(kJobVariable.size());
  }
  return "";
}

// As its nodes are told, or as it was itself: agents of this machine are.
std::string job_of(const std::filesystem::path& proc, const Table& table, std::int64_t agent) {
  for (const auto& [pid, seen] : table) {
    if (seen.parent != agent || !seen.ours) continue;
    if (std::string job = job_in(proc / std::to_string(pid) / "environ"); !job.empty()) return job;
  }
  return job_in(proc / std::to_string(agent) / "environ");
}

}  // namespace

std::vector<StrayAgent> stray_agents(const std::filesystem::path& proc) {
  const Table table = look_around(proc);
  std::vector<StrayAgent> strays;
  for (const auto& [pid, seen] : table) {
    if (is_agent(seen) && !has_driver(table, seen))
      strays.push_back({pid, job_of(proc, table, pid), seen.stopped});
  }
  return strays;
}

}  // namespace wisp::launcher
