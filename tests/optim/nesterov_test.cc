#include "optim/nesterov.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/pack.h"
#include "tests/optim/compare_with_oracle.h"

namespace wisp::optim {
namespace {

double gamma_is_the_mean_step(double /*tau*/) { return 1; }

TEST(Nesterov, follows_the_oracle) {
  test::expect_follows_oracle<double, test::NesterovOracle>("nesterov", 1e-12, gamma_is_the_mean_step);
}

TEST(Nesterov, follows_the_oracle_in_float) {
  test::expect_follows_oracle<float, test::NesterovOracle>("nesterov", 2e-4, gamma_is_the_mean_step);
}

TEST(Nesterov, survives_a_restart) {
  test::expect_survives_restart<double>("nesterov");
  test::expect_survives_restart<float>("nesterov");
}

// f(x) = x^2/2 in one dimension, by hand: y1 = x0 - s g, x1 = y1 + beta (y1 - x0).
TEST(NesterovMaster, without_strong_convexity_has_a_momentum_that_grows) {
  NesterovMaster<double> master({.workers = 1, .dim = 1, .step = 0.5});
  std::vector<double> x{1};
  const double want[] = {0.5, 0.25 + 0.25 * (0.25 - 0.5)};  // beta: 0, 1/4
  for (const double each : want) {
    master.absorb(0, sparse::Vector<double>::all({x[0]}));
    master.advance(x);
    EXPECT_EQ(x[0], each);
  }
}

TEST(NesterovMaster, refuses_state_of_another_dimension) {
  NesterovMaster<double> small({.workers = 1, .dim = 2, .step = 1});
  NesterovMaster<double> large({.workers = 1, .dim = 3, .step = 1});
  Packer packer;
  small.save(packer);
  Unpacker unpacker(packer.finish());
  EXPECT_THROW(large.restore(unpacker), DecodeError);
}

}  // namespace
}  // namespace wisp::optim
