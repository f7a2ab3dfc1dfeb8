#include "cli/list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

std::string listed(const std::string& what, bool json = false) {
  GlobalOptions options;
  options.json = json;
  return test::printed([&] { EXPECT_EQ(list_command(options, {what}), 0); });
}

TEST(List, everything_that_a_job_file_can_name) {
  EXPECT_THAT(listed("methods"), HasSubstr("\nisega "));
  EXPECT_THAT(listed("problems"), HasSubstr("\nleast-squares  "));
  EXPECT_THAT(listed("sparsifiers"), HasSubstr("\nrandom-blocks  "));
  EXPECT_THAT(listed("actors"), HasSubstr("\nworker/float64        -\n"));
  EXPECT_THAT(listed("keys"), HasSubstr("\nstop.rounds "));
}

TEST(List, keys_come_with_default_and_words) {
  const auto keys = nlohmann::json::parse(listed("keys", true));
  bool seen = false;
  for (const auto& key : keys) {
    if (key["key"] != "dtype") continue;
    seen = true;
    EXPECT_EQ(key["default"], "float64");
    EXPECT_EQ(key["value"], "float64 | float32");
  }
  EXPECT_TRUE(seen);
}

TEST(List, methods_as_objects) {
  const auto methods = nlohmann::json::parse(listed("methods", true));
  ASSERT_FALSE(methods.empty());
  EXPECT_EQ(methods[0]["method"], "gd");
  EXPECT_EQ(methods[0]["sparsifiers"], "identity");
}

TEST(List, keys_as_markdown) {
  ListOptions list;
  list.what = "keys";
  list.markdown = true;
  const std::string text = test::printed([&] { EXPECT_EQ(list_command({}, list), 0); });
  EXPECT_THAT(text, testing::StartsWith("| KEY | DEFAULT | VALUE | DESCRIPTION |\n|---|---|---|---|\n"));
  EXPECT_THAT(text, HasSubstr("\n| `version` | | 1 | schema version of this file (required) |\n"));
}

}  // namespace
}  // namespace wisp::cli
