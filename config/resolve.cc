#include "config/resolve.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "config/keys.h"
#include "config/numbers.h"

namespace wisp::config {
namespace {

using Json = nlohmann::ordered_json;

bool is_plain(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("_./+%-").find(c) != std::string_view::npos;
  };
  const bool special = text.empty() || text[0] == '-' || text[0] == '.' || text[0] == '%' || text == "null" ||
                       text == "Null" || text == "NULL";
  return !special && std::all_of(text.begin(), text.end(), fits);
}

// In double quotes, with what YAML, a terminal or a reader of variables would take for something else
// escaped.
std::string in_quotes(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += std::string("\\") + c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += std::string("\\x") + kDigits[byte >> 4] + kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string key_text(const std::string& key) { return is_plain(key) ? key : in_quotes(key); }

// For text that another reader of YAML might take for a number or a truth value.
std::string quoted_text(const std::string& text) {
  std::string doubled;
  for (const char c : text) doubled += c == '$' ? "$$" : std::string(1, c);
  return in_quotes(doubled);
}

std::string scalar_text(const std::string& text) { return is_plain(text) ? text : quoted_text(text); }

std::string origin(const Node& node, bool is_default) {
  if (is_default) return "  # default";
  const Place& place = node.place;
  const bool option = place.source->kind() == Source::Kind::kOption;
  return "  # from " + escape_text(place.source->name(), 1000) +
         (option ? "" : ":" + std::to_string(place.line));
}

// Whether the path is that of an axis, above or below it.
bool is_swept(const Experiment& experiment, const std::string& path) {
  return std::any_of(experiment.sweep.begin(), experiment.sweep.end(), [&](const SweepAxis& axis) {
    return path == axis.key || path.starts_with(axis.key + ".");
  });
}

// What stands in the file of a sweep beside it.
bool is_shown(const Experiment& experiment, const Resolved& each) {
  if (experiment.sweep.empty()) return true;
  return !each.is_default && !is_swept(experiment, join(each.path, "."));
}

class YamlWriter {
 public:
  std::string run(const Experiment& experiment) {
    for (const Resolved& each : experiment.resolved) {
      if (!is_shown(experiment, each)) continue;
      open_sections(each.path);
      write(each);
    }
    if (!experiment.sweep.empty()) out_ += "sweep:\n";
    for (const SweepAxis& axis : experiment.sweep) write(axis);
    return std::move(out_);
  }

 private:
  static std::string indent(std::size_t depth) { return std::string(2 * depth, ' '); }

  // The sections that this value stands in and the one before it did not.
  void open_sections(const std::vector<std::string>& path) {
    const std::size_t depth = path.size() - 1;
    std::size_t same = 0;
    while (same < depth && same < sections_.size() && sections_[same] == path[same]) ++same;
    sections_.assign(path.begin(), path.end() - 1);
    for (std::size_t i = same; i < depth; ++i) out_ += indent(i) + key_text(path[i]) + ":\n";
  }

  void write(const Resolved& each) {
    const std::size_t depth = each.path.size() - 1;
    const std::string key = indent(depth) + key_text(each.path.back()) + ":";
    const Node& value = each.value;
    if (value.is_scalar()) {
      out_ += key + " " + scalar_text(value.text) + origin(value, each.is_default) + "\n";
    } else if (value.is_list()) {
      std::vector<std::string> items;
      for (const Node& item : value.items) items.push_back(flow_text(item));
      out_ += key + " [ " + join(items, ", ") + " ]" + origin(value, each.is_default) + "\n";
    } else if (value.members.empty()) {
      out_ += key + " {}" + origin(value, each.is_default) + "\n";
    } else {
      write_map(key, value, depth + 1);
    }
  }

  void write(const SweepAxis& axis) {
    std::vector<std::string> items;
    for (const Node& item : axis.values) items.push_back(flow_text(item));
    out_ += indent(1) + key_text(axis.key) + ": [ " + join(items, ", ") + " ]" +
            origin(axis.values.front(), false) + "\n";
  }

  void write_map(const std::string& key, const Node& map, std::size_t depth) {
    out_ += key + "\n";
    for (const Member& member : map.members) {
      out_ += indent(depth) + key_text(member.key) + ": " + quoted_text(member.value.text) +
              origin(member.value, false) + "\n";
    }
  }

  std::string out_;
  std::vector<std::string> sections_;
};

Json json_scalar(KeyType type, const std::string& text) {
  if (type == KeyType::kBool) return text == "true";
  if (type == KeyType::kInteger) {
    if (text.starts_with('-')) return std::stoll(text);
    const auto number = parse_integer(text);
    return number ? Json(*number) : Json(text);
  }
  if (type == KeyType::kNumber || type == KeyType::kStepSize || type == KeyType::kDensity) {
    if (const auto number = parse_number(text)) return *number;
  }
  return text;
}

// Of a list of entries.
Json json_entries(const Resolved& each) {
  Json result = Json::array();
  for (const Node& item : each.value.items) {
    Json& entry = result.emplace_back(Json::object());
    for (const Member& member : item.members) {
      const Key* key = find_key(join(each.path, ".") + ".*." + member.key);
      entry[member.key] = json_scalar(key->type, member.value.text);
    }
  }
  return result;
}

Json json_value(const Resolved& each) {
  const Node& value = each.value;
  if (each.key_type == KeyType::kEntries) return json_entries(each);
  if (value.is_scalar()) return json_scalar(each.key_type, value.text);
  Json result = value.is_list() ? Json::array() : Json::object();
  for (const Node& item : value.items) result.push_back(json_scalar(each.key_type, item.text));
  for (const Member& member : value.members) {
    const bool number = each.key_type == KeyType::kStepSize;
    result[member.key] = number ? json_scalar(each.key_type, member.value.text) : Json(member.value.text);
  }
  return result;
}

// Which key takes a swept value is not looked up: what looks like a number is one.
Json json_of(const Node& value) {
  if (value.is_null()) return nullptr;
  if (value.is_scalar()) {
    if (value.quoted) return value.text;
    if (value.text == "true" || value.text == "false") return value.text == "true";
    if (const auto integer = parse_integer(value.text)) return *integer;
    if (const auto number = parse_number(value.text)) return *number;
    return value.text;
  }
  Json result = value.is_list() ? Json::array() : Json::object();
  for (const Node& item : value.items) result.push_back(json_of(item));
  for (const Member& member : value.members) result[member.key] = json_of(member.value);
  return result;
}

}  // namespace

std::string flow_text(const Node& value) {
  if (value.is_null()) return "null";
  if (value.is_scalar()) return scalar_text(value.text);
  std::vector<std::string> parts;
  for (const Node& item : value.items) parts.push_back(flow_text(item));
  for (const Member& member : value.members)
    parts.push_back(key_text(member.key) + ": " + flow_text(member.value));
  if (parts.empty()) return value.is_list() ? "[]" : "{}";
  return (value.is_list() ? "[ " : "{ ") + join(parts, ", ") + (value.is_list() ? " ]" : " }");
}

std::string to_yaml(const Experiment& experiment) { return YamlWriter().run(experiment); }

std::string to_json(const Experiment& experiment) {
  Json root = Json::object();
  for (const Resolved& each : experiment.resolved) {
    if (!is_shown(experiment, each)) continue;
    Json* section = &root;
    for (std::size_t i = 0; i + 1 < each.path.size(); ++i) section = &(*section)[each.path[i]];
    (*section)[each.path.back()] = json_value(each);
  }
  for (const SweepAxis& axis : experiment.sweep) {
    Json& values = root["sweep"][axis.key] = Json::array();
    for (const Node& value : axis.values) values.push_back(json_of(value));
  }
  return root.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace wisp::config
