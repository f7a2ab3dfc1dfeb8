#include "optim/isaga_shared.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/pack.h"
#include "tests/optim/compare_with_oracle.h"

namespace wisp::optim {
namespace {

double gamma_of_mean_step(double tau) { return 1 / tau; }

const test::Variant kShared{.dealt = test::Dealt::kAll};

TEST(IsagaShared, follows_the_oracle) {
  test::expect_follows_oracle<double, test::IsagaSharedOracle>("isaga-shared", 1e-12, gamma_of_mean_step,
                                                               kShared);
}

TEST(IsagaShared, follows_the_oracle_in_float) {
  test::expect_follows_oracle<float, test::IsagaSharedOracle>("isaga-shared", 5e-5, gamma_of_mean_step,
                                                              kShared);
}

// One worker draws what saga's does: the first number below N of the same stream.
TEST(IsagaShared, is_saga_on_one_machine_when_all_is_sent) {
  test::expect_is_the_same_when_all_is_sent("isaga-shared", "saga", 1e-12,
                                            {.dealt = test::Dealt::kOneMachine});
}

TEST(IsagaShared, survives_a_restart) {
  test::expect_survives_restart<double>("isaga-shared", kShared);
  test::expect_survives_restart<float>("isaga-shared", kShared);
}

TEST(SharedDraw, has_every_sample_equally_often_and_none_twice_in_a_round) {
  SharedDraw draw(test::seed(), 3);
  std::vector<int> count(7);
  for (std::uint64_t round = 0; round < 7'000; ++round) {
    const auto chosen = draw.of_round(round, 7);
    EXPECT_LT(chosen[0], chosen[1]);
    EXPECT_LT(chosen[1], chosen[2]);
    for (const std::uint32_t each : chosen) ++count.at(each);
  }
  for (const int each : count) EXPECT_NEAR(each, 3'000, 250);  // 6 standard deviations
}

TEST(IsagaSharedMaster, refuses_the_table_of_other_samples) {
  IsagaSharedMaster<double> two({.workers = 1, .dim = 2, .step = 1, .samples = 2});
  IsagaSharedMaster<double> three({.workers = 1, .dim = 2, .step = 1, .samples = 3});
  Packer packer;
  two.save(packer);
  Unpacker unpacker(packer.finish());
  EXPECT_THROW(three.restore(unpacker), DecodeError);
}

}  // namespace
}  // namespace wisp::optim
