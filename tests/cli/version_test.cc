#include "cli/version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

TEST(Version, says_what_the_program_was_built_from) {
  EXPECT_THAT(kVersion, testing::StartsWith("0."));
  EXPECT_THAT(kCommit, testing::MatchesRegex("unknown|[0-9a-f]+(-dirty)?"));
  EXPECT_THAT(kFlags, testing::HasSubstr("-ffp-contract=off"));
  for (const auto& [name, number] : library_versions()) {
    EXPECT_THAT(number, testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+")) << name;
  }
}

TEST(Version, as_an_object) {
  GlobalOptions options;
  options.json = true;
  const auto json = nlohmann::json::parse(test::printed([&] { EXPECT_EQ(version_command(options), 0); }));
  EXPECT_EQ(json["version"], kVersion);
  EXPECT_EQ(json["libraries"].size(), 3u);
}

}  // namespace
}  // namespace wisp::cli
