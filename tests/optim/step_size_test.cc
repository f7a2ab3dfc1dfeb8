#include "optim/step_size.h"

#include <cmath>
#include <optional>

#include <gtest/gtest.h>

namespace wisp::optim {
namespace {

constexpr Constants kTen{.L = 2, .mu = 0.01, .workers = 10, .tau = 0.1};
constexpr Constants kAll{.L = 2, .mu = 0.01, .workers = 10, .tau = 1};

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

}  // namespace
}  // namespace wisp::optim
