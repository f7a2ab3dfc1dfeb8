#include "problems/dot.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace wisp::problems {
namespace {

TEST(Dot, adds_every_term_for_every_length) {
  std::vector<double> a, b;
  std::vector<std::uint32_t> index;
  double wanted = 0;
  for (std::uint32_t size = 0; size < 20; ++size) {
    EXPECT_EQ((dot<double, double, double>(a, b)), wanted);
    EXPECT_EQ(sparse_dot<double>(index.data(), a.data(), size, b.data()), wanted);
    a.push_back(size + 1);
    b.push_back(2.0 * size - 5);
    index.push_back(size);
    wanted += a.back() * b.back();
  }
}

TEST(Dot, sparse_and_dense_have_one_order) {
  std::vector<double> a, b;
  std::vector<std::uint32_t> index;
  for (std::uint32_t i = 0; i < 103; ++i) {
    a.push_back(std::sin(i + 1.0));
    b.push_back(std::exp(std::cos(3.0 * i)));
    index.push_back(i);
    EXPECT_EQ(sparse_dot<double>(index.data(), a.data(), index.size(), b.data()),
              (dot<double, double, double>(a, b)));
  }
}

TEST(Dot, sparse_add_touches_only_its_indices) {
  const std::vector<std::uint32_t> index = {0, 2, 3, 5, 8, 9};
  const std::vector<float> value = {1, 2, 3, 4, 5, 6};
  std::vector<double> y(11, 1.0);
  sparse_add(index.data(), value.data(), index.size(), 0.5, y.data());
  EXPECT_EQ(y, (std::vector<double>{1.5, 1, 2, 2.5, 1, 3, 1, 1, 3.5, 4, 1}));
}

TEST(PreciseSum, keeps_what_a_plain_sum_loses) {
  PreciseSum sum;
  for (const double term : {1.0, 1e100, 1.0, -1e100}) sum.add(term);
  EXPECT_EQ(sum.value(), 2);
  PreciseSum many;
  for (int i = 0; i < 1'000'000; ++i) many.add(0.1);
  EXPECT_NEAR(many.value(), 1e5, 1e-10);
}

TEST(PreciseSum, infinities_stay) {
  PreciseSum sum;
  sum.add(1);
  sum.add(std::numeric_limits<double>::infinity());
  sum.add(1);
  EXPECT_EQ(sum.value(), std::numeric_limits<double>::infinity());
  sum.add(-std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(sum.value()));
}

}  // namespace
}  // namespace wisp::problems
