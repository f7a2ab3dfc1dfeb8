#include "cli/collect.h"

#include <mutex>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/experiment.h"
#include "cli/job_text.h"
#include "cli/output.h"
#include "launcher/log_collector.h"

namespace wisp::cli {
namespace {

constexpr std::size_t kFailureMax = 400;

launcher::LauncherSpec launcher_of(const launcher::JobEntry& job) {
  Inventory inventory;
  return load_experiment(GlobalOptions(), {(job.folder / "job.yaml").string()}, inventory).launcher;
}

// Of several lines, each safe for a terminal.
std::string lines_of(const std::string& text) {
  std::vector<std::string> lines = split(text, '\n');
  for (std::string& each : lines) each = escape_text(each, kFailureMax);
  return join(lines, "\n");
}

// Whether that host has nothing more to tell.
bool report(const GlobalOptions& options, const launcher::JobEntry& job, const launcher::Collected& what) {
  if (!what.failure.empty()) {
    warn(fmt::format("wisp: the last lines of {} were not collected: {}\n    wisp logs -j {} tries again",
                     what.host, lines_of(what.failure), title(job)));
  } else if (what.writer != 0) {
    warn(fmt::format(
        "wisp: process {} on {}, an agent of the job, has not ended; wisp down -j {} waits for it",
        what.writer, what.host, title(job)));
  } else if (what.lines > 0) {
    talk(options, fmt::format("{} lines that {} had kept were collected", what.lines, what.host));
  }
  return what.failure.empty() && what.writer == 0;
}

}  // namespace

bool collect_missing_logs(const GlobalOptions& options, const launcher::JobEntry& job,
                          std::chrono::milliseconds patience) {
  const std::vector<std::string> hosts = launcher::hosts_to_collect(job);
  if (hosts.empty()) return true;
  try {
    const launcher::LauncherSpec spec = launcher_of(job);
    if (spec.kind == "local") return true;
    std::mutex mutex;
    launcher::FleetOptions fleet;
    fleet.progress = [&](const std::string& text) {
      const std::lock_guard lock(mutex);
      talk(options, text);
    };
    bool complete = true;
    for (const launcher::Collected& each : launcher::collect_logs(job, spec, fleet, hosts, patience)) {
      complete = report(options, job, each) && complete;
    }
    return complete;
  } catch (const Error& error) {  // what is here is worth showing all the same
    warn(std::string("wisp: the last lines of ") + join(hosts, ", ") +
         " were not collected: " + error.what());
    return false;
  }
}

}  // namespace wisp::cli
