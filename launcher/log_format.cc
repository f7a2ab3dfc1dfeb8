#include "launcher/log_format.h"

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"

namespace wisp::launcher {
namespace {

using Json = nlohmann::ordered_json;

bool is_level(const std::string& word) { return parse_level(word) || word == "out" || word == "err"; }

std::optional<LogLine> line_from(const Json& json) {
  const auto time = parse_utc(json.at("time").get<std::string>());
  if (!time) return std::nullopt;
  LogLine line;
  line.time = *time;
  line.actor = json.at("actor").get<std::string>();
  line.attempt = json.at("attempt").get<std::uint32_t>();
  line.host = json.at("host").get<std::string>();
  if (!json.at("round").is_null()) line.round = json.at("round").get<std::uint64_t>();
  line.level = json.at("level").get<std::string>();
  line.text = json.at("text").get<std::string>();
  if (!is_name(line.actor) || !is_host_name(line.host) || !is_level(line.level)) return std::nullopt;
  return line;
}

}  // namespace

std::string to_json(const LogLine& line) {
  Json json = {
      {"time", format_utc(line.time)}, {"actor", line.actor}, {"attempt", line.attempt}, {"host", line.host}};
  json["round"] = line.round ? Json(*line.round) : Json();
  json["level"] = line.level;
  json["text"] = escape_text(line.text, LogLine::kTextMax);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<LogLine> parse_stored(std::string_view text) {
  if (!text.starts_with('{')) return parse_log_line(text);
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    return line_from(json);
  } catch (const Json::exception&) {  // an object of another kind
    return std::nullopt;
  }
}

}  // namespace wisp::launcher
