#include "launcher/state_file.h"

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"

namespace wisp::launcher {
namespace {

using nlohmann::json;
using Time = std::chrono::system_clock::time_point;

Time time_of(const json& value) { return parse_utc(value.get<std::string>()).value_or(Time()); }

json to_json(const ActorState& actor) {
  return {{"name", actor.name},   {"class", actor.class_name},
          {"host", actor.host},   {"pid", actor.pid},
          {"state", actor.state}, {"attempt", actor.attempt},
          {"cause", actor.cause}, {"started", format_utc(actor.started)},
          {"node", actor.node}};
}

ActorState actor_from(const json& value) {
  ActorState actor;
  actor.name = value.at("name").get<std::string>();
  actor.class_name = value.value("class", "");
  actor.host = value.value("host", "");
  actor.pid = value.value("pid", std::int64_t{0});
  actor.state = value.value("state", "");
  actor.attempt = value.value("attempt", 1u);
  actor.cause = value.value("cause", "");
  actor.started = time_of(value.at("started"));
  actor.node = value.value("node", actor.name);
  return actor;
}

}  // namespace

std::string state_to_json(const JobState& state) {
  json actors = json::array();
  for (const ActorState& actor : state.actors) actors.push_back(to_json(actor));
  json offsets = json::object();
  for (const auto& [host, offset] : state.clock_offsets) offsets[host] = offset.count();
  const json all = {{"job", state.job},
                    {"id", state.id},
                    {"file", state.file},
                    {"status", state.status},
                    {"actors", actors},
                    {"started", format_utc(state.started)},
                    {"clock_offsets_us", offsets},
                    {"addresses", state.addresses},
                    {"control", state.control}};
  return all.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

JobState state_from_json(std::string_view text) {
  try {
    const json all = json::parse(text);
    JobState state;
    state.job = all.at("job").get<std::string>();
    state.id = all.at("id").get<std::string>();
    state.file = all.value("file", "");
    state.status = all.value("status", "");
    state.started = time_of(all.at("started"));
    for (const json& each : all.at("actors")) state.actors.push_back(actor_from(each));
    const json offsets = all.value("clock_offsets_us", json::object());
    for (const auto& [host, offset] : offsets.items()) {
      state.clock_offsets[host] = std::chrono::microseconds(offset.get<std::int64_t>());
    }
    state.addresses = all.value("addresses", state.addresses);
    state.control = all.value("control", "");
    return state;
  } catch (const json::exception& error) {  // the library's words, as ours
    throw Error(std::string("not a job's state: ") + error.what());
  }
}

}  // namespace wisp::launcher
