// Top-k and threshold are made through the catalogue; tests of the selection itself are in top_k_test.cc.
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "sparse/sparsifier.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

using testing::ElementsAre;

const Catalog kCatalog;

template <class T>
auto top_k(std::uint32_t k, std::uint32_t dim) {
  SparsifierSpec spec{.kind = "top-k"};
  spec.settings.set("k", k);
  return kCatalog.make<T>(spec, dim, 4, 1, 0);
}

template <class T>
auto threshold(double least, std::uint32_t dim) {
  SparsifierSpec spec{.kind = "threshold"};
  spec.settings.set("threshold", least);
  return kCatalog.make<T>(spec, dim, 4, 1, 0);
}

TEST(TopKKind, sends_the_largest_with_their_values) {
  const std::vector<double> dense{1, -5, 2, 5, -3};
  const auto sent = top_k<double>(3, 5)->select(dense, 0);
  sent.check(5);
  EXPECT_THAT(sent.numbers, ElementsAre(1, 3, 4));
  EXPECT_THAT(sent.values, ElementsAre(-5, 5, -3));
}

// A contraction, with equality for vectors of equals.
TEST(TopKKind, leaves_at_most_its_share_behind) {
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kInit);
  const auto sparsifier = top_k<double>(100, 5000);
  for (int i = 0; i < 20; ++i) {
    std::vector<double> dense(5000);
    for (double& each : dense) each = i == 0 ? 1 : rng.normal();
    double all = 0;
    for (const double each : dense) all += each * each;
    double sent = 0;
    sparsifier->select(dense, 0).for_each([&](std::uint32_t, double value) { sent += value * value; });
    EXPECT_LE(all - sent, (1 - 100.0 / 5000) * all * (1 + 1e-12));
  }
}

TEST(TopKKind, shows_what_is_not_finite) {
  std::vector<float> dense(10'000, 1);
  dense[777] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(top_k<float>(1, 10'000)->select(dense, 0).first_non_finite(), 777U);
}

TEST(ThresholdKind, sends_what_is_not_below) {
  const std::vector<float> dense{0.1F, -0.5F, 0.25F, 0, std::numeric_limits<float>::infinity()};
  const auto sent = threshold<float>(0.25, 5)->select(dense, 0);
  sent.check(5);
  EXPECT_THAT(sent.numbers, ElementsAre(1, 2, 4));
  EXPECT_EQ(threshold<float>(2, 4)->select(std::vector<float>(4, 1), 0).nnz(), 0U);
}

TEST(ThresholdKind, equals_a_comparison_with_each) {
  Rng rng(wisp::test::seed(), 0, 1, Purpose::kInit);
  std::vector<double> dense(20'001);
  for (double& each : dense) each = rng.normal();
  std::vector<std::uint32_t> expected;
  for (std::uint32_t i = 0; i < dense.size(); ++i) {
    if (std::abs(dense[i]) >= 1.5) expected.push_back(i);
  }
  EXPECT_EQ(threshold<double>(1.5, 20'001)->select(dense, 0).numbers, expected);
}

}  // namespace
}  // namespace wisp::sparse
