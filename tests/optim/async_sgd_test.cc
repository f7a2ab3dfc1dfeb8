#include "optim/async_sgd.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/pack.h"
#include "tests/optim/compare_async.h"

namespace wisp::optim {
namespace {

using test::AsyncSgdOracle;
using test::Case;
using Choice = AsyncSgdOracle::Choice;

void expect_follows(const char* sparsifier, const AsyncSgdOracle::How& how,
                    const std::function<void(MethodSpec&)>& change = {}) {
  test::expect_follows<double>(
      [&](const Case& c, double step) {
        const bool by_density = std::string(sparsifier) == "top-k" || std::string(sparsifier) == "random-k";
        MethodSpec spec =
            test::async_spec("async-sgd", sparsifier, by_density && c.density == 0 ? 0.3 : c.density, step);
        if (!by_density) spec.sparsifier.density = 0;
        spec.error_feedback = how.memory;
        if (change) change(spec);
        return spec;
      },
      [&](test::OracleSetting setting, const Case&, double step, const test::Dense& start) {
        setting.gamma = step;
        AsyncSgdOracle::How own = how;
        if (how.scale == 0) own.scale = static_cast<double>(setting.m) / static_cast<double>(setting.k);
        return std::make_unique<AsyncSgdOracle>(setting, start, own);
      },
      1e-12);
}

TEST(AsyncSgd, follows_the_oracle_dense) {
  expect_follows("identity", {.choice = Choice::kAll});
  expect_follows("identity", {.choice = Choice::kAll, .memory = true});
}

TEST(AsyncSgd, follows_the_oracle_with_the_largest) {
  expect_follows("top-k", {.choice = Choice::kLargest});
  expect_follows("top-k", {.choice = Choice::kLargest, .memory = true});
}

TEST(AsyncSgd, follows_the_oracle_with_drawn_coordinates) {
  expect_follows("random-k", {.choice = Choice::kDrawn, .memory = true});
  expect_follows("random-k", {.choice = Choice::kDrawn, .scale = 0},  // by 1/tau
                 [](MethodSpec& spec) { spec.settings.set("scaled", true); });
}

TEST(AsyncSgd, follows_the_oracle_above_a_threshold) {
  for (const bool memory : {false, true}) {
    expect_follows("threshold", {.choice = Choice::kAbove, .threshold = 0.05, .memory = memory},
                   [](MethodSpec& spec) { spec.sparsifier.settings.set("threshold", 0.05); });
  }
}

TEST(AsyncSgd, follows_the_oracle_with_a_falling_step) {
  const auto fall = [](MethodSpec& spec) { spec.step_size.kind = StepSizeSpec::Kind::kInvSqrt; };
  expect_follows("identity", {.choice = Choice::kAll, .falling = true}, fall);
  expect_follows("top-k", {.choice = Choice::kLargest, .memory = true, .falling = true}, fall);
}

TEST(AsyncSgd, follows_the_oracle_with_momentum) {
  expect_follows("top-k", {.choice = Choice::kLargest, .memory = true, .momentum = 0.5},
                 [](MethodSpec& spec) { spec.settings.set("momentum", 0.5); });
}

TEST(AsyncSgd, is_gd_for_one_worker_that_sends_all) {
  test::expect_is_gd_for_one_worker(test::async_spec("async-sgd", "identity", 0, 0.3), 1e-14);
}

TEST(AsyncSgd, survives_a_restart) {
  for (const char* sparsifier : {"top-k", "random-k"}) {
    MethodSpec spec = test::async_spec("async-sgd", sparsifier, 0.2, 0.01);
    spec.error_feedback = true;
    spec.settings.set("momentum", 0.5);
    test::expect_survives_restart<double>(spec);
    test::expect_survives_restart<float>(spec);
    spec.wire.values = "q8";
    test::expect_survives_restart<float>(spec);
  }
  test::expect_survives_restart<double>(test::async_spec("async-sgd", "identity", 0, 0.01));
}

// The memory of worker `i`, as it is saved.
std::vector<double> memory_of(const test::AsyncRun<double>& run, std::size_t i) {
  Packer packer;
  run.worker(i).save(packer);
  Unpacker unpacker(packer.finish());
  std::vector<double> memory;
  unpack(unpacker, memory);
  return memory;
}

// Theorem B's virtual iterate: x_t - eta sum_i m_i is x_0 - eta (sum of all gradients), whatever is chosen
// and however it is rounded on the way. Nothing is lost, nothing counts twice.
void expect_nothing_is_lost(const std::string& sparsifier, const char* dtype) {
  const Case c = test::awkward_cases()[1];
  const test::AsyncProblem<double> problem(c, test::seed());
  const double eta = 0.02 / problem.constants.L;
  MethodSpec spec = test::async_spec("async-sgd", sparsifier.c_str(), 0, eta);
  if (sparsifier == "threshold") spec.sparsifier.settings.set("threshold", 0.1);
  if (sparsifier != "threshold" && sparsifier != "identity") spec.sparsifier.density = 0.2;
  spec.error_feedback = true;
  spec.wire.values = dtype;
  test::AsyncRun<double> run(problem.objectives, spec, test::seed(), problem.constants, problem.start);
  std::vector<std::vector<double>> iterates{problem.start};
  std::vector<double> sum(c.d);
  for (int update = 0; update < 60; ++update) {
    run.step();
    iterates.push_back(run.x());
    const auto g = problem.dense[run.last().worker].gradient(iterates[run.last().read]);
    for (std::size_t j = 0; j < c.d; ++j) sum[j] += g[j];
  }
  std::vector<double> expected = problem.start;
  std::vector<double> found = run.x();
  double size = 1;
  for (std::size_t j = 0; j < c.d; ++j) expected[j] -= eta * sum[j];
  for (std::size_t i = 0; i < c.n; ++i) {
    const std::vector<double> memory = memory_of(run, i);
    for (std::size_t j = 0; j < c.d; ++j) {
      found[j] -= eta * memory[j];
      size = std::max(size, std::abs(memory[j]));
    }
  }
  EXPECT_LE(test::largest_difference(found, expected), 1e-12 * size) << sparsifier << " " << dtype;
}

TEST(AsyncSgd, loses_nothing_whatever_is_chosen_and_however_it_is_rounded) {
  for (const char* sparsifier :
       {"identity", "top-k", "threshold", "random-k", "random-blocks", "bernoulli"}) {
    for (const char* dtype : {"float64", "float32", "float16", "bfloat16", "q8", "q4", "ternary", "sign"}) {
      expect_nothing_is_lost(sparsifier, dtype);
    }
  }
}

TEST(AsyncSgd, takes_every_wire_dtype_without_memory_but_sign) {
  for (const char* dtype : {"float64", "float32", "float16", "bfloat16", "q8", "q4", "ternary"}) {
    const test::AsyncProblem<double> problem(test::awkward_cases()[0], test::seed());
    MethodSpec spec = test::async_spec("async-sgd", "top-k", 0.5, 0.1 / problem.constants.L);
    spec.wire.values = dtype;
    test::AsyncRun<double> run(problem.objectives, spec, test::seed(), problem.constants, problem.start);
    for (int update = 0; update < 20; ++update) run.step();
    EXPECT_NE(run.x(), problem.start) << dtype;
  }
}

Settings with_momentum(double momentum) {
  Settings settings;
  settings.set("scaled", false);
  settings.set("momentum", momentum);
  return settings;
}

TEST(AsyncSgd, says_that_it_moves_only_what_an_update_has_where_that_is_so) {
  for (const double momentum : {0.0, 0.5}) {
    AsyncSgdMaster<double> master({.workers = 1, .dim = 4, .step = 1, .settings = with_momentum(momentum)});
    std::vector<double> x = {1, 2, 3, 4};
    for (const std::uint32_t coordinate : {1u, 2u}) {
      master.absorb(0, sparse::Vector<double>::at(std::vector<double>(4, 1.0), {coordinate}));
      master.advance(x);
    }
    EXPECT_EQ(master.keeps_to_updates(), momentum == 0);
    EXPECT_EQ(x == (std::vector<double>{1, 1, 2, 4}), momentum == 0);
  }
}

TEST(AsyncSgd, refuses_state_of_another_kind) {
  AsyncSgdMaster<double> without({.workers = 1, .dim = 2, .step = 1, .settings = with_momentum(0)});
  Packer packer;
  pack(packer, std::vector<double>{1, 2});
  Unpacker unpacker(packer.finish());
  EXPECT_THROW(without.restore(unpacker), DecodeError);
}

}  // namespace
}  // namespace wisp::optim
