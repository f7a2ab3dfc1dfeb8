#include "problems/lanczos.h"

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

using Vector = std::vector<double>;

Product diagonal(const Vector& entries) {
  return [&entries](std::span<const double> v, std::span<double> out) {
    for (std::size_t i = 0; i < entries.size(); ++i) out[i] = entries[i] * v[i];
  };
}

TEST(Lanczos, finds_the_ends_of_a_diagonal) {
  const Vector entries = {3, -2, 7, 0.5, 6.999, 1};
  const Extremes found = extreme_eigenvalues(6, diagonal(entries));
  EXPECT_NEAR(found.largest, 7, 1e-13);
  EXPECT_NEAR(found.smallest, -2, 1e-13);
}

TEST(Lanczos, ends_at_once_on_multiples_of_one_matrix_and_on_zero) {
  const Vector five(40, 5.0);
  EXPECT_NEAR(largest_eigenvalue(40, diagonal(five)), 5, 1e-13);
  const Vector zero(40, 0.0);
  EXPECT_EQ(largest_eigenvalue(40, diagonal(zero)), 0);
  const Vector one = {-3};
  EXPECT_NEAR(extreme_eigenvalues(1, diagonal(one)).smallest, -3, 1e-14);
}

TEST(Lanczos, finds_both_ends_of_the_second_difference) {
  constexpr std::uint32_t kOrder = 200;  // eigenvalues 2 - 2 cos(k pi / 201): crowded at both ends
  const Extremes found = extreme_eigenvalues(kOrder, [](std::span<const double> v, std::span<double> out) {
    for (std::size_t i = 0; i < kOrder; ++i) {
      out[i] = 2 * v[i] - (i > 0 ? v[i - 1] : 0) - (i + 1 < kOrder ? v[i + 1] : 0);
    }
  });
  const double angle = std::numbers::pi / (kOrder + 1);
  EXPECT_NEAR(found.largest, 2 + 2 * std::cos(angle), 1e-12);
  EXPECT_NEAR(found.smallest, 2 - 2 * std::cos(angle), 1e-12);
}

TEST(Lanczos, is_not_misled_by_a_close_second) {
  Vector entries(1000);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = static_cast<double>(i) / 1000;
  entries[17] = 1.0001;
  entries[18] = 1.0001 - 1e-7;
  EXPECT_NEAR(largest_eigenvalue(1000, diagonal(entries)), 1.0001, 1e-9);
}

TEST(Lanczos, is_exact_for_scales_far_from_one) {
  for (const double scale : {1e-150, 1e-30, 1e30, 1e140}) {
    const Vector entries = {scale, 2 * scale, 0.5 * scale};
    EXPECT_NEAR(largest_eigenvalue(3, diagonal(entries)) / scale, 2, 1e-13) << scale;
  }
}

TEST(Lanczos, gives_equal_bits_for_equal_products) {
  const Vector entries = test::random_vector(700, 3);
  EXPECT_EQ(largest_eigenvalue(700, diagonal(entries)), largest_eigenvalue(700, diagonal(entries)));
}

}  // namespace
}  // namespace wisp::problems
