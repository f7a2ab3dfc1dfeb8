#include "cli/failure_report.h"

#include <deque>
#include <fstream>

#include <fmt/format.h>

#include "base/text.h"

namespace wisp::cli {

namespace {

constexpr std::size_t kLastLines = 20;

std::deque<std::string> last_lines(const std::filesystem::path& file) {
  std::deque<std::string> lines;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(escape_text(line, 4096));
    if (lines.size() > kLastLines) lines.pop_front();
  }
  return lines;
}

}  // namespace

std::string failure_report(const RootCause& root, std::uint64_t round, const std::string& job,
                           const launcher::JobFolder& folder) {
  const std::string job_id = job + "-" + folder.id();
  std::string text = fmt::format("error: job {} failed\n", job_id);
  if (root.actor.empty()) return text + "  cause: " + root.cause;
  text += fmt::format("  first to fail: {}#{}@{} in round {}\n", root.actor, root.attempt, root.host, round);
  text += fmt::format("  cause: {}\n", root.cause);
  const std::filesystem::path log = folder.log_path(root.actor, root.attempt);
  const auto lines = last_lines(log);
  if (lines.empty()) {
    text += fmt::format("  it wrote no line to {}\n", log.string());
  } else {
    text += fmt::format("  last lines of {}:\n", log.string());
    for (const std::string& line : lines) text += "    " + line + "\n";
  }
  return text + fmt::format("  next: wisp logs -j {} {}", job_id, root.actor);
}

}  // namespace wisp::cli
