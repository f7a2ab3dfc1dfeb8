// What a saving actor has acknowledged as durable outlives it, and takes effect once.
#include "tests/sim/saving_master.h"

#include <cstdio>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/seeds.h"

namespace wisp::runtime::sim {
namespace {

TEST(SavingMaster, holds_for_every_seed) {
  std::uint64_t events = 0;
  std::uint64_t restarts = 0;
  for (std::uint64_t seed = wisp::test::seed(); seed < wisp::test::seed() + wisp::test::seeds(); ++seed) {
    SavingMaster one(seed, SavingFaults(), false);
    const std::string violation = one.run();
    events += one.world().events();
    restarts += one.restarts() - 1;
    if (violation.empty()) continue;
    SavingMaster again(seed, SavingFaults(), true);
    (void)again.run();
    for (const std::string& line : again.world().trace()) std::printf("%s\n", line.c_str());
    FAIL() << "seed " << seed << ": " << violation << "\nreplay: " << wisp::test::replay(seed);
  }
  EXPECT_GT(restarts, wisp::test::seeds() / 4);
  RecordProperty("events_a_seed", std::to_string(events / wisp::test::seeds()));
  RecordProperty("restarts", std::to_string(restarts));
}

TEST(SavingMaster, the_same_seed_is_the_same_world) {
  for (std::uint64_t seed = wisp::test::seed(); seed < wisp::test::seed() + 20; ++seed) {
    SavingMaster first(seed, SavingFaults(), false);
    SavingMaster second(seed, SavingFaults(), true);
    EXPECT_EQ(first.run(), second.run());
    EXPECT_EQ(first.world().trace_hash(), second.world().trace_hash()) << "seed " << seed;
  }
}

struct Planted {
  const char* name;
  bool SavingFaults::*fault;
  int seeds;
};

class PlantedSavingFault : public testing::TestWithParam<Planted> {};

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedSavingFault,
    testing::Values(Planted{"forget_table", &SavingFaults::forget_table, 20},
                    Planted{"acknowledge_before_save", &SavingFaults::acknowledge_before_save, 20},
                    Planted{"no_incarnation_check", &SavingFaults::no_incarnation_check, 400}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_P(PlantedSavingFault, is_found) {
  SavingFaults planted;
  planted.*GetParam().fault = true;
  int seeds = 0;
  std::string found;
  while (found.empty() && seeds < GetParam().seeds) {
    SavingMaster one(wisp::test::seed() + static_cast<std::uint64_t>(seeds++), planted, false);
    found = one.run();
  }
  EXPECT_THAT(found, testing::Not(testing::IsEmpty())) << "not within " << seeds << " seeds";
  RecordProperty("seeds", std::to_string(seeds));
  RecordProperty("found", found);
}

}  // namespace
}  // namespace wisp::runtime::sim
