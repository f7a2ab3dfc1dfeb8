#include "config/source.h"

#include <gtest/gtest.h>

namespace wisp::config {
namespace {

TEST(Source, gives_its_lines_without_their_ends) {
  const Source source(Source::Kind::kFile, "a", "", "one\r\ntwo\n\nlast", 0);
  EXPECT_EQ(source.line(1), "one");
  EXPECT_EQ(source.line(2), "two");
  EXPECT_EQ(source.line(3), "");
  EXPECT_EQ(source.line(4), "last");
  EXPECT_EQ(source.line(5), "");
  EXPECT_EQ(source.line(0), "");
}

TEST(Source, names_places) {
  const auto file = std::make_shared<Source>(Source::Kind::kFile, "job.yaml", "", "a: 1", 0);
  const auto option = std::make_shared<Source>(Source::Kind::kOption, "--set", "", "a=1", 1);
  EXPECT_EQ(to_string(Place{file, 3, 4, 1}), "job.yaml:3:4");
  EXPECT_EQ(to_string(Place{file, 0, 0, 0}), "job.yaml");
  EXPECT_EQ(to_string(Place{option, 1, 3, 1}), "--set");
  EXPECT_EQ(to_string(Place{}), "");
}

}  // namespace
}  // namespace wisp::config
