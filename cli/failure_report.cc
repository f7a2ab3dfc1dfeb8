#include "cli/failure_report.h"

#include <fmt/format.h>

#include "base/text.h"
#include "launcher/log_reader.h"

namespace wisp::cli {

namespace {

constexpr std::size_t kLastLines = 20;

std::vector<std::string> last_lines(const RootCause& root, const launcher::JobFolder& folder) {
  launcher::LogQuery query;
  query.actors = {root.actor};
  query.attempt = root.attempt;
  query.last = kLastLines;
  std::vector<std::string> lines;
  launcher::LogReader(folder.path(), query)
      .run(
          [&](const LogLine& line) {
            lines.push_back(line.level == "raw" ? escape_text(line.text, 4096) : format(line));
          },
          [] { return true; });
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
  const std::vector<std::string> lines = last_lines(root, folder);
  if (lines.empty()) {
    text += fmt::format("  it wrote no line to {}\n", log.string());
  } else {
    text += fmt::format("  last lines of {}:\n", log.string());
    for (const std::string& line : lines) text += "    " + line + "\n";
  }
  return text + fmt::format("  next: wisp logs -j {} {}", job_id, root.actor);
}

}  // namespace wisp::cli
