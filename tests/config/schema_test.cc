#include "config/schema.h"

#include <string>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "config/keys.h"
#include "tests/config/workbench.h"

// That the schema agrees with load() is for tests/system/schema_test.py, which has a validator.
namespace wisp::config {
namespace {

using nlohmann::json;

json schema_of(const Vocabulary& vocabulary) { return json::parse(to_json_schema(vocabulary)); }

// Past what stands for an actor of one's own with the same name.
const json& section_of(const json& schema) { return schema.contains("else") ? schema["else"] : schema; }

const json& schema_at(const json& root, const std::string& path) {
  const json* at = &root;
  for (const std::string& name : split(path, '.')) {
    const json& section = section_of(*at);
    if (name == "*" && section.contains("items") && section["items"].contains("properties")) {
      at = &section["items"];
    } else if (name == "*") {
      const json& named = section["additionalProperties"];
      at = named.contains("$ref") ? &root["definitions"]["actor"] : &named;
    } else {
      at = &section["properties"].at(name);
    }
  }
  return section_of(*at);
}

// What the kind that takes a key makes of it.
const json& owned_at(const json& root, const Key& key) {
  for (const json& rule : schema_at(root, std::string(parent_of(key.path)))["allOf"]) {
    if (rule["if"]["properties"]["kind"]["const"] == std::string(key.owner))
      return rule["then"]["properties"].at(std::string(last_of(key.path)));
  }
  throw Error("no kind takes " + std::string(key.path));
}

TEST(Schema, has_every_key_with_its_line_of_docs) {
  const json schema = schema_of(small_vocabulary());
  for (const Key& key : keys()) {
    const json& found = key.owner.empty() ? schema_at(schema, std::string(key.path)) : owned_at(schema, key);
    EXPECT_EQ(found.contains("default"), !key.fallback.empty()) << key.path;
    const bool is_list = key.type == KeyType::kEntries;
    EXPECT_TRUE(!is_section(key) || is_list || found.contains("additionalProperties")) << key.path;
    if (last_of(key.path) == "*") continue;
    EXPECT_EQ(found["description"], std::string(key.doc)) << key.path;
  }
}

TEST(Schema, defaults_and_limits_are_values_of_json) {
  const json schema = schema_of(small_vocabulary());
  EXPECT_EQ(schema_at(schema, "actors.worker.replicas")["default"], 1);
  EXPECT_EQ(schema_at(schema, "actors.worker.replicas")["maximum"], 65535);
  EXPECT_EQ(schema_at(schema, "actors.worker.placement.oversubscribe")["default"], false);
  EXPECT_EQ(schema_at(schema, "stop.diverged")["default"], 1000);
  EXPECT_EQ(schema_at(schema, "stop.diverged")["exclusiveMinimum"], 1);
  EXPECT_EQ(schema_at(schema, "timeouts.start")["default"], "60s");
  EXPECT_EQ(schema_at(schema, "ssh.program")["default"], json::array({"ssh"}));
}

TEST(Schema, words_are_those_of_the_vocabulary) {
  const json schema = schema_of(small_vocabulary());
  EXPECT_EQ(schema_at(schema, "method.kind")["anyOf"][0]["enum"], json({"gd", "ibcd", "isega"}));
  EXPECT_EQ(schema_at(schema, "method")["examples"], json({"gd", "ibcd", "isega"}));
  EXPECT_EQ(schema_at(schema, "method.step_size")["anyOf"][0]["enum"], json({"theory", "paper"}));
  EXPECT_EQ(schema_at(schema, "method.step_size")["anyOf"][2]["required"], json({"schedule", "initial"}));
}

TEST(Schema, beside_never_no_key_is_given) {
  const json schema = schema_of(small_vocabulary());
  const json& rule = schema_at(schema, "checkpoint")["allOf"][0];
  EXPECT_EQ(rule["if"]["properties"]["kind"]["const"], "never");
  EXPECT_EQ(rule["then"]["properties"]["keep"]["type"], "null");
  EXPECT_FALSE(rule["then"]["properties"].contains("kind"));
  EXPECT_EQ(schema_at(schema, "checkpoint")["patternErrorMessage"], "must be never, or a map of keys");
}

TEST(Schema, without_plugins_there_is_no_class_to_name) {
  EXPECT_EQ(schema_at(schema_of(small_vocabulary()), "actors.*.class")["pattern"], "\\$\\{[A-Za-z_]");
  EXPECT_EQ(to_json_schema({}).find("\"enum\": []"), std::string::npos) << "editors refuse a schema with one";
}

TEST(Schema, the_keys_of_a_kind_depend_on_it) {
  const json schema = schema_of(plugin_vocabulary());
  const json& method = schema_at(schema, "method");
  EXPECT_EQ(method["properties"]["momentum"], json::object());
  const json& rules = method["allOf"];
  ASSERT_EQ(rules.size(), 4u);
  EXPECT_EQ(rules[0]["if"]["properties"]["kind"]["const"], "gd");
  EXPECT_EQ(rules[0]["then"]["properties"]["momentum"], false);
  EXPECT_EQ(rules[3]["if"]["properties"]["kind"]["const"], "heavy-ball");
  EXPECT_EQ(rules[3]["then"]["properties"]["momentum"]["maximum"], 1);
  EXPECT_EQ(rules[3]["then"]["properties"]["momentum"]["default"], 0.9);
  const json& actor = schema["definitions"]["actor"]["allOf"];
  ASSERT_EQ(actor.size(), 3u);
  EXPECT_EQ(actor[1]["if"]["properties"]["class"]["const"], "my::Evaluator");
  const json& args = actor[1]["then"]["properties"]["args"]["properties"];
  EXPECT_EQ(args["weights"]["items"]["type"], json({"number", "string"}));
  EXPECT_EQ(args["weights"]["default"], json({0.5}));
  EXPECT_EQ(actor[0]["then"]["properties"]["args"]["properties"]["every"], false);
}

}  // namespace
}  // namespace wisp::config
