#include "cli/report_trace.h"

#include <chrono>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;
using Time = std::chrono::system_clock::time_point;

constexpr std::size_t kCountersMost = 5000;  // of a job

struct Event {
  Time time;
  std::string what;
  std::string process;
  std::string host;
  std::string cause;
};

std::vector<Event> read_events(const std::filesystem::path& folder) {
  std::vector<Event> events;
  std::ifstream file(folder / "events.jsonl");
  for (std::string line; std::getline(file, line);) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) continue;
    const auto text = [&](const char* key) {
      const auto found = json.find(key);
      return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const auto time = parse_utc(text("time"));
    if (time) events.push_back({*time, text("event"), text("process"), text("host"), text("cause")});
  }
  return events;
}

// One job: its number in the trace is its pid there.
class JobTrace {
 public:
  JobTrace(Json& all, std::size_t pid, const JobCurves& job) : all_(all), pid_(pid), job_(job) {}

  void add() {
    const std::vector<Event> events = read_events(job_.folder);
    if (!events.empty()) begin_ = end_ = events.front().time;
    for (const Event& event : events) end_ = std::max(end_, event.time);
    name("process_name", 0, job_.label);
    for (const Event& event : events) take(event);
    for (const auto& [process, started] : started_) slice(process, started, end_, "");
    add_counters();
  }

 private:
  std::int64_t micros(Time time) const {
    return std::chrono::duration_cast<std::chrono::microseconds>(time - begin_).count();
  }

  void name(const char* what, std::size_t track, const std::string& text) {
    all_.push_back({{"ph", "M"}, {"name", what}, {"pid", pid_}, {"tid", track}, {"args", {{"name", text}}}});
  }

  std::size_t track_of(const std::string& process) {
    const auto [found, is_new] = tracks_.try_emplace(process, tracks_.size() + 1);
    if (is_new) name("thread_name", found->second, process);
    return found->second;
  }

  void take(const Event& event) {
    const std::string& who = event.process.empty() ? event.host : event.process;
    if (event.what == "started") {
      started_.try_emplace(who, event);
      run_begin_ = micros(event.time);
    } else if (const auto started = started_.find(who); event.what == "exited" && started != started_.end()) {
      slice(who, started->second, event.time, event.cause);
      started_.erase(started);
    } else {
      all_.push_back({{"ph", "i"},
                      {"name", event.what},
                      {"pid", pid_},
                      {"tid", track_of(who)},
                      {"ts", micros(event.time)},
                      {"s", "t"},
                      {"args", {{"cause", event.cause}}}});
    }
  }

  void slice(const std::string& process, const Event& started, Time end, const std::string& cause) {
    all_.push_back({{"ph", "X"},
                    {"name", process},
                    {"pid", pid_},
                    {"tid", track_of(process)},
                    {"ts", micros(started.time)},
                    {"dur", micros(end) - micros(started.time)},
                    {"args", {{"host", started.host}, {"cause", cause}}}});
  }

  void counter(const char* what, const CurvePoint& point, double value) {
    if (!std::isfinite(value) || !std::isfinite(point.seconds)) return;
    const auto at = run_begin_ + static_cast<std::int64_t>(point.seconds * 1e6);
    all_.push_back(
        {{"ph", "C"}, {"name", what}, {"pid", pid_}, {"tid", 0}, {"ts", at}, {"args", {{what, value}}}});
  }

  void add_counters() {
    for (const CurvePoint& point : thinned(job_.points, kCountersMost)) {
      counter("round", point, point.round);
      counter("loss", point, point.loss);
      counter("gap", point, point.gap);
      counter("uplink_bytes", point, point.uplink_bytes);
      counter("total_bytes", point, point.total_bytes);
    }
  }

  Json& all_;
  const std::size_t pid_;
  const JobCurves& job_;
  Time begin_{};
  Time end_{};
  std::int64_t run_begin_ = 0;  // microseconds
  std::map<std::string, std::size_t> tracks_;
  std::map<std::string, Event> started_;
};

}  // namespace

std::string trace_json(const std::vector<JobCurves>& jobs) {
  Json events = Json::array();
  for (std::size_t i = 0; i < jobs.size(); ++i) JobTrace(events, i + 1, jobs[i]).add();
  const Json trace = {{"displayTimeUnit", "ms"}, {"traceEvents", events}};
  return trace.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace wisp::cli
