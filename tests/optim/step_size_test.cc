#include "optim/step_size.h"

#include <cmath>
#include <optional>

#include <gtest/gtest.h>

namespace wisp::optim {
namespace {

constexpr Constants kTen{.L = 2, .mu = 0.01, .workers = 10, .tau = 0.1};
constexpr Constants kAll{.L = 2, .mu = 0.01, .workers = 10, .tau = 1};

TEST(Steps, fall_as_their_schedule_says) {
  EXPECT_EQ((Steps{.first = 0.3}.at(1000)), 0.3);
  const Steps falling{.first = 0.3, .schedule = Schedule::kInvSqrt};
  EXPECT_EQ(falling.at(0), 0.3);
  EXPECT_EQ(falling.at(3), 0.15);
  EXPECT_EQ(falling.share(99), 0.1);
}

TEST(StepSize, of_gd) {
  EXPECT_DOUBLE_EQ(gd_theory_step(kTen), 0.5);
  EXPECT_DOUBLE_EQ(gd_paper_step(kTen), 0.25);
}

TEST(StepSize, of_ibcd) {
  EXPECT_DOUBLE_EQ(ibcd_theory_step(kTen), 0.1 * 10 / (1 + 1.8) / 4);  // Theorem 1 at tau = 1/n
  EXPECT_DOUBLE_EQ(ibcd_paper_step(kTen), 1 / (2 * (2 - 0.1)));        // half of gd's 1/L, but for 1/n
  EXPECT_DOUBLE_EQ(ibcd_paper_step(kAll), gd_theory_step(kAll));
  EXPECT_DOUBLE_EQ(ibcd_theory_step(kAll), gd_paper_step(kAll));
}

TEST(StepSize, of_isega) {
  EXPECT_DOUBLE_EQ(isega_paper_step(kTen), gd_paper_step(kTen));       // Figs 2, 11: the same at tau = 1/n
  EXPECT_DOUBLE_EQ(isega_theory_step(kTen), gd_paper_step(kTen) / 4);  // first term of Theorem 3
  const Constants curved{.L = 2, .mu = 2, .workers = 10, .tau = 0.1};
  EXPECT_DOUBLE_EQ(isega_theory_step(curved), 1 / (20.0 + 8.0));  // second term
}

TEST(StepSize, of_the_methods_that_go_by_samples) {
  EXPECT_DOUBLE_EQ(isaga_theory_step(kTen), 1 / (4 * 2.0));                              // gamma = n/(4L)
  EXPECT_DOUBLE_EQ(isaga_theory_step({.L = 2, .workers = 1, .tau = 1}), 1 / (4 * 2.0));  // SAGA's 1/(4L)
}

TEST(StepSize, of_isgd) {
  const double a = 2 * (0.1 + 1.8 / 10) * 2;
  EXPECT_DOUBLE_EQ(isgd_theory_step(kTen), 0.1 / a);
  EXPECT_DOUBLE_EQ(isgd_theory_decay(kTen), 0.01 * 0.1 / 4 / a);
  EXPECT_DOUBLE_EQ(isgd_theory_step(kAll), 1 / 4.0);  // 1/(2L)
  EXPECT_DOUBLE_EQ(isgd_paper_step(kTen), 0.1);
}

TEST(StepSize, of_the_accelerated_ones) {
  EXPECT_DOUBLE_EQ(nesterov_theory_step(kTen), 0.5);
  EXPECT_DOUBLE_EQ(iasgd_theory_step(kAll), 0.5);  // rho = 1
  EXPECT_DOUBLE_EQ(iasgd_theory_step(kTen), 0.5 / (1 + 200 * 0.9));
  Constants given = kTen;
  given.rho = 4;
  EXPECT_DOUBLE_EQ(iasgd_theory_step(given), 0.5 / 4);
  EXPECT_EQ(iasgd_theory_step({.L = 2, .mu = 0, .workers = 10, .tau = 0.1}), 0);
}

TEST(StepSize, of_async_isgd) {
  EXPECT_DOUBLE_EQ(async_isgd_step(kTen), 0.1 / (4 * 0.3));  // gamma tau, gamma = 1 / (2L (tau + 2/n))
}

TEST(StepSize, of_async_isega) {
  EXPECT_DOUBLE_EQ(async_isega_theory_step(kTen), 1 / (4 * 2.8));
  EXPECT_DOUBLE_EQ(async_isega_theory_step(kAll), 0.25);
}

TEST(StepSize, of_async_sgd) {
  const Constants one{.L = 2, .mu = 0, .workers = 1, .tau = 1};
  EXPECT_DOUBLE_EQ(async_sgd_theory_step(one), 1.0 / 8);
  EXPECT_DOUBLE_EQ(async_sgd_theory_step(kAll), 1.0 / (8 * 18));  // 2 (n - 1) late
  EXPECT_DOUBLE_EQ(async_sgd_theory_step(kTen), 1.0 / (8 * std::sqrt(18.0 * 18 + 20 * 19 * 100)));
  EXPECT_DOUBLE_EQ(memory_updates(kTen), 100);
}

TEST(PredictedRounds, follow_from_the_rate) {
  EXPECT_EQ(predicted_rounds(0.5, 0.25), 2);
  EXPECT_NEAR(*predicted_rounds(1e-4, 1e-6), 6 * std::log(10.0) / 1e-4, 10);
  EXPECT_EQ(predicted_rounds(0, 1e-6), std::nullopt);
  EXPECT_EQ(predicted_rounds(2, 1e-6), std::nullopt);
}

TEST(Rate, of_isega_is_no_faster_than_it_learns) {
  EXPECT_DOUBLE_EQ(isega_rate(0.25, kTen), 0.0025);
  const Constants curved{.L = 2, .mu = 2, .workers = 100, .tau = 0.01};
  EXPECT_DOUBLE_EQ(isega_rate(0.25, curved), 0.01);
  EXPECT_DOUBLE_EQ(gd_rate(0.25, curved), 0.5);
  EXPECT_DOUBLE_EQ(ibcd_rate(0.25, curved), 0.5);
}

// Corollaries 2 and 4: with gamma tau = 1/(5L) it is min{mu/(5L), 1/(3N)}, or 1/(3 n l); 0 at the longest
// step.
TEST(Rate, of_the_methods_that_keep_a_table) {
  Constants c{.L = 2, .mu = 0.01, .workers = 10, .tau = 0.1, .samples = 100};
  EXPECT_DOUBLE_EQ(isaga_shared_rate(0.1, c), 0.001);
  EXPECT_NEAR(isaga_rate(0.1, c), 1 / 3000.0, 1e-15);
  c.samples = 1000;
  EXPECT_NEAR(isaga_shared_rate(0.1, c), 1 / 3000.0, 1e-15);
  EXPECT_EQ(isaga_shared_rate(isaga_theory_step(c), c), 0);
  EXPECT_EQ(isaga_rate(isaga_theory_step(c), c), 0);
}

TEST(Rate, of_the_accelerated_ones) {
  EXPECT_DOUBLE_EQ(nesterov_rate(0.5, kAll), std::sqrt(1 / 200.0));
  EXPECT_DOUBLE_EQ(iasgd_rate(0.5, kAll), std::sqrt(1 / 200.0));
  EXPECT_DOUBLE_EQ(iasgd_rate(0.25, kTen), std::sqrt(1 / 200.0) / 2);
}

}  // namespace
}  // namespace wisp::optim
