#include "cli/status.h"

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
#include "cli/progress_line.h"
#include "cli/watch.h"
#include "launcher/log_reader.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;
using Time = std::chrono::system_clock::time_point;
using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t kCellMax = 300;
constexpr std::size_t kLinesLookedAt = 200;  // of each log, for errors
constexpr std::streamoff kTail = 64 << 10;   // bytes of a file of lines, for the last one
constexpr std::chrono::seconds kSilence{3};

std::string safe(const std::string& text) { return escape_text(text, kCellMax); }

// The whole lines at the end of a file, the last one last.
std::vector<std::string> last_lines(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::ate);
  const std::streamoff size = stream ? static_cast<std::streamoff>(stream.tellg()) : 0;
  const std::streamoff begin = std::max<std::streamoff>(0, size - kTail);
  stream.seekg(begin);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  text.resize(text.find_last_of('\n') + 1);  // what is behind is being written
  if (begin > 0) text.erase(0, text.find('\n') + 1);
  std::vector<std::string> lines = split(text, '\n');
  lines.pop_back();
  return lines;
}

Json object_of(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() ? json : Json::object();
}

template <class T>
std::optional<T> number_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<T>();
}

std::string word_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<RunStatus> run_of(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "metrics.jsonl";
  const std::vector<std::string> lines = last_lines(file);
  if (lines.empty()) return std::nullopt;
  const Json last = object_of(lines.back());
  const auto bytes = [&](const char* key) { return number_in<std::uint64_t>(last, key).value_or(0); };
  RunStatus run;
  run.round = bytes("round");
  run.loss = number_in<double>(last, "loss");
  run.gap = number_in<double>(last, "gap");
  run.seconds = number_in<double>(last, "seconds").value_or(0);
  run.uplink_bytes = bytes("uplink_bytes");
  run.downlink_bytes = bytes("downlink_bytes");
  run.dense_uplink_bytes = bytes("dense_uplink_bytes");
  run.dense_downlink_bytes = bytes("dense_downlink_bytes");
  run.updates = bytes("updates");
  run.dropped = bytes("dropped");
  run.kept_mass = number_in<double>(last, "kept_mass");
  run.memory_norm = number_in<double>(last, "memory_norm");
  if (const auto staleness = last.find("staleness"); staleness != last.end() && staleness->is_object()) {
    run.staleness_mean = number_in<double>(*staleness, "mean");
    run.staleness_p50 = number_in<std::uint64_t>(*staleness, "p50").value_or(0);
    run.staleness_p99 = number_in<std::uint64_t>(*staleness, "p99").value_or(0);
    run.staleness_max = number_in<std::uint64_t>(*staleness, "max").value_or(0);
  }
  std::error_code error;
  const auto written = std::filesystem::last_write_time(file, error);
  if (!error) {
    run.written = std::chrono::time_point_cast<Time::duration>(std::chrono::file_clock::to_sys(written));
  }
  return run;
}

std::string last_event_of(const std::filesystem::path& folder) {
  std::vector<std::string> lines = last_lines(folder / "events.jsonl");
  std::reverse(lines.begin(), lines.end());
  for (const std::string& each : lines) {
    const Json event = object_of(each);
    const std::string what = word_in(event, "event");
    const std::string cause = word_in(event, "cause");
    if (what.empty() || what == "started" || (what == "exited" && cause == "exit status 0")) continue;
    const std::string process = word_in(event, "process");
    return fmt::format("{} {}{}@{}{}", word_in(event, "time"), what, process.empty() ? " " : " " + process,
                       word_in(event, "host"), cause.empty() ? "" : ": " + cause);
  }
  return "";
}

std::string last_error_of(const std::filesystem::path& folder) {
  std::string last;
  launcher::LogReader(folder, {.last = kLinesLookedAt})
      .run([&](const LogLine& line) { last = line.level == "error" ? format(line) : last; },
           [] { return true; });
  return last;
}

std::vector<HostStatus> hosts_of(const launcher::JobState& state) {
  std::map<std::string, HostStatus> hosts;
  for (const auto& [name, offset] : state.clock_offsets) hosts[name];
  for (const launcher::ActorState& each : state.actors) ++hosts[each.host].actors[each.state];
  std::vector<HostStatus> list;
  for (auto& [name, host] : hosts) {
    host.name = name;
    const auto address = state.addresses.find(name);
    if (address != state.addresses.end()) host.address = address->second;
    list.push_back(std::move(host));
  }
  return list;
}

std::string counts_text(const std::map<std::string, int>& counts) {
  std::vector<std::string> parts;
  for (const auto& [state, count] : counts) parts.push_back(fmt::format("{} {}", count, state));
  return parts.empty() ? "none" : join(parts, ", ");
}

std::string bytes_text(std::uint64_t sent, std::uint64_t dense) {
  if (dense == 0 || sent == dense) return size_text(sent);
  return fmt::format("{} of {} dense ({:.3g} %)", size_text(sent), size_text(dense),
                     100 * static_cast<double>(sent) / static_cast<double>(dense));
}

