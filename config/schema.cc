#include "config/schema.h"

#include <cmath>
#include <set>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "config/chaos_rules.h"
#include "config/keys.h"
#include "config/patterns.h"

namespace wisp::config {
namespace {

using enum KeyType;
using Json = nlohmann::ordered_json;

constexpr std::string_view kActor = "actors.*";
constexpr std::string_view kArguments = "actors.*.args";

// Whether the text of such a key is a number or a truth value where it looks like one.
bool is_of_json(KeyType type) {
  return type == kBool || type == kInteger || type == kNumber || type == kStepSize || type == kDensity;
}

Json json_of(KeyType type, const std::string& text) {
  const Json value = Json::parse(text, nullptr, false);
  return is_of_json(type) && (value.is_number() || value.is_boolean()) ? value : Json(text);
}

Json number_of(double value) {
  if (std::abs(value) < 0x1p53 && value == std::floor(value)) return static_cast<std::int64_t>(value);
  return value;
}

// Names of JSON's types. A key without a value, null, is one that is not given; an item of a list has none.
Json types(std::vector<std::string> names, bool nullable) {
  if (nullable) names.emplace_back("null");
  return names.size() == 1 ? Json(names[0]) : Json(names);
}

Json has_word(std::string_view key, const std::string& word) {
  return {{"required", {key}}, {"properties", {{key, {{"const", word}}}}}};
}

// Said without `not`, for which editors have no message.
Json given() {
  return {{"type", types({"object", "array", "string", "number", "boolean"}, false)},
          {"errorMessage", "must be given"}};
}

Json is_given(std::string_view key) { return {{"required", {key}}, {"properties", {{key, given()}}}}; }

Json any_of(std::vector<Json> choices) { return {{"anyOf", std::move(choices)}}; }

Json problem_or_method() { return any_of({is_given("problem"), is_given("method")}); }

void add_range(Json& schema, const Range& range) {
  if (std::isfinite(range.low)) {
    schema[range.above_low ? "exclusiveMinimum" : "minimum"] = number_of(range.low);
  }
  if (std::isfinite(range.high)) schema["maximum"] = number_of(range.high);
}

class SchemaWriter {
 public:
  explicit SchemaWriter(const Vocabulary& vocabulary) : vocabulary_(vocabulary), table_(vocabulary) {}

  Json run() const {
    Json root = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                 {"title", "wisp job file"},
                 {"description", "what to minimise, with which method, on which hosts"}};
    root.update(section(""));
    root["type"] = "object";
    root["patternProperties"] = {{"^x-", Json::object()}};
    const Json elsewhere = any_of({is_given("include"), is_given("sweep")});
    root["allOf"] = {{{"if", elsewhere}, {"else", whole_job()}}, either_kind_of_job()};
    root["definitions"] = {{"actor", section(kActor)}};
    return root;
  }

 private:
  std::vector<const Key*> children(std::string_view section) const {
    std::vector<const Key*> found;
    for (const Key& key : table_.keys()) {
      if (parent_of(key.path) == section && last_of(key.path) != "*") found.push_back(&key);
    }
    return found;
  }

  const Key* child(std::string_view section, std::string_view name, std::string_view kind = {}) const {
    return table_.find(std::string(section) + "." + std::string(name), kind);
  }

  std::vector<std::string> kinds_of(std::string_view section) const {
    const Key* kind = section == kArguments ? child(kActor, "class") : child(section, "kind");
    return kind == nullptr ? std::vector<std::string>() : words_of(*kind, vocabulary_);
  }

  bool has_owned_keys(std::string_view section) const {
    for (const Key* key : children(section)) {
      if (!key->owner.empty()) return true;
    }
    return false;
  }

  // What one kind makes of the keys that not all of them have.
  Json keys_of_kind(std::string_view section, const std::string& kind) const {
    Json properties = Json::object();
    for (const Key* key : children(section)) {
      if (key->owner.empty()) continue;
      const Key* own = table_.find(key->path, kind);
      properties[last_of(key->path)] = own == nullptr ? Json(false) : member(*own);
    }
    return {{"properties", std::move(properties)}};
  }

  Json rules_of_kinds(std::string_view section) const {
    Json rules = Json::array();
    for (const std::string& kind : kinds_of(section)) {
      rules.push_back({{"if", has_word("kind", kind)}, {"then", keys_of_kind(section, kind)}});
    }
    return rules;
  }

