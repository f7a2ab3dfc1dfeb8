#pragma once
// Stories: what a simulated world does, line by line, as a test tells it.
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/simulated_world.h"

namespace wisp::test {

namespace story_detail {

// Neither indentation nor the number of blanks is part of a story.
inline std::string plain(const std::string& line) {
  std::istringstream words(line);
  std::string plain;
  for (std::string word; words >> word;) plain += (plain.empty() || plain == "[" ? "" : " ") + word;
  return plain;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    line = plain(line);
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

}  // namespace story_detail

// Runs the world until its trace has as many lines as the story; the lines told are then forgotten, so that
// the next story goes on from there.
inline testing::AssertionResult tells(runtime::SimulatedWorld& world, const std::string& story) {
  const std::vector<std::string> expected = story_detail::lines_of(story);
  (void)world.run_until([&] { return world.trace().size() >= expected.size(); });
  std::string actual;
  bool same = world.trace().size() >= expected.size();
  for (std::size_t i = 0; i < expected.size() && i < world.trace().size(); ++i) {
    const std::string line = story_detail::plain(world.trace()[i]);
    const bool differs = line != expected[i];
    if (differs) same = false;
    actual += (differs ? "  now:   " : "         ") + line + "\n";
    if (differs) actual += "  story: " + expected[i] + "\n";
  }
  world.forget_trace(expected.size());
  if (same) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "seed " << world.seed() << ": the world tells another story\n"
                                     << actual;
}

#define EXPECT_STORY(world, story) EXPECT_TRUE(::wisp::test::tells(world, story))

}  // namespace wisp::test
