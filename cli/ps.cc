#include "cli/ps.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/job_text.h"
#include "cli/output.h"
#include "cli/watch.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;
using Time = std::chrono::system_clock::time_point;

constexpr std::size_t kCellMax = 200;

std::string uptime_of(const launcher::ActorState& actor, Time now) {
  const bool alive = actor.is_alive();
  return alive ? uptime_text(std::chrono::duration_cast<std::chrono::seconds>(now - actor.started)) : "-";
}

Json to_json(const launcher::ActorState& actor) {
  return {{"name", actor.name},   {"class", actor.class_name},
          {"host", actor.host},   {"pid", actor.pid},
          {"state", actor.state}, {"attempt", actor.attempt},
          {"cause", actor.cause}, {"started", format_utc(actor.started)}};
}

Json to_json(const launcher::JobEntry& job) {
  Json driver = nullptr;
  if (job.driver) {
    driver = {{"hostname", job.driver->hostname}, {"pid", job.driver->pid}, {"here", job.driver->here}};
  }
  Json actors = Json::array();
  for (const launcher::ActorState& each : job.state.actors) actors.push_back(to_json(each));
  return {{"job", job.state.job},       {"id", job.state.id},
          {"status", job.state.status}, {"started", format_utc(job.state.started)},
          {"file", job.state.file},     {"folder", job.folder.string()},
          {"driver", driver},           {"actors", actors}};
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

int show_all(const GlobalOptions& options) {
  const std::vector<launcher::JobEntry> jobs = launcher::list_jobs(state_dir(options));
  if (!options.json) {
    print(jobs_table(jobs));
    return kExitDone;
  }
  Json all = Json::array();
  for (const launcher::JobEntry& each : jobs) all.push_back(to_json(each));
  print(dump(all));
  return kExitDone;
}

}  // namespace

std::string actors_table(const launcher::JobState& state, Time now) {
  std::vector<std::vector<std::string>> rows = {
      {"NAME", "CLASS", "HOST", "PID", "STATE", "ATTEMPT", "UPTIME"}};
  for (const launcher::ActorState& each : state.actors) {
    rows.push_back({escape_text(each.name, kCellMax), escape_text(each.class_name, kCellMax),
                    escape_text(each.host, kCellMax), each.pid == 0 ? "-" : std::to_string(each.pid),
                    escape_text(each.state, kCellMax), std::to_string(each.attempt), uptime_of(each, now)});
  }
  return table(rows);
}

std::string jobs_table(const std::vector<launcher::JobEntry>& jobs) {
  std::vector<std::vector<std::string>> rows = {{"JOB", "STATUS", "ACTORS", "STARTED", "FOLDER"}};
  for (const launcher::JobEntry& each : jobs) {
    rows.push_back({escape_text(title(each), kCellMax), escape_text(status_text(each), kCellMax),
                    std::to_string(each.state.actors.size()), format_utc(each.state.started),
                    each.folder.string()});
  }
  return table(rows);
}

int ps_command(const GlobalOptions& options, const PsOptions& ps) {
  if (ps.all) return show_all(options);
  launcher::JobEntry job = launcher::find_job(state_dir(options), options.job);
  if (options.json) {
    print(dump(to_json(job)));
    return kExitDone;
  }
  if (ps.watch) {
    end_on_interrupt();
    watch(job.folder, [&] {
      launcher::renew(job);
      return actors_table(job.state, SystemClock().wall());
    });
    job.driver.reset();
  } else {
    print(actors_table(job.state, SystemClock().wall()));
  }
  talk(options, fmt::format("{}: {}", title(job), status_text(job)));
  if (!job.driver) talk(options, fmt::format("next: wisp logs -j {}", title(job)));
  return kExitDone;
}

}  // namespace wisp::cli
