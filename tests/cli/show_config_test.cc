#include "cli/show_config.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

TEST(ShowConfig, every_value_with_where_it_came_from) {
  const test::Scratch scratch;
  ConfigOptions config;
  config.files = {test::synthetic_job(scratch)};
  const std::string text = test::printed([&] { EXPECT_EQ(config_command({}, config), 0); });
  EXPECT_THAT(text, HasSubstr("replicas: 4  # from " + config.files[0] + ":4\n"));
  EXPECT_THAT(text, HasSubstr("dtype: float64  # default\n"));
}

TEST(ShowConfig, json_by_either_option) {
  const test::Scratch scratch;
  ConfigOptions config;
  config.files = {test::synthetic_job(scratch)};
  GlobalOptions options;
  options.json = true;
  const std::string text = test::printed([&] { config_command(options, config); });
  EXPECT_EQ(nlohmann::json::parse(text)["actors"]["worker"]["replicas"], 4);
  config.format = "json";
  EXPECT_EQ(test::printed([&] { config_command({}, config); }), text);
}

TEST(ShowConfig, schema_instead_of_a_job) {
  ConfigOptions config;
  config.schema = true;
  const auto schema = nlohmann::json::parse(test::printed([&] { EXPECT_EQ(config_command({}, config), 0); }));
  EXPECT_EQ(schema["title"], "wisp job file");
  const auto& methods = schema["properties"]["method"]["examples"];
  EXPECT_NE(std::find(methods.begin(), methods.end(), "isega"), methods.end());
}

}  // namespace
}  // namespace wisp::cli