  Json rules_of_classes() const {
    Json rules = Json::array();
    for (const std::string& name : kinds_of(kArguments)) {
      rules.push_back({{"if", has_word("class", name)},
                       {"then", {{"properties", {{"args", keys_of_kind(kArguments, name)}}}}}});
    }
    return rules;
  }

  Json section(std::string_view path) const {
    Json properties = Json::object();
    for (const Key* key : children(path)) {
      Json schema = key->owner.empty() ? member(*key) : Json::object();  // the kind decides
      if (path == "actors") schema = own_actor_or(std::move(schema));
      properties[last_of(key->path)] = std::move(schema);
    }
    Json schema = {{"type", types({"object"}, true)}, {"properties", std::move(properties)}};
    schema["additionalProperties"] = false;
    if (path == "actors") {
      schema["propertyNames"] = {{"pattern", pattern_of_name_key()}};
      schema["additionalProperties"] = {{"$ref", "#/definitions/actor"}};
    }
    const bool by_kind = path != kArguments && has_owned_keys(path);
    if (by_kind) schema["allOf"] = rules_of_kinds(path);
    if (path == kActor && has_owned_keys(kArguments)) schema["allOf"] = rules_of_classes();
    const Key* row = find_key(path);
    if (row != nullptr && row->type == kOneOf && !row->words.empty())
      schema["allOf"].push_back(rule_of_lone_word(*row));
    return schema;
  }

  // Beside it no key is given.
  Json rule_of_lone_word(const Key& section) const {
    Json properties = Json::object();
    for (const Key* key : children(section.path)) {
      if (last_of(key->path) != "kind") properties[last_of(key->path)] = {{"type", "null"}};
    }
    return {{"if", has_word("kind", std::string(section.words))},
            {"then", {{"properties", std::move(properties)}}}};
  }

  // In a job of plain actors one may be called worker.
  static Json own_actor_or(Json schema) {
    return {{"if", {{"type", "object"}, {"required", {"class"}}}},
            {"then", {{"$ref", "#/definitions/actor"}}},
            {"else", std::move(schema)}};
  }

  Json member(const Key& key) const {
    Json schema = {{"description", key.doc}};
    if (key.setting != nullptr && key.is_list && key.setting->fallback) {
      schema["default"] = Json::array();
      for (const std::string& text : *key.setting->fallback)
        schema["default"].push_back(json_of(key.type, text));
    } else if (!key.fallback.empty()) {
      const Json value = json_of(key.type, std::string(key.fallback));
      schema["default"] = key.type == kTexts ? Json::array({value}) : value;
    }
    schema.update(value(key));
    return schema;
  }

  Json value(const Key& key) const {
    if (key.is_list) return list(key, scalar(key, false));
    switch (key.type) {
      case kSection:
        return section(key.path);
      case kOneOf:
        return section_or_word(key);
      case kHosts:
        return hosts(key);
      case kEntries:
        return entries(key);
      case kFree:
        if (key.path == "sweep") return lists(key);
        return key.path == "vars" ? map(key, pattern_of_variable_key(), false)
                                  : list(key, text(pattern_of_text(), false));
      case kTexts:
      case kHostNames: {
        Json schema = list(key, text(pattern_of(key), false));
        schema["minItems"] = 1;
        return schema;
      }
      case kEnvironment:
        return map(key, pattern_of_variable_key(), true);
      case kOptions:
        return map(key, pattern_of_option_key(), true);
      case kLabels:
        return map(key, pattern_of_name_key(), true);
      default:
        return scalar(key, true);
    }
  }

  // Not alternatives: of those, readers can't tell which one was meant when they say what is wrong.
  Json section_or_word(const Key& key) const {
    const std::vector<std::string> kinds = kinds_of(key.path);
    Json schema = section(key.path);
    schema["type"] = types({"object", "string"}, true);
    schema["pattern"] = pattern_of_words(kinds);
    schema["patternErrorMessage"] =
        "must be " +
        (key.words.empty() ? "one of " + join(kinds, " | ") + ", or a map with a kind" : describe(key));
    schema["examples"] = kinds;
    return schema;
  }

