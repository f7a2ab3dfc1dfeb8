#include "cli/logs.h"

#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "cli/collect.h"
#include "cli/exit.h"
#include "cli/job_text.h"
#include "cli/output.h"
#include "cli/status.h"
#include "launcher/jobs.h"
#include "launcher/log_files.h"
#include "launcher/log_format.h"
#include "launcher/log_reader.h"

namespace wisp::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kSilence{3};
constexpr std::size_t kBatch = 64u << 10;               // bytes that are printed together
constexpr std::chrono::milliseconds kAgentPatience{0};  // whoever wants the last word asks again
constexpr std::array<int, 10> kColors = {36, 33, 32, 35, 34, 96, 93, 92, 95, 94};

// The actors of which there is a log, or will be.
std::vector<std::string> known_actors(const launcher::JobEntry& job) {
  std::set<std::string> names;
  for (const launcher::ActorState& each : job.state.actors) names.insert(each.name);
  for (const std::string& each : launcher::list_log_actors(job.folder / "logs")) names.insert(each);
  return {names.begin(), names.end()};
}

void check_actors(const launcher::JobEntry& job, const LogsOptions& logs) {
  const std::vector<std::string> known = known_actors(job);
  if (logs.follow && job.driver && known.empty()) return;  // it has only just been started
  for (const std::string& wanted : logs.actors) {
    const bool there = std::any_of(known.begin(), known.end(), [&](const std::string& each) {
      return ::fnmatch(wanted.c_str(), each.c_str(), 0) == 0;
    });
    if (!there) throw Error(no_such_actor(job, wanted, known), Fault::kUsage);
  }
}

std::chrono::system_clock::time_point moment_of(const std::string& text,
                                                std::chrono::system_clock::time_point now) {
  if (const auto ago = parse_duration(text)) return now - *ago;
  if (const auto moment = parse_utc(text)) return *moment;
  throw Error(fmt::format("'{}' is neither a time ago such as 10m, nor a moment such as 2026-03-01T02:13:00Z",
                          escape_text(text, 80)),
              Fault::kUsage);
}

launcher::LogQuery query_of(const LogsOptions& logs) {
  const auto now = SystemClock().wall();
  launcher::LogQuery query;
  query.actors = logs.actors;
  query.last = logs.last;
  query.follow = logs.follow;
  query.attempt = logs.attempt;
  query.previous = logs.previous;
  query.host = logs.host;
  if (!logs.since.empty()) query.since = moment_of(logs.since, now);
  if (!logs.until.empty()) query.until = moment_of(logs.until, now);
  query.minimum = parse_level(logs.level).value_or(Level::kDebug);
  query.pattern = logs.grep;
  return query;
}

LogStyle style_of(const GlobalOptions& options, const LogsOptions& logs) {
  if (options.json) return LogStyle::kJson;
  if (!logs.prefix) return LogStyle::kBare;
  return use_color(options, STDOUT_FILENO) ? LogStyle::kColored : LogStyle::kStored;
}

}  // namespace

std::string log_text(const LogLine& line, LogStyle style) {
  LogLine safe = line;
  safe.text = escape_text(line.text, LogLine::kTextMax);
  if (style == LogStyle::kJson) return launcher::to_json(safe) + "\n";
  if (style == LogStyle::kBare) return safe.text + "\n";
  const std::string whole = format(safe);
  if (style == LogStyle::kStored) return whole + "\n";
  const std::size_t prefix = std::min(whole.size(), whole.find(" | "));
  return fmt::format("\x1b[{}m{}\x1b[0m{}\n", kColors[fnv1a32(line.actor) % kColors.size()],
                     whole.substr(0, prefix), whole.substr(prefix));
}

int logs_command(const GlobalOptions& options, const LogsOptions& logs) {
  end_on_interrupt();
  const launcher::LogQuery query = query_of(logs);
  const launcher::JobEntry job = launcher::find_job(state_dir(options), options.job);
  check_actors(job, logs);
  collect_missing_logs(options, job, kAgentPatience);
  const LogStyle style = style_of(options, logs);
  launcher::LogReader reader(job.folder, query);
  if (!job.driver && reader.actors().empty()) {
    const std::string reason = on_one_line(status_of(job).reason);
    talk(options, fmt::format("{} has no such log: {}{}", title(job), status_text(job),
                              reason.empty() ? "" : ": " + reason));
  }
  std::string batch;
  std::optional<steady_clock::time_point> quiet_until = steady_clock::now() + kSilence;
  const auto flush = [&] {
    if (!batch.empty()) quiet_until.reset();
    print(batch);
    batch.clear();
    if (quiet_until && steady_clock::now() >= *quiet_until) {
      quiet_until.reset();
      talk(options, fmt::format("waiting for the first line of {}: {}", title(job), status_text(job)));
    }
    return true;
  };
  reader.run(
      [&](const LogLine& line) {
        batch += log_text(line, style);
        if (batch.size() >= kBatch) flush();
      },
      flush);
  flush();
  return kExitDone;
}

}  // namespace wisp::cli
