#include "optim/async_isgd.h"

#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/pack.h"
#include "tests/optim/compare_async.h"

namespace wisp::optim {
namespace {

using test::Case;

MethodSpec spec_of(const Case& c, double step) {
  MethodSpec spec = test::async_spec("async-isgd", "random-blocks", c.density, step);
  spec.sparsifier.blocks = c.blocks;
  return spec;
}

TEST(AsyncIsgd, follows_the_oracle) {
  test::expect_follows<double>(
      spec_of,
      [](test::OracleSetting setting, const Case&, double step, const test::Dense& start) {
        setting.gamma = step * static_cast<double>(setting.m) / static_cast<double>(setting.k);
        return std::make_unique<test::AsyncIsgdOracle>(setting, start);
      },
      1e-12);
}

TEST(AsyncIsgd, follows_the_oracle_with_a_prox) {
  test::expect_follows<double>(
      spec_of,
      [](test::OracleSetting setting, const Case&, double step, const test::Dense& start) {
        setting.gamma = step * static_cast<double>(setting.m) / static_cast<double>(setting.k);
        return std::make_unique<test::AsyncIsgdOracle>(setting, start, 0.5 * step);
      },
      1e-12, {.kind = "l1", .weight = 0.5});
}

TEST(AsyncIsgd, is_gd_for_one_worker_that_sends_all) {
  test::expect_is_gd_for_one_worker(test::async_spec("async-isgd", "identity", 0, 0.3), 1e-13);
}

TEST(AsyncIsgd, survives_a_restart) {
  const MethodSpec spec = spec_of(test::awkward_cases()[1], 0.01);
  test::expect_survives_restart<double>(spec);
  test::expect_survives_restart<float>(spec);
}

// However often the fast worker comes, it has half of the mean.
TEST(AsyncIsgd, counts_every_worker_alike) {
  AsyncIsgdMaster<double> master({.workers = 2, .dim = 1, .step = 1});
  std::vector<double> x{0};
  master.sent(0, x);
  master.sent(1, x);
  for (int i = 0; i < 5; ++i) {
    master.absorb(0, sparse::Vector<double>::all({-1}));
    master.advance(x);
    EXPECT_EQ(x[0], 0.5);  // the mean of x_0 = 0 + 1 and x_1 = 0
    master.sent(0, std::vector<double>{0});
  }
  master.absorb(1, sparse::Vector<double>::all({-3}));
  master.advance(x);
  EXPECT_EQ(x[0], 2);
}

TEST(AsyncIsgd, refuses_state_of_other_workers) {
  AsyncIsgdMaster<double> two({.workers = 2, .dim = 2, .step = 1});
  AsyncIsgdMaster<double> three({.workers = 3, .dim = 2, .step = 1});
  AsyncIsgdMaster<double> longer({.workers = 2, .dim = 3, .step = 1});
  two.sent(0, std::vector<double>{1, 2});
  Packer packer;
  two.save(packer);
  const Bytes saved = packer.finish();
  for (AsyncIsgdMaster<double>* other : {&three, &longer}) {
    Unpacker unpacker(saved);
    EXPECT_THROW(other->restore(unpacker), DecodeError);
  }
}

}  // namespace
}  // namespace wisp::optim
