#include "problems/slopes.h"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "problems/logistic.h"
#include "tests/problems/any_rows.h"
#include "tests/support/same_bits.h"
#include "tests/support/seed.h"

namespace wisp::problems {
namespace {

// A product and a sum that a fused multiply-add would round once.
struct Fusible {
  template <class T>
  static T slope(T margin, T label) {
    return margin * margin - label;
  }
};

template <class T>
class SlopesTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(SlopesTest, Scalars);

template <class T>
std::vector<T> margins(Rng& rng) {
  std::vector<T> result = {T(0),
                           T(-0.0),
                           T(709.9),
                           T(710),
                           T(710.1),
                           T(-745.9),
                           T(-746),
                           T(-746.1),
                           T(1e30),
                           T(-1e30),
                           T(36.7),
                           T(-36.7),
                           T(88.7),
                           T(-103.9),
                           std::numeric_limits<T>::infinity(),
                           -std::numeric_limits<T>::infinity(),
                           std::numeric_limits<T>::quiet_NaN(),
                           -std::numeric_limits<T>::quiet_NaN(),
                           std::numeric_limits<T>::denorm_min()};
  while (result.size() < kSlopes) {
    result.push_back(static_cast<T>(std::pow(10.0, rng.below(6)) * 1e-2 * rng.normal()));
  }
  return result;
}

// One row at a time, what the vectors are to be.
template <class T, class Loss>
void check(Rng& rng, Loss loss) {
  for (int round = 0; round < 40; ++round) {
    const std::vector<T> margin = margins<T>(rng);
    std::vector<T> label(kSlopes);
    for (T& each : label) each = rng.below(2) == 0 ? T(-1) : T(1);
    std::vector<double> want;
    for (std::size_t i = 0; i < kSlopes; ++i) {
      volatile T alone = margin[i];
      want.push_back(static_cast<double>(loss.slope(static_cast<T>(alone), label[i])));
    }
    for (const Instructions instructions : available_instructions()) {
      std::vector<double> slope(kSlopes, 7.0);
      slopes(instructions, margin.data(), label.data(), slope.data(), loss);
      wisp::test::expect_same_bits(slope, want);
    }
  }
}

TYPED_TEST(SlopesTest, are_those_of_single_rows_with_all_instructions) {
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kData);
  check<TypeParam>(rng, LogisticLoss());
  check<TypeParam>(rng, Fusible());
}

}  // namespace
}  // namespace wisp::problems
