#include "cli/inspect.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/job_settings.h"
#include "cli/job_text.h"
#include "cli/output.h"
#include "launcher/log_files.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t kCellMax = 400;
constexpr std::size_t kLabelWidth = 7;  // the tables stand under one another

std::string safe(const std::string& text) { return escape_text(text, kCellMax); }

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Null for what is no object.
Json object_of(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() ? json : Json();
}

std::string word_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const launcher::ActorState& find_actor(const launcher::JobEntry& job, const std::string& name) {
  std::vector<std::string> known;
  for (const launcher::ActorState& each : job.state.actors) {
    if (each.name == name) return each;
    known.push_back(each.name);
  }
  if (known.empty()) throw Error(title(job) + " has no actors yet: " + status_text(job), Fault::kUsage);
  throw Error(no_such_actor(job, name, known), Fault::kUsage);
}

std::vector<ActorReport::Log> logs_of(const std::filesystem::path& folder, const std::string& actor) {
  std::vector<ActorReport::Log> logs;
  for (const launcher::LogName& each : launcher::list_logs(folder / "logs" / actor)) {
    ActorReport::Log log;
    log.attempt = each.attempt;
    log.path = folder / "logs" / actor / launcher::to_string(each);
    std::error_code error;
    const auto size = std::filesystem::file_size(log.path, error);
    log.bytes = error ? 0 : size;
    logs.push_back(std::move(log));
  }
  return logs;
}

// The group that an actor belongs to: its own name, or that without its number.
config::Node config_of(const std::filesystem::path& folder, const std::string& actor) {
  const config::Node settings = settings_of(folder);
  const config::Node* actors = settings.find("actors");
  if (actors == nullptr) return {};
  const config::Node* group = actors->find(actor);
  if (group == nullptr) group = actors->find(actor.substr(0, actor.rfind('-')));
  return group == nullptr ? config::Node() : *group;
}

// A bare number or truth value as such: job.yaml has all other text in quotes, or in no need of them.
Json json_of(const config::Node& node) {
  if (node.is_list()) {
    Json list = Json::array();
    for (const config::Node& each : node.items) list.push_back(json_of(each));
    return list;
  }
  if (node.is_map()) {
    Json map = Json::object();
    for (const config::Member& each : node.members) map[each.key] = json_of(each.value);
    return map;
  }
  if (!node.is_scalar()) return nullptr;
  const Json bare = node.quoted ? Json() : Json::parse(node.text, nullptr, false);
  return bare.is_number() || bare.is_boolean() ? bare : Json(node.text);
}

std::string label(const char* text) { return fmt::format("{:<{}}", text, kLabelWidth); }

void add_settings(Rows& rows, const std::string& path, const config::Node& node) {
  if (node.is_map()) {
    for (const config::Member& each : node.members)
      add_settings(rows, path.empty() ? each.key : path + "." + each.key, each.value);
  } else {
    rows.push_back(
        {label("setting"), safe(path), node.is_scalar() ? safe(node.text) : safe(json_of(node).dump())});
  }
}

std::string state_of(const launcher::ActorState& actor) {
  return actor.cause.empty() ? actor.state : actor.state + ": " + actor.cause;
}

std::string report_text(const launcher::JobEntry& job, const ActorReport& report) {
  const launcher::ActorState& actor = report.actor;
  Rows rows = {
      {"actor", safe(actor.name)},
      {"job", safe(status_text(job) + (report.reason.empty() ? "" : ": " + report.reason))},
      {"state", safe(state_of(actor))},
      {"class", safe(actor.class_name)},
      {"host", safe(actor.host + (report.address.empty() ? "" : " (" + report.address + ")"))},
      {"process", fmt::format("{} (pid {}, attempt {})", safe(actor.node), actor.pid, actor.attempt)},
      {"started", format_utc(actor.started)}};
  std::string text = table(rows);
  Rows events;
  for (const auto& each : report.events)
    events.push_back({label("event"), safe(each.time), safe(each.event), safe(each.cause)});
  Rows settings;
  add_settings(settings, "", report.config);
  Rows logs;
  for (const auto& each : report.logs)
    logs.push_back({label("log"), each.path.string(), fmt::format("{} B", each.bytes)});
  return text + table(events) + (report.config.is_map() ? table(settings) : "") + table(logs);
}

Json report_json(const launcher::JobEntry& job, const ActorReport& report) {
  const launcher::ActorState& actor = report.actor;
  Json events = Json::array();
  for (const auto& each : report.events)
    events.push_back({{"time", each.time}, {"event", each.event}, {"cause", each.cause}});
  Json logs = Json::array();
  for (const auto& each : report.logs)
    logs.push_back({{"attempt", each.attempt}, {"path", each.path.string()}, {"bytes", each.bytes}});
  return {{"actor", actor.name},
          {"job_id", title(job)},
          {"job_status", job.state.status},
          {"reason", report.reason},
          {"state", actor.state},
          {"cause", actor.cause},
          {"class", actor.class_name},
          {"host", actor.host},
          {"address", report.address.empty() ? Json() : Json(report.address)},
          {"process", actor.node},
          {"pid", actor.pid},
          {"attempt", actor.attempt},
          {"started", format_utc(actor.started)},
          {"events", events},
          {"config", json_of(report.config)},
          {"job_file", (job.folder / "job.yaml").string()},
          {"logs", logs}};
}

}  // namespace

std::vector<ActorReport::Event> events_of(const std::filesystem::path& folder,
                                          const launcher::ActorState& actor) {
  std::vector<ActorReport::Event> events;
  std::ifstream file(folder / "events.jsonl");
  for (std::string line; std::getline(file, line);) {
    const Json json = object_of(line);
    const std::string process = word_of(json, "process");
    const bool of_host = process.empty() && word_of(json, "host") == actor.host;
    if (process != actor.node && !of_host) continue;
    events.push_back({word_of(json, "time"), word_of(json, "event"), word_of(json, "cause")});
  }
  return events;
}

ActorReport inspect_actor(const launcher::JobEntry& job, const std::string& actor) {
  ActorReport report;
  report.actor = find_actor(job, actor);
  const auto address = job.state.addresses.find(report.actor.host);
  if (address != job.state.addresses.end()) report.address = address->second;
  report.reason = word_of(object_of(text_of(job.folder / "result.json")), "reason");
  report.events = events_of(job.folder, report.actor);
  report.logs = logs_of(job.folder, actor);
  report.config = config_of(job.folder, actor);
  return report;
}

int inspect_command(const GlobalOptions& options, const InspectOptions& inspect) {
  const launcher::JobEntry job = launcher::find_job(state_dir(options), options.job);
  const ActorReport report = inspect_actor(job, inspect.actor);
  if (options.json) {
    print(report_json(job, report).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    return kExitDone;
  }
  print(report_text(job, report));
  talk(options, fmt::format("next: wisp logs {} -j {}", inspect.actor, title(job)));
  return kExitDone;
}

}  // namespace wisp::cli