  Json scalar(const Key& key, bool nullable) const {
    const std::vector<std::string> known = words_of(key, vocabulary_);
    switch (key.type) {
      case kWord:
      case kMethod:
      case kProblem:
      case kSparsifier:
      case kClass:
        return known.empty() ? variable(nullable) : any_of({words(known), variable(nullable)});
      case kBool:
        return spelled(key, {"boolean", "string"}, nullable);
      case kInteger:
      case kNumber: {
        Json number = spelled(key, {key.type == kInteger ? "integer" : "number", "string"}, nullable);
        return known.empty() ? number : any_of({words(known), std::move(number)});
      }
      case kStepSize:
        return any_of({words(known), spelled(key, {"number", "string"}, nullable), schedule(key)});
      case kDensity:
        return spelled(key, {"number", "string"}, nullable);
      case kAddress:
      case kSubnet:
      case kRemotePath:
      case kDuration:
      case kSize:
      case kEvery:
      case kBitRate:
      case kPorts:
        return spelled(key, {"string"}, nullable);
      default: {
        Json schema = text(pattern_of(key), nullable);
        schema["patternErrorMessage"] = "must be " + describe(key);
        return schema;
      }
    }
  }

  static Json schedule(const Key& key) {
    Key initial = key;
    initial.type = kNumber;
    initial.words = "";
    return {{"type", "object"},
            {"properties",
             {{"schedule", any_of({words({"inv-sqrt"}), variable(false)})},
              {"initial", spelled(initial, {"number", "string"}, false)}}},
            {"required", {"schedule", "initial"}},
            {"additionalProperties", false}};
  }

  Json entries(const Key& key) const {
    Json entry = section(std::string(key.path) + ".*");
    entry["type"] = "object";
    std::vector<Json> kinds;
    std::set<std::string_view> how;
    for (const ChaosKind& kind : chaos_kinds()) {
      kinds.push_back(is_given(kind.word));
      how.insert(kind.keys.begin(), kind.keys.end());
    }
    entry["allOf"] = {any_of(kinds), any_of({is_given("at"), is_given("every")}),
                      excludes("at", {"every", "until"})};
    for (const ChaosKind& kind : chaos_kinds()) entry["allOf"].push_back(rule_of_chaos(kind, how));
    return list(key, std::move(entry));
  }

  static Json excludes(std::string_view key, const std::vector<std::string_view>& others) {
    Json properties = Json::object();
    for (const std::string_view other : others) properties[other] = {{"type", "null"}};
    return {{"if", is_given(key)}, {"then", {{"properties", std::move(properties)}}}};
  }

  // `how`: the keys that say how, of all kinds.
  static Json rule_of_chaos(const ChaosKind& kind, std::set<std::string_view> how) {
    for (const std::string_view key : kind.keys) how.erase(key);
    std::vector<std::string_view> others(how.begin(), how.end());
    for (const ChaosKind& other : chaos_kinds()) {
      if (other.word != kind.word) others.push_back(other.word);
    }
    Json rule = excludes(kind.word, others);
    for (const std::string_view key : kind.keys) {
      rule["then"]["required"].push_back(key);
      rule["then"]["properties"][key] = given();
    }
    return rule;
  }

  // Numbers in quotes are numbers to wisp, too.
  static Json spelled(const Key& key, std::vector<std::string> names, bool nullable) {
    Json schema = {{"type", types(std::move(names), nullable)}};
    if (is_of_json(key.type)) add_range(schema, key.range);
    schema["pattern"] = pattern_of(key);
    schema["errorMessage"] = schema["patternErrorMessage"] = "must be " + describe(key);
    return schema;
  }

  // With what a word may look like to a reader that takes text for more than text.
  static Json words(const std::vector<std::string>& words) {
    Json values = Json::array();
    for (const std::string& word : words) {
      values.push_back(word);
      if (const Json value = json_of(kNumber, word); !value.is_string()) values.push_back(value);
    }
    return {{"enum", std::move(values)}};
  }

  static Json variable(bool nullable) {
    return {{"type", types({"string"}, nullable)}, {"pattern", pattern_of_variable()}};
  }

  // Text is text whatever it looks like: `name: 7` is one.
  static Json text(const std::string& pattern, bool nullable) {
    return {{"type", types({"string", "number", "boolean"}, nullable)}, {"pattern", pattern}};
  }