void add_run(Rows& rows, const JobStatus& status, Time now) {
  if (!status.run) {
    if (!status.method.empty()) rows.push_back({"round", "nothing was measured yet"});
    return;
  }
  const RunStatus& run = *status.run;
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - run.written);
  std::string round = std::to_string(run.round);
  if (run.staleness_mean) round += fmt::format("  {} updates", run.updates);
  if (run.seconds > 0)
    round += fmt::format("  {:.4g} rounds/s", static_cast<double>(run.round) / run.seconds);
  if (status.job.driver && age > kSilence) round += "  measured " + uptime_text(age) + " ago";
  rows.push_back({"round", round});
  rows.push_back({"loss", run.loss ? fmt::format("{:.9g}", *run.loss) : "not finite"});
  if (run.gap) rows.push_back({"gap", fmt::format("{:.3g}", *run.gap)});
  rows.push_back({"uplink", bytes_text(run.uplink_bytes, run.dense_uplink_bytes)});
  rows.push_back({"downlink", bytes_text(run.downlink_bytes, run.dense_downlink_bytes)});
  if (run.staleness_mean) {
    rows.push_back({"staleness", fmt::format("mean {:.4g}  p50 {}  p99 {}  max {}", *run.staleness_mean,
                                             run.staleness_p50, run.staleness_p99, run.staleness_max)});
  }
  if (run.dropped > 0) rows.push_back({"dropped", fmt::format("{} late updates", run.dropped)});
  if (run.kept_mass && *run.kept_mass < 1) {
    rows.push_back(
        {"kept mass", fmt::format("{:.3g}", *run.kept_mass) +
                          (run.memory_norm ? fmt::format("  memory norm {:.3g}", *run.memory_norm) : "")});
  }
}

Json run_json(const RunStatus& run) {
  return {{"round", run.round},
          {"loss", run.loss ? Json(*run.loss) : Json()},
          {"gap", run.gap ? Json(*run.gap) : Json()},
          {"seconds", run.seconds},
          {"uplink_bytes", run.uplink_bytes},
          {"downlink_bytes", run.downlink_bytes},
          {"dense_uplink_bytes", run.dense_uplink_bytes},
          {"dense_downlink_bytes", run.dense_downlink_bytes},
          {"measured", format_utc(run.written)},
          {"updates", run.updates},
          {"dropped", run.dropped},
          {"staleness", run.staleness_mean ? Json{{"mean", *run.staleness_mean},
                                                  {"p50", run.staleness_p50},
                                                  {"p99", run.staleness_p99},
                                                  {"max", run.staleness_max}}
                                           : Json()},
          {"kept_mass", run.kept_mass ? Json(*run.kept_mass) : Json()},
          {"memory_norm", run.memory_norm ? Json(*run.memory_norm) : Json()}};
}

std::string text_or_json(const GlobalOptions& options, const launcher::JobEntry& job) {
  launcher::JobEntry now = job;
  try {
    launcher::renew(now);
  } catch (const Error&) {  // as it was when the job was looked for
  }
  const JobStatus status = status_of(now);
  return options.json ? status_json(status) + "\n" : status_screen(status, SystemClock().wall());
}

}  // namespace

JobStatus status_of(const launcher::JobEntry& job) {
  JobStatus status;
  status.job = job;
  std::ifstream result(job.folder / "result.json");
  status.reason = word_in(object_of({std::istreambuf_iterator<char>(result), {}}), "reason");
  status.method = setting_at(settings_of(job.folder), "method.kind");
  status.hosts = hosts_of(job.state);
  for (const launcher::ActorState& each : job.state.actors) ++status.actors[each.state];
  status.run = run_of(job.folder);
  status.last_event = last_event_of(job.folder);
  status.last_error = last_error_of(job.folder);
  return status;
}

std::string status_screen(const JobStatus& status, Time now) {
  const launcher::JobEntry& job = status.job;
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - job.state.started);
  Rows rows = {
      {"job", title(job)},
      {"status", status_text(job) + (status.reason.empty() ? "" : ": " + on_one_line(status.reason))},
      {"started", format_utc(job.state.started) + (job.driver ? ", " + uptime_text(age) + " ago" : "")}};
  if (!status.method.empty()) rows.push_back({"method", safe(status.method)});
  rows.push_back({"actors", safe(counts_text(status.actors))});
  add_run(rows, status, now);
  if (!status.last_event.empty()) rows.push_back({"last event", safe(status.last_event)});
  if (!status.last_error.empty()) rows.push_back({"last error", safe(status.last_error)});
  Rows hosts = {{"HOST", "ADDRESS", "ACTORS"}};
  for (const HostStatus& each : status.hosts)
    hosts.push_back(
        {safe(each.name), each.address.empty() ? "-" : safe(each.address), safe(counts_text(each.actors))});
  return table(rows) + (status.hosts.empty() ? "" : table(hosts));
}

std::string status_json(const JobStatus& status) {
  const launcher::JobEntry& job = status.job;
  Json hosts = Json::array();
  for (const HostStatus& each : status.hosts) {
    hosts.push_back({{"name", each.name},
                     {"address", each.address.empty() ? Json() : Json(each.address)},
                     {"actors", each.actors}});
  }
  const Json json = {{"job_id", title(job)},
                     {"status", job.state.status},
                     {"running", job.driver.has_value()},
                     {"reason", status.reason},
                     {"started", format_utc(job.state.started)},
                     {"method", status.method.empty() ? Json() : Json(status.method)},
                     {"hosts", hosts},
                     {"actors", status.actors},
                     {"run", status.run ? run_json(*status.run) : Json()},
                     {"last_event", status.last_event},
                     {"last_error", status.last_error},
                     {"folder", job.folder.string()}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

int status_command(const GlobalOptions& options, const StatusOptions& status) {
  end_on_interrupt();
  const launcher::JobEntry job = launcher::find_job(state_dir(options), options.job);
  if (status.watch) {
    watch(job.folder, [&] { return text_or_json(options, job); });
  } else {
    print(text_or_json(options, job));
  }
  return kExitDone;
}

}  // namespace wisp::cli
