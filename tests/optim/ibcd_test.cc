#include "optim/ibcd.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/optim/compare_with_oracle.h"

namespace wisp::optim {
namespace {

double mean_step_is_gamma_tau(double tau) { return 1 / tau; }

TEST(Ibcd, follows_the_oracle) {
  test::expect_follows_oracle<double, test::IbcdOracle>("ibcd", 1e-12, mean_step_is_gamma_tau);
}

TEST(Ibcd, follows_the_oracle_in_float) {
  test::expect_follows_oracle<float, test::IbcdOracle>("ibcd", 2e-5, mean_step_is_gamma_tau);
}

// IBGD, P2 Algorithm 3: the same rules with the sparsifier all-or-nothing.
TEST(Ibgd, follows_the_oracle) {
  test::expect_follows_oracle<double, test::IbgdOracle>("ibgd", 1e-12, mean_step_is_gamma_tau);
}

TEST(Ibgd, is_gd_when_all_is_sent) { test::expect_is_gd_when_all_is_sent("ibgd", 1e-14); }

TEST(Ibgd, survives_a_restart) {
  test::expect_survives_restart<double>("ibgd");
  test::expect_survives_restart<float>("ibgd");
}

TEST(Ibcd, is_gd_when_all_is_sent) { test::expect_is_gd_when_all_is_sent("ibcd", 1e-14); }

TEST(Ibcd, survives_a_restart) {
  test::expect_survives_restart<double>("ibcd");
  test::expect_survives_restart<float>("ibcd");
}

TEST(Ibcd, sends_k_blocks_of_the_gradient) {
  const sparse::Catalog sparsifiers;
  IbcdWorker<double> worker({.seed = 1,
                             .worker = 0,
                             .workers = 2,
                             .dim = 4,
                             .sparsifier = {.kind = "random-blocks"},
                             .sparsifiers = &sparsifiers});
  const auto f = test::make_dense_objective<double>(
      {.loss = test::Loss::kQuadratic, .d = 4, .a = {}, .b = {}, .weight = 1, .l2 = 2});  // grad f(x) = 2x
  const auto sent = worker.step(0, std::vector<double>{1, 2, 3, 4}, *f);
  sent.check(4);
  EXPECT_EQ(sent.nnz(), 2U);
  sent.for_each([](std::uint32_t coordinate, double value) { EXPECT_EQ(value, 2.0 * (coordinate + 1)); });
}

}  // namespace
}  // namespace wisp::optim