  static Json list(const Key& key, Json item) {
    return {{"type", types({"array"}, true)},
            {"items", std::move(item)},
            {"errorMessage", "must be " + describe(key)}};
  }

  static Json map(const Key& key, const std::string& names, bool nullable) {
    return {{"type", types({"object"}, true)},
            {"propertyNames", {{"pattern", names}}},
            {"additionalProperties", text(pattern_of_text(), nullable)},
            {"errorMessage", "must be " + describe(key)}};
  }

  // Of whatever the keys take: an editor sees that only where a job says it.
  static Json lists(const Key& key) {
    return {{"type", types({"object"}, true)},
            {"additionalProperties", {{"type", types({"array"}, true)}, {"minItems", 1}}},
            {"errorMessage", "must be " + describe(key)}};
  }

  Json hosts(const Key& key) const {
    return {{"type", types({"object", "array"}, true)},
            {"propertyNames", {{"pattern", pattern_of_host_key()}}},
            {"additionalProperties", section("hosts.*")},
            {"items", text(pattern_of(key), false)}};
  }

  // A job is complete: that of plain actors, or the usual one.
  Json whole_job() const {
    const Json own_actor = {{"type", "object"}, {"required", {"class"}}};
    const Json has_own = {{"type", "object"}, {"not", {{"additionalProperties", {{"not", own_actor}}}}}};
    const Json plain = {
        {"required", {"actors"}}, {"properties", {{"actors", has_own}}}, {"not", problem_or_method()}};
    return {{"if", plain}, {"then", complete("", true)}, {"else", complete("", false)}};
  }

  // Actors of one's own are not for a job with a problem and a method.
  Json either_kind_of_job() const {
    Json names = Json::array();
    for (const Key* key : children("actors")) names.push_back(last_of(key->path));
    const Json no_own = {{"propertyNames", {{"enum", std::move(names)}}},
                         {"additionalProperties", {{"properties", {{"class", false}}}}}};
    return {{"if", problem_or_method()}, {"then", {{"properties", {{"actors", no_own}}}}}};
  }

  // What must be there below a section when nothing is included; empty if it is nothing.
  Json complete(std::string_view path, bool plain) const {
    Json schema = Json::object();
    if (plain && path == "actors") {
      schema["additionalProperties"] = complete(kActor, plain);
      return schema;
    }
    for (const Key* key : children(path)) {
      if (!key->owner.empty()) continue;
      Json inner = plain && is_of_optimization(key->path) ? Json(false) : complete_member(*key, plain);
      if (key->required && inner.is_object()) schema["required"].push_back(last_of(key->path));
      if (!inner.empty()) schema["properties"][last_of(key->path)] = std::move(inner);
    }
    Json rules = required_of_kinds(path);
    if (!rules.empty()) schema["allOf"] = std::move(rules);
    return schema;
  }

  Json complete_member(const Key& key, bool plain) const {
    Json schema = is_section(key) ? complete(key.path, plain) : Json::object();
    if (key.required) schema.update(given());
    return schema;
  }

  Json required_of_kinds(std::string_view path) const {
    Json rules = Json::array();
    const std::string_view section = path == kActor ? kArguments : path;
    for (const std::string& kind : kinds_of(section)) {
      Json keys = required_of_kind(section, kind);
      if (keys.empty()) continue;
      if (section == kArguments) {
        keys = {{"required", {"args"}}, {"properties", {{"args", std::move(keys)}}}};
        rules.push_back({{"if", has_word("class", kind)}, {"then", std::move(keys)}});
      } else {
        rules.push_back({{"not", {{"const", kind}}}});  // the bare word
        rules.push_back({{"if", has_word("kind", kind)}, {"then", std::move(keys)}});
      }
    }
    return rules;
  }

  // A schema that wants the keys that this kind can't do without; empty if there are none.
  Json required_of_kind(std::string_view section, const std::string& kind) const {
    Json schema = Json::object();
    for (const Key* key : children(section)) {
      if (key->owner != kind || !key->required) continue;
      const std::string name(last_of(key->path));
      schema["required"].push_back(name);
      schema["properties"][name] = given();
    }
    return schema;
  }

  const Vocabulary& vocabulary_;
  const KeyTable table_;
};

}  // namespace

std::string to_json_schema(const Vocabulary& vocabulary) { return SchemaWriter(vocabulary).run().dump(2); }

}  // namespace wisp::config
