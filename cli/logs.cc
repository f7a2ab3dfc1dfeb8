#include "cli/logs.h"

#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/job_text.h"
#include "cli/output.h"
#include "launcher/jobs.h"
#include "launcher/log_reader.h"

namespace wisp::cli {
namespace {

constexpr std::size_t kBatch = 64u << 10;  // bytes that are printed together
constexpr std::array<int, 10> kColors = {36, 33, 32, 35, 34, 96, 93, 92, 95, 94};

std::string json_of(const LogLine& line) {
  nlohmann::ordered_json json = {
      {"time", format_utc(line.time)}, {"actor", line.actor}, {"attempt", line.attempt}, {"host", line.host}};
  json["round"] = line.round ? nlohmann::ordered_json(*line.round) : nullptr;
  json["level"] = line.level;
  json["text"] = line.text;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

// The actors of which there is a log, or will be.
std::vector<std::string> known_actors(const launcher::JobEntry& job) {
  std::set<std::string> names;
  for (const launcher::ActorState& each : job.state.actors) names.insert(each.name);
  std::error_code error;
  for (const auto& each : std::filesystem::directory_iterator(job.folder / "logs", error)) {
    names.insert(each.path().filename().string());
  }
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

LogStyle style_of(const GlobalOptions& options, const LogsOptions& logs) {
  if (options.json) return LogStyle::kJson;
  if (!logs.prefix) return LogStyle::kBare;
  return use_color(options, STDOUT_FILENO) ? LogStyle::kColored : LogStyle::kStored;
}

}  // namespace

std::string log_text(const LogLine& line, LogStyle style) {
  LogLine safe = line;
  safe.text = escape_text(line.text, LogLine::kTextMax);
  if (style == LogStyle::kJson) return json_of(safe);
  if (style == LogStyle::kBare) return safe.text + "\n";
  const std::string whole = format(safe);
  if (style == LogStyle::kStored) return whole + "\n";
  const std::size_t prefix = std::min(whole.size(), whole.find(" | "));
  return fmt::format("\x1b[{}m{}\x1b[0m{}\n", kColors[fnv1a32(line.actor) % kColors.size()],
                     whole.substr(0, prefix), whole.substr(prefix));
}

int logs_command(const GlobalOptions& options, const LogsOptions& logs) {
  end_on_interrupt();
  const launcher::JobEntry job = launcher::find_job(state_dir(options), options.job);
  check_actors(job, logs);
  const LogStyle style = style_of(options, logs);
  launcher::LogReader reader(job.folder, {.actors = logs.actors, .last = logs.last, .follow = logs.follow});
  std::string batch;
  const auto flush = [&batch] {
    print(batch);
    batch.clear();
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
