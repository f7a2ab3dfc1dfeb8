// Whatever ends, a supervised run goes on to its end, with every update once.
#include "tests/sim/recovery.h"

#include <cstdio>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/seeds.h"

namespace wisp::actors::sim {
namespace {

TEST(Recovery, holds_for_every_seed) {
  std::uint64_t events = 0;
  std::uint64_t back = 0;
  std::uint64_t resumed = 0;
  for (std::uint64_t seed = wisp::test::seed(); seed < wisp::test::seed() + wisp::test::seeds(); ++seed) {
    Recovery one(seed, RecoveryFaults(), false);
    const std::string violation = one.run();
    events += one.world().events();
    back += one.told("back");
    resumed += one.told("resumed");
    if (violation.empty()) continue;
    Recovery again(seed, RecoveryFaults(), true);
    (void)again.run();
    for (const std::string& line : again.world().trace()) std::printf("%s\n", line.c_str());
    FAIL() << "seed " << seed << ": " << violation << "\nreplay: " << wisp::test::replay(seed);
  }
  EXPECT_GT(back, wisp::test::seeds() / 2);
  EXPECT_GT(resumed, wisp::test::seeds() / 4);
  RecordProperty("events_a_seed", std::to_string(events / wisp::test::seeds()));
  RecordProperty("back", std::to_string(back));
  RecordProperty("resumed", std::to_string(resumed));
}

TEST(Recovery, the_same_seed_is_the_same_world) {
  for (std::uint64_t seed = wisp::test::seed(); seed < wisp::test::seed() + 20; ++seed) {
    Recovery first(seed, RecoveryFaults(), false);
    Recovery second(seed, RecoveryFaults(), true);
    EXPECT_EQ(first.run(), second.run());
    EXPECT_EQ(first.world().trace_hash(), second.world().trace_hash()) << "seed " << seed;
  }
}

struct Planted {
  const char* name;
  std::vector<bool RecoveryFaults::*> faults;
  int seeds;
};

class PlantedRecoveryFault : public testing::TestWithParam<Planted> {};

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedRecoveryFault,
    testing::Values(Planted{"no_recall", {&RecoveryFaults::no_recall}, 400},
                    Planted{"nothing_on_its_way", {&RecoveryFaults::nothing_on_its_way}, 400},
                    Planted{"late_save", {&RecoveryFaults::late_save}, 400},
                    Planted{"keep_dead_cut", {&RecoveryFaults::keep_dead_cut}, 400},
                    Planted{
                        "early_trim", {&RecoveryFaults::early_trim, &RecoveryFaults::no_known_check}, 400},
                    Planted{"no_rewind", {&RecoveryFaults::no_rewind}, 400},
                    Planted{"late_part", {&RecoveryFaults::late_part}, 400},
                    Planted{"mixed_parts", {&RecoveryFaults::mixed_parts}, 400},
                    Planted{"early_answer", {&RecoveryFaults::early_answer}, 400},
                    Planted{"ends_by_name", {&RecoveryFaults::ends_by_name}, 400}),
    [](const auto& each) { return std::string(each.param.name); });

// The simulation is worth something only if it finds what is wrong.
TEST_P(PlantedRecoveryFault, is_found) {
  RecoveryFaults planted;
  for (const auto fault : GetParam().faults) planted.*fault = true;
  int seeds = 0;
  std::string found;
  while (found.empty() && seeds < GetParam().seeds) {
    Recovery one(wisp::test::seed() + static_cast<std::uint64_t>(seeds++), planted, false);
    found = one.run();
  }
  EXPECT_THAT(found, testing::Not(testing::IsEmpty())) << "not within " << seeds << " seeds";
  RecordProperty("seeds", std::to_string(seeds));
  RecordProperty("found", found);
}

}  // namespace
}  // namespace wisp::actors::sim
