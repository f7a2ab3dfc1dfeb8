// Between live actors each effect happens exactly once and in order, whatever the network does.
#include "tests/sim/exactly_once.h"

#include <cstdio>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/seeds.h"

namespace wisp::runtime::sim {
namespace {

void print_trace(std::uint64_t seed, const LinkFaults& planted) {
  ExactlyOnce again(seed, planted, true);
  (void)again.run();
  for (const std::string& line : again.world().trace()) std::printf("%s\n", line.c_str());
}

TEST(ExactlyOnce, holds_for_every_seed) {
  std::uint64_t events = 0;
  std::uint64_t replaced = 0;
  std::uint64_t fenced = 0;
  for (std::uint64_t seed = wisp::test::seed(); seed < wisp::test::seed() + wisp::test::seeds(); ++seed) {
    ExactlyOnce one(seed, LinkFaults(), false);
    const std::string violation = one.run();
    events += one.world().events();
    replaced += one.replaced();
    fenced += one.fenced();
    if (violation.empty()) continue;
    print_trace(seed, LinkFaults());
    FAIL() << "seed " << seed << ": " << violation << "\nreplay: " << wisp::test::replay(seed);
  }
  RecordProperty("events_a_seed", std::to_string(events / wisp::test::seeds()));
  RecordProperty("replaced", std::to_string(replaced));
  RecordProperty("fenced", std::to_string(fenced));
}

TEST(ExactlyOnce, the_same_seed_is_the_same_world) {
  for (std::uint64_t seed = wisp::test::seed(); seed < wisp::test::seed() + 20; ++seed) {
    ExactlyOnce first(seed, LinkFaults(), false);
    ExactlyOnce second(seed, LinkFaults(), true);
    ExactlyOnce other(seed + 1, LinkFaults(), false);
    EXPECT_EQ(first.run(), second.run());
    (void)other.run();
    EXPECT_EQ(first.world().trace_hash(), second.world().trace_hash()) << "seed " << seed;
    EXPECT_EQ(first.world().events(), second.world().events());
    EXPECT_NE(first.world().trace_hash(), other.world().trace_hash());
    EXPECT_TRUE(first.world().trace().empty());
    EXPECT_FALSE(second.world().trace().empty());
  }
}

struct Planted {
  const char* name;
  bool LinkFaults::*fault;
  const char* found;
};

class PlantedFault : public testing::TestWithParam<Planted> {};

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedFault,
    testing::Values(Planted{"no_dedupe", &LinkFaults::no_dedupe, "lost, doubled or overtaken"},
                    Planted{"no_resend", &LinkFaults::no_resend, "stuck"},
                    Planted{"ignore_window", &LinkFaults::ignore_window, "window was exceeded"},
                    Planted{"accept_gap", &LinkFaults::accept_gap, "lost, doubled or overtaken"}),
    [](const auto& each) { return std::string(each.param.name); });

// The simulation is worth something only if it finds what is wrong.
TEST_P(PlantedFault, is_found_within_20_seeds) {
  LinkFaults planted;
  planted.*GetParam().fault = true;
  std::vector<std::string> found;
  do {
    ExactlyOnce one(wisp::test::seed() + found.size(), planted, false);
    found.push_back(one.run());
  } while (found.back().find(GetParam().found) == std::string::npos && found.size() < 20);
  EXPECT_THAT(found, testing::Contains(testing::HasSubstr(GetParam().found)));
  RecordProperty("seeds", std::to_string(found.size()));
}

}  // namespace
}  // namespace wisp::runtime::sim
