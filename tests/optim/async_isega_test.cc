#include "optim/async_isega.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/pack.h"
#include "tests/optim/compare_async.h"

namespace wisp::optim {
namespace {

using test::Case;

MethodSpec spec_of(const Case& c, double step) {
  MethodSpec spec = test::async_spec("async-isega", "random-blocks", c.density, step);
  spec.sparsifier.blocks = c.blocks;
  return spec;
}

TEST(AsyncIsega, follows_the_oracle) {
  test::expect_follows<double>(
      spec_of,
      [](test::OracleSetting setting, const Case&, double step, const test::Dense& start) {
        setting.gamma = step;
        return std::make_unique<test::AsyncIsegaOracle>(setting, start);
      },
      1e-12);
}

TEST(AsyncIsega, follows_the_oracle_with_a_prox) {
  test::expect_follows<double>(
      spec_of,
      [](test::OracleSetting setting, const Case& c, double step, const test::Dense& start) {
        setting.gamma = step;
        return std::make_unique<test::AsyncIsegaOracle>(setting, start,
                                                        0.5 * step / static_cast<double>(c.n));
      },
      1e-12, {.kind = "l1", .weight = 0.5});
}

TEST(AsyncIsega, is_gd_for_one_worker_that_sends_all) {
  test::expect_is_gd_for_one_worker(test::async_spec("async-isega", "identity", 0, 0.3), 1e-13);
}

TEST(AsyncIsega, survives_a_restart) {
  const MethodSpec spec = spec_of(test::awkward_cases()[1], 0.01);
  test::expect_survives_restart<double>(spec);
  test::expect_survives_restart<float>(spec);
}

TEST(AsyncIsega, uses_hbar_before_its_update) {
  AsyncIsegaMaster<double> master({.workers = 2, .dim = 1, .tau = 0.5, .step = 1});
  std::vector<double> x{0};
  master.absorb(0, sparse::Vector<double>::all({1}));
  master.advance(x);
  EXPECT_EQ(x[0], -1);  // gamma/n (hbar 0 + 1 / tau)
  master.absorb(1, sparse::Vector<double>::all({0}));
  master.advance(x);
  EXPECT_EQ(x[0], -1.25);  // gamma/n (hbar 1/n)
}

TEST(AsyncIsega, refuses_state_of_another_dimension) {
  AsyncIsegaMaster<double> small({.workers = 1, .dim = 2, .step = 1});
  AsyncIsegaMaster<double> large({.workers = 1, .dim = 3, .step = 1});
  Packer packer;
  small.save(packer);
  Unpacker unpacker(packer.finish());
  EXPECT_THROW(large.restore(unpacker), DecodeError);
}

}  // namespace
}  // namespace wisp::optim
