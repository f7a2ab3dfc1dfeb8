#include "launcher/lines.h"

#include <vector>

#include <gtest/gtest.h>

namespace wisp::launcher {
namespace {

std::vector<std::string> split(LineSplitter& splitter, const std::vector<std::string>& pieces) {
  std::vector<std::string> lines;
  const auto sink = [&](std::string_view line) { lines.emplace_back(line); };
  for (const std::string& each : pieces) splitter.feed(std::as_bytes(std::span(each)), sink);
  splitter.finish(sink);
  return lines;
}

using Lines = std::vector<std::string>;

TEST(LineSplitter, cuts_at_newlines_wherever_the_pieces_end) {
  LineSplitter splitter;
  EXPECT_EQ(split(splitter, {"on", "e\ntwo\n\nfo", "ur\nrest"}), (Lines{"one", "two", "", "four", "rest"}));
}

TEST(LineSplitter, drops_the_carriage_return_of_a_line_end_only) {
  LineSplitter splitter;
  EXPECT_EQ(split(splitter, {"a\r", "\nb\rc\n"}), (Lines{"a", "b\rc"}));
}

TEST(LineSplitter, gives_a_long_line_in_pieces) {
  LineSplitter splitter(4);
  EXPECT_EQ(split(splitter, {"123456789\n"}), (Lines{"1234", "5678", "9"}));
  EXPECT_EQ(split(splitter, {"1234", "\n", "1234", "5\n"}), (Lines{"1234", "1234", "5"}));
}

TEST(LineSplitter, keeps_any_byte) {
  LineSplitter splitter;
  EXPECT_EQ(split(splitter, {std::string("a\0\xff\n", 4)}), (Lines{std::string("a\0\xff", 3)}));
}

}  // namespace
}  // namespace wisp::launcher
