#include "optim/gd.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/optim/compare_with_oracle.h"

namespace wisp::optim {
namespace {

double gamma_is_the_mean_step(double /*tau*/) { return 1; }

TEST(Gd, follows_the_oracle) {
  test::expect_follows_oracle<double, test::GdOracle>("gd", 1e-12, gamma_is_the_mean_step);
}

TEST(Gd, follows_the_oracle_in_float) {
  test::expect_follows_oracle<float, test::GdOracle>("gd", 2e-5, gamma_is_the_mean_step);
}

TEST(Gd, survives_a_restart) {
  test::expect_survives_restart<double>("gd");
  test::expect_survives_restart<float>("gd");
}

TEST(Gd, sends_every_coordinate) {
  const sparse::Catalog sparsifiers;
  GdWorker<double> worker({.workers = 2, .dim = 3, .sparsifiers = &sparsifiers});
  const auto f = test::make_dense_objective<double>(
      {.loss = test::Loss::kQuadratic, .d = 3, .a = {1, 0, 0}, .b = {0}, .weight = 1, .l2 = 0});
  const auto sent = worker.step(0, std::vector<double>{5, 6, 7}, *f);
  EXPECT_EQ(sent, sparse::Vector<double>::all({5, 0, 0}));
}

TEST(Gd, refuses_the_state_of_another_method) {
  Packer packer;
  pack(packer, std::vector<double>{1, 2});
  Unpacker unpacker(packer.finish());
  GdMaster<double> master({.workers = 1, .dim = 2, .step = 1});
  EXPECT_THROW(master.restore(unpacker), DecodeError);
}

TEST(GdDeathTest, needs_every_worker_before_it_advances) {
  GdMaster<double> master({.workers = 2, .dim = 1, .step = 1});
  master.absorb(0, sparse::Vector<double>::all({1}));
  std::vector<double> x{0};
  EXPECT_DEATH(master.advance(x), "before every worker's update");
}

}  // namespace
}  // namespace wisp::optim
