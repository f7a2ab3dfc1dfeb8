#include "optim/isega.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/pack.h"
#include "tests/optim/compare_with_oracle.h"

namespace wisp::optim {
namespace {

double gamma_is_the_mean_step(double /*tau*/) { return 1; }

TEST(Isega, follows_the_oracle) {
  test::expect_follows_oracle<double, test::IsegaOracle>("isega", 1e-12, gamma_is_the_mean_step);
}

TEST(Isega, follows_the_oracle_in_float) {
  test::expect_follows_oracle<float, test::IsegaOracle>("isega", 5e-5, gamma_is_the_mean_step);
}

TEST(Isega, is_gd_when_all_is_sent) { test::expect_is_gd_when_all_is_sent("isega", 1e-12); }

TEST(Isega, survives_a_restart) {
  test::expect_survives_restart<double>("isega");
  test::expect_survives_restart<float>("isega");
}

// The master uses hbar of before the round: with one worker and all sent, g is the gradient itself.
TEST(Isega, uses_hbar_before_its_update) {
  IsegaMaster<double> master({.workers = 2, .dim = 1, .tau = 0.5, .step = 1});
  std::vector<double> x{0};
  master.absorb(0, sparse::Vector<double>::all({1}));
  master.absorb(1, sparse::Vector<double>::all({3}));
  master.advance(x);
  EXPECT_EQ(x[0], -4);  // hbar 0, plus (1 + 3) / (n tau)
  master.absorb(0, sparse::Vector<double>::all({0}));
  master.absorb(1, sparse::Vector<double>::all({0}));
  master.advance(x);
  EXPECT_EQ(x[0], -6);  // hbar (1 + 3) / n
}

// What it sends goes to zero, and so does the error of rounding it: h_i takes in what the master has got.
TEST(Isega, reaches_the_minimiser_with_rounded_updates) {
  for (const char* dtype : {"float32", "float16", "bfloat16", "q8", "q4", "ternary"}) {
    EXPECT_LE(test::distance_with_values_as("isega", dtype), 1e-10) << dtype;
  }
}

TEST(Isega, refuses_state_of_another_dimension) {
  IsegaMaster<double> small({.workers = 1, .dim = 2, .step = 1});
  IsegaMaster<double> large({.workers = 1, .dim = 3, .step = 1});
  Packer packer;
  small.save(packer);
  Unpacker unpacker(packer.finish());
  EXPECT_THROW(large.restore(unpacker), DecodeError);
}

}  // namespace
}  // namespace wisp::optim
