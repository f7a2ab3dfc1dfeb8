#include "optim/catalog.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace wisp::optim {
namespace {

const sparse::Catalog kSparsifiers;
const Catalog kCatalog(kSparsifiers);

const problems::Smoothness kSmooth{.L = 1, .mu = 0.1, .L_sample = 2, .samples = 7};

using testing::HasSubstr;
using testing::Optional;

MethodSpec with_sparsifier(const char* kind, const char* sparsifier) {
  return {.kind = kind, .sparsifier = {.kind = sparsifier}, .sparsifier_given = true};
}

TEST(Catalog, finds_methods_by_name) {
  for (const Method& method : kCatalog.methods()) {
    EXPECT_EQ(kCatalog.find(method.name), &method);
    EXPECT_FALSE(method.description.empty());
    EXPECT_EQ(kCatalog.why_not({.kind = method.name}), std::nullopt);
  }
  EXPECT_EQ(kCatalog.find("nothing"), nullptr);
}

TEST(Catalog, every_method_makes_both_halves_in_both_scalars) {
  for (const Method& method : kCatalog.methods()) {
    const MethodSpec spec{.kind = method.name};
    const std::uint32_t n = method.one_machine ? 1 : 3;
    EXPECT_NE(kCatalog.make_worker<float>(1, 0, n, 5, spec), nullptr);
    EXPECT_NE(kCatalog.make_worker<double>(1, n - 1, n, 5, spec), nullptr);
    EXPECT_NE(kCatalog.make_master<float>(n, 5, spec, kSmooth), nullptr);
    EXPECT_NE(kCatalog.make_master<double>(n, 5, spec, kSmooth), nullptr);
  }
}

TEST(Catalog, defaults_to_one_block_of_n) {
  EXPECT_EQ(kCatalog.sparsifier_of({.kind = "gd"}).kind, "identity");
  for (const char* kind : {"ibcd", "isega"}) {
    const MethodNumbers numbers = kCatalog.numbers(10, 100, {.kind = kind}, {.L = 2, .mu = 0.1});
    EXPECT_EQ(numbers.density.blocks, 10U);
    EXPECT_EQ(numbers.density.chosen, 1U);
  }
}

TEST(Catalog, refuses_a_regulariser_where_the_theorem_has_no_prox) {
  problems::ProblemSpec problem;
  problem.regulariser = {.kind = "l1", .weight = 0.1};
  for (const Method& method : kCatalog.methods()) {
    const MethodSpec spec{.kind = method.name};
    EXPECT_EQ(kCatalog.why_not(spec, {}), std::nullopt);
    EXPECT_EQ(kCatalog.why_not(spec, problem) == std::nullopt, method.takes_prox) << method.name;
    const auto make = [&] {
      return kCatalog.make_master<double>(method.one_machine ? 1 : 3, 5, spec, kSmooth, problem.regulariser);
    };
    if (method.takes_prox) {
      EXPECT_NE(make(), nullptr);
    } else {
      EXPECT_THROW(make(), Error);
    }
  }
  EXPECT_THAT(kCatalog.why_not({.kind = "ibcd"}, problem),
              Optional(HasSubstr("problem.regulariser: method ibcd takes none: its theorem has no prox")));
}

TEST(Catalog, refuses_a_sparsifier_with_the_reason_and_the_remedy) {
  EXPECT_THAT(kCatalog.why_not(with_sparsifier("gd", "random-blocks")),
              Optional(HasSubstr("gd sends whole gradients; use ibcd or isega or")));
  for (const char* kind : {"top-k", "threshold"}) {  // they look at the values
    EXPECT_THAT(kCatalog.why_not(with_sparsifier("isega", kind)),
                Optional(HasSubstr("whatever the gradient is; use async-sgd for ")));
    EXPECT_THAT(kCatalog.why_not(with_sparsifier("gd", kind)), Optional(HasSubstr("use async-sgd for ")));
  }
  for (const char* kind : {"bernoulli", "random-k"}) {
    EXPECT_EQ(kCatalog.why_not(with_sparsifier("isega", kind)), std::nullopt);
    EXPECT_EQ(kCatalog.why_not(with_sparsifier("ibcd", kind)), std::nullopt);
    EXPECT_THAT(kCatalog.why_not(with_sparsifier("gd", kind)), Optional(HasSubstr("use ibcd or isega or")));
  }
  EXPECT_EQ(kCatalog.why_not(with_sparsifier("ibcd", "identity")), std::nullopt);
  EXPECT_THROW(kCatalog.make_worker<double>(1, 0, 2, 5, with_sparsifier("gd", "random-blocks")), Error);
  EXPECT_THROW(kCatalog.make_master<double>(2, 5, {.kind = "sgdd"}, {.L = 1, .mu = 0}), Error);
}

TEST(Catalog, refuses_a_sparsifier_that_contradicts_itself) {
  MethodSpec spec = with_sparsifier("isega", "random-k");
  spec.sparsifier.density = 0.5;
  EXPECT_EQ(kCatalog.why_not(spec), std::nullopt);
  spec.sparsifier.settings.set("k", 3);
  EXPECT_THAT(kCatalog.why_not(spec), Optional(HasSubstr("has a density and a k; give one of them")));
}

TEST(Catalog, sends_changes_of_models_that_change_sparsely) {
  for (const char* kind : {"ibcd", "ibgd", "async-sgd"}) {
    EXPECT_EQ(kCatalog.broadcast_of({.kind = kind}).kind, "delta");
  }
  EXPECT_EQ(kCatalog.broadcast_of({.kind = "isega"}).kind, "dense");
  EXPECT_EQ(kCatalog.broadcast_of({.kind = "ibcd", .broadcast = {.kind = "dense"}}).kind, "dense");
}

TEST(Catalog, refuses_a_broadcast_that_means_nothing) {
  const auto why = [](const BroadcastSpec& broadcast) {
    return kCatalog.why_not({.kind = "isega", .broadcast = broadcast});
  };
  EXPECT_EQ(why({.kind = "sparse", .density = 0.1, .way = "chain"}), std::nullopt);
  EXPECT_EQ(why({.kind = "sparse"}), std::nullopt);
  EXPECT_THAT(why({.kind = "delta", .density = 0.1}), Optional(HasSubstr("leave its density out")));
  EXPECT_THAT(why({.density = 0.1}), Optional(HasSubstr("broadcast dense sends")));
  EXPECT_THAT(why({.kind = "thin"}), Optional(HasSubstr("unknown broadcast 'thin'")));
  EXPECT_THAT(why({.way = "tree"}), Optional(HasSubstr("unknown way of a broadcast 'tree'")));
  EXPECT_THAT(why({.kind = "sparse", .density = 2}), Optional(HasSubstr("at most 1")));
  EXPECT_THAT(kCatalog.why_not({.kind = "async-isega", .broadcast = {.way = "chain"}}),
              Optional(HasSubstr("use way: star")));
}

TEST(Catalog, refuses_a_wire_that_the_method_cannot_bear) {
  MethodSpec spec{.kind = "isega"};
  for (const char* dtype : {"float64", "float32", "float16", "bfloat16", "q8", "q4", "ternary"}) {
    spec.wire.values = dtype;
    EXPECT_EQ(kCatalog.why_not(spec), std::nullopt) << dtype;
  }
  spec.wire.values = "sign";
  EXPECT_THAT(kCatalog.why_not(spec), Optional(HasSubstr("keeps no memory of the error")));
  spec.wire.values = "float8";
  EXPECT_THAT(kCatalog.why_not(spec), Optional(HasSubstr("unknown wire_dtype 'float8'")));
  spec.wire.values = "";
  spec.wire.indices = "seeded";
  EXPECT_EQ(kCatalog.why_not(spec), std::nullopt);
  spec.kind = "gd";
  EXPECT_THAT(kCatalog.why_not(spec),
              Optional(HasSubstr("draws at random, which identity does not; use auto")));
  spec.wire.indices = "sorted";
  EXPECT_THAT(kCatalog.why_not(spec), Optional(HasSubstr("unknown form of indices 'sorted'")));
}

TEST(Catalog, refuses_a_memory_where_there_is_none) {
  for (const char* kind : {"gd", "ibcd", "isega"}) {
    EXPECT_THAT(kCatalog.why_not({.kind = kind, .error_feedback = true}),
                Optional(HasSubstr("keeps no memory of what it leaves out: ")));
  }
  EXPECT_THAT(kCatalog.why_not({.kind = "isega", .error_feedback = true}),
              Optional(HasSubstr("its h_i take that part; leave it out, or use async-sgd")));
}

TEST(Catalog, async_sgd_takes_any_sparsifier_with_a_memory) {
  for (const char* kind : {"identity", "top-k", "threshold", "random-k", "random-blocks", "bernoulli"}) {
    MethodSpec spec = with_sparsifier("async-sgd", kind);
    spec.step_size = {.kind = StepSizeSpec::Kind::kNumber, .value = 0.1};
    if (spec.sparsifier.kind == "threshold") spec.sparsifier.settings.set("threshold", 0.1);
    spec.error_feedback = true;
    EXPECT_EQ(kCatalog.why_not(spec), std::nullopt) << kind;
    EXPECT_EQ(kCatalog.caution(spec, {}), std::nullopt) << kind;
    spec.wire.values = "sign";
    EXPECT_EQ(kCatalog.why_not(spec), std::nullopt) << kind;
    spec.error_feedback = false;
    EXPECT_THAT(kCatalog.why_not(spec), Optional(HasSubstr("set error_feedback: true, or use ternary")));
  }
}

TEST(Catalog, async_sgd_without_memory_is_scaled_or_cautioned) {
  MethodSpec spec = with_sparsifier("async-sgd", "random-k");
  EXPECT_THAT(
      kCatalog.why_not(spec),
      Optional(HasSubstr("random-k without memory is biased: scale it (method.scaled: true), or set")));
  spec.settings.set("scaled", true);
  EXPECT_EQ(kCatalog.why_not(spec), std::nullopt);
  spec.error_feedback = true;
  EXPECT_THAT(kCatalog.why_not(spec), Optional(HasSubstr("would count twice")));
  spec = with_sparsifier("async-sgd", "top-k");
  EXPECT_EQ(kCatalog.why_not(spec), std::nullopt);
  EXPECT_THAT(kCatalog.caution(spec, {}), Optional(HasSubstr("top-k without memory stalls")));
  spec.settings.set("scaled", true);
  EXPECT_THAT(kCatalog.why_not(spec), Optional(HasSubstr("does not draw at random")));
  spec = with_sparsifier("async-sgd", "threshold");
  spec.sparsifier.settings.set("threshold", 0.1);
  EXPECT_THAT(kCatalog.why_not(spec),
              Optional(HasSubstr("theory is for a sparsifier that sends a known share")));
}

TEST(Catalog, says_how_long_a_memory_takes) {
  MethodSpec spec = with_sparsifier("async-sgd", "top-k");
  spec.sparsifier.density = 0.01;
  EXPECT_EQ(kCatalog.numbers(32, 700, spec, {.L = 1}).memory_updates, std::nullopt);
  spec.error_feedback = true;
  EXPECT_EQ(kCatalog.numbers(32, 700, spec, {.L = 1}).memory_updates, 3200);
}

TEST(Catalog, refuses_more_memory_than_a_master_should_have) {
  const MethodSpec spec{.kind = "async-isgd"};
  EXPECT_EQ(kCatalog.numbers(8, 1'000'000, spec, {.L = 1}).memory_updates, std::nullopt);
  EXPECT_THROW(kCatalog.numbers(300, 1'000'000, spec, {.L = 1}), Error);
}

TEST(Catalog, only_stochastic_methods_have_a_step_that_falls) {
  MethodSpec spec{.kind = "", .step_size = {.kind = StepSizeSpec::Kind::kInvSqrt, .value = 0.5}};
  for (const char* kind : {"sgd", "isgd", "async-sgd"}) {
    spec.kind = kind;
    EXPECT_EQ(kCatalog.why_not(spec), std::nullopt) << kind;
    EXPECT_EQ(kCatalog.numbers(2, 3, spec, {.L = 1}).step, 0.5) << kind;
    EXPECT_EQ(kCatalog.numbers(2, 3, spec, {.L = 1}).decay, 0) << kind;
  }
  spec.kind = "async-isega";
  EXPECT_THAT(kCatalog.why_not(spec), Optional(HasSubstr("keeps its step")));
}

TEST(Catalog, takes_the_consistencies_that_its_theory_is_for) {
  MethodSpec spec{.kind = "gd"};
  EXPECT_EQ(kCatalog.consistency_of(spec), "sync");
  spec.consistency.kind = "async";
  EXPECT_EQ(kCatalog.consistency_of(spec), "async");
  EXPECT_THAT(
      kCatalog.why_not(spec),
      Optional(HasSubstr("method gd does not take consistency async: its theory is for whole rounds")));
  spec.consistency.kind = "sink";
  EXPECT_THAT(kCatalog.why_not(spec), Optional(HasSubstr("unknown consistency 'sink' (sync | async | ssp)")));
}

TEST(Catalog, refuses_what_late_and_broken_updates_would_do_to_a_method) {
  Catalog catalog(kSparsifiers);
  Method method = *catalog.find("gd");
  method.name = "pushed";
  method.consistencies = {"async", "ssp"};
  catalog.add(method);
  method.name = "counting";
  method.needs_every_update = true;
  catalog.add(method);
  method.name = "idle";
  method.consistencies = {};
  EXPECT_THROW(catalog.add(method), Error);

  MethodSpec spec{.kind = "gd"};
  spec.late = "damp";
  EXPECT_THAT(catalog.why_not(spec), Optional(HasSubstr("has no meaning in synchronous rounds")));
  spec.kind = "counting";
  EXPECT_THAT(catalog.why_not(spec), Optional(HasSubstr("would bias that for ever; use late: apply")));
  spec.kind = "pushed";
  EXPECT_EQ(catalog.why_not(spec), std::nullopt);
  EXPECT_EQ(catalog.consistency_of(spec), "async");
  spec.late = "never";
  EXPECT_THAT(catalog.why_not(spec), Optional(HasSubstr("unknown late 'never' (apply | damp | drop)")));

  spec = {.kind = "gd"};
  spec.nonfinite = "reject";
  EXPECT_THAT(catalog.why_not(spec),
              Optional(HasSubstr("need an update of every worker; use nonfinite: zero")));
  spec.nonfinite = "zero";
  EXPECT_EQ(catalog.why_not(spec), std::nullopt);
  spec.kind = "counting";
  EXPECT_THAT(catalog.why_not(spec), Optional(HasSubstr("use nonfinite: error")));
  spec.kind = "pushed";
  spec.nonfinite = "reject";
  EXPECT_EQ(catalog.why_not(spec), std::nullopt);
  spec.consistency.kind = "sync";
  EXPECT_THAT(catalog.why_not(spec), Optional(HasSubstr("updates that come one by one; use async or ssp")));
}

TEST(Catalog, numbers_of_a_job) {
  MethodSpec spec{.kind = "ibcd"};
  MethodNumbers numbers = kCatalog.numbers(10, 100, spec, {.L = 2, .mu = 0.01});
  EXPECT_EQ(numbers.step, numbers.theory_step);
  EXPECT_LT(numbers.step, *numbers.paper_step);
  EXPECT_EQ(numbers.rounds, predicted_rounds(numbers.step * 0.01, 1e-6));
  spec.step_size = {.kind = StepSizeSpec::Kind::kPaper};
  EXPECT_EQ(kCatalog.numbers(10, 100, spec, {.L = 2, .mu = 0.01}).step, numbers.paper_step);
  spec.step_size = {.kind = StepSizeSpec::Kind::kNumber, .value = 0.125};
  EXPECT_EQ(kCatalog.numbers(10, 100, spec, {.L = 2, .mu = 0.01}).step, 0.125);
  EXPECT_EQ(kCatalog.numbers(10, 100, spec, {.L = 2, .mu = 0}).rounds, std::nullopt);
}

TEST(Catalog, a_flat_problem_needs_a_number) {
  EXPECT_THROW(kCatalog.numbers(2, 3, {.kind = "gd"}, {.L = 0, .mu = 0}), Error);
  const MethodSpec spec{.kind = "gd", .step_size = {.kind = StepSizeSpec::Kind::kNumber, .value = 1}};
  EXPECT_EQ(kCatalog.numbers(2, 3, spec, {.L = 0, .mu = 0}).theory_step, std::nullopt);
}

TEST(Catalog, cautions_where_rounding_is_noisier_than_the_step_allows) {
  MethodSpec spec{.kind = "isega"};
  spec.wire.values = "ternary";
  EXPECT_THAT(kCatalog.caution(spec, {}), Optional(HasSubstr("give a smaller step_size, or use q4")));
  spec.wire.values = "q4";
  EXPECT_EQ(kCatalog.caution(spec, {}), std::nullopt);
}

TEST(Catalog, cautions_where_memories_count_on_what_is_taken_away) {
  Catalog catalog(kSparsifiers);
  Method method = *catalog.find("gd");
  method.name = "remembering";
  method.consistencies = {"async"};
  method.takes_biased = true;
  catalog.add(method);
  MethodSpec spec{.kind = "remembering"};
  EXPECT_EQ(catalog.caution(spec, {}), std::nullopt);
  spec.late = "drop";
  EXPECT_THAT(catalog.caution(spec, {}), Optional(HasSubstr("late: apply loses nothing")));
}

TEST(Catalog, cautions_where_ibcd_levels_off) {
  problems::ProblemSpec problem;
  problem.kind = "logistic";
  problem.l2 = 1e-3;
  EXPECT_THAT(kCatalog.caution({.kind = "ibcd"}, problem), Optional(HasSubstr("isega has no such limit")));
  EXPECT_EQ(kCatalog.caution({.kind = "isega"}, problem), std::nullopt);
  EXPECT_EQ(kCatalog.caution(with_sparsifier("ibcd", "identity"), problem), std::nullopt);
  problem.l2 = 0;
  EXPECT_EQ(kCatalog.caution({.kind = "ibcd"}, problem), std::nullopt);
  problem.l2_inverse_rows = true;
  EXPECT_NE(kCatalog.caution({.kind = "ibcd"}, problem), std::nullopt);
  problem.kind = "quadratic";
  EXPECT_EQ(kCatalog.caution({.kind = "ibcd"}, problem), std::nullopt);
}

TEST(Catalog, steps_of_methods_that_go_by_samples_follow_from_those) {
  EXPECT_EQ(kCatalog.numbers(1, 5, {.kind = "saga"}, kSmooth).step, 1.0 / (4 * 2));
  EXPECT_EQ(kCatalog.numbers(1, 5, {.kind = "sgd"}, kSmooth).step, 1.0 / 2);
  const MethodNumbers isaga = kCatalog.numbers(5, 10, {.kind = "isaga"}, kSmooth);
  EXPECT_DOUBLE_EQ(isaga.step, 1 / (2 * (3.0 / 5 + 0.2)) * 0.2);
  EXPECT_EQ(isaga.table, Table::kWorkers);
  EXPECT_EQ(isaga.table_numbers, 70u);
  EXPECT_EQ(kCatalog.numbers(5, 10, {.kind = "isaga-shared"}, kSmooth).table, Table::kMaster);
  EXPECT_EQ(kCatalog.numbers(5, 10, {.kind = "isega"}, kSmooth).table, Table::kNone);
}

TEST(Catalog, a_step_that_falls_is_the_theorem_s_alone) {
  MethodSpec spec{.kind = "isgd"};
  EXPECT_GT(kCatalog.numbers(5, 10, spec, kSmooth).decay, 0);
  spec.step_size.kind = StepSizeSpec::Kind::kPaper;
  EXPECT_EQ(kCatalog.numbers(5, 10, spec, kSmooth).decay, 0);
}

TEST(Catalog, refuses_numbers_that_a_method_cannot_have) {
  const auto complaint = [](std::uint32_t workers, std::uint32_t dim, const char* kind,
                            problems::Smoothness smoothness) -> std::string {
    try {
      static_cast<void>(kCatalog.numbers(workers, dim, {.kind = kind}, smoothness));
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kConfig);
      return error.what();
    }
    return "";
  };
  problems::Smoothness s = kSmooth;
  EXPECT_THAT(complaint(2, 5, "saga", s), HasSubstr("set actors.worker.replicas to 1"));
  EXPECT_THAT(complaint(8, 5, "isaga-shared", s), HasSubstr("draws 8 different rows a round"));
  EXPECT_EQ(complaint(7, 5, "isaga-shared", s), "");
  s.samples = 1u << 20;
  EXPECT_THAT(complaint(2, 1024, "isaga", s), HasSubstr("1073741824 numbers, where 536870912 are allowed"));
  EXPECT_THAT(complaint(2, 1024, "isaga-shared", s), HasSubstr("at the master"));
  s.samples = 0;
  EXPECT_THAT(complaint(2, 5, "isaga", s), HasSubstr("is not made of rows: use isega"));
  s.mu = 0;
  EXPECT_THAT(complaint(2, 5, "iasgd", s), HasSubstr("set problem.l2 above 0, or use isgd"));
}

TEST(Catalog, refuses_a_batch_of_a_method_that_draws_none) {
  MethodSpec spec{.kind = "isega", .batch_size = 3};
  EXPECT_THAT(kCatalog.why_not(spec),
              Optional(HasSubstr("it goes by whole gradients; leave it out, or use ")));
  spec.kind = "isaga";
  EXPECT_THAT(kCatalog.why_not(spec), Optional(HasSubstr("it draws one row at a time")));
  for (const char* kind : {"sgd", "isgd", "iasgd"}) {
    spec.kind = kind;
    EXPECT_EQ(kCatalog.why_not(spec), std::nullopt) << kind;
  }
}

TEST(Catalog, refuses_a_rho_that_means_nothing) {
  MethodSpec spec{.kind = "iasgd"};
  spec.settings.set("rho", 1.5);
  EXPECT_EQ(kCatalog.why_not(spec), std::nullopt);
  EXPECT_EQ(kCatalog.numbers(5, 10, spec, kSmooth).step, 1 / 1.5);
  spec.step_size = {.kind = StepSizeSpec::Kind::kNumber, .value = 1};
  EXPECT_THAT(kCatalog.why_not(spec), Optional(HasSubstr("give one of them")));
  spec.settings.set("rho", 0.5);
  EXPECT_THAT(kCatalog.why_not(spec), Optional(HasSubstr("at least 1")));
  spec.settings.set("rho", 0.0);
  EXPECT_EQ(kCatalog.why_not(spec), std::nullopt);
  spec.step_size.kind = StepSizeSpec::Kind::kPaper;
  EXPECT_THAT(kCatalog.why_not(spec), Optional(HasSubstr("has no step size named paper")));
}

TEST(Catalog, refuses_a_problem_or_a_number_of_workers_that_a_method_cannot_have) {
  problems::ProblemSpec problem;
  problem.kind = "quadratic";
  const auto why_not = [&](MethodSpec spec, bool of_rows, std::uint32_t workers) {
    return kCatalog.why_not(spec, problem, of_rows, workers);
  };
  EXPECT_THAT(why_not({.kind = "isaga"}, false, 2),
              Optional(HasSubstr("problem.kind: quadratic is not made")));
  EXPECT_THAT(why_not({.kind = "isgd", .batch_size = 1}, false, 2), Optional(HasSubstr("with a batch_size")));
  EXPECT_EQ(why_not({.kind = "isgd"}, false, 2), std::nullopt);
  EXPECT_THAT(why_not({.kind = "saga"}, true, 2), Optional(HasSubstr("actors.worker.replicas: ")));
  EXPECT_EQ(why_not({.kind = "saga"}, true, 1), std::nullopt);
  EXPECT_THAT(why_not({.kind = "isaga-shared"}, true, 2), Optional(HasSubstr("problem.data.shard: ")));
  problem.data.shard = "all";
  EXPECT_EQ(why_not({.kind = "isaga-shared"}, true, 2), std::nullopt);
}

TEST(Catalog, cautions_where_isega_learns_more_slowly_than_gd_converges) {
  const MethodSpec spec{.kind = "isega"};
  const auto caution = [&](double mu) {
    return kCatalog.caution_of_numbers(spec, kCatalog.numbers(100, 100, spec, {.L = 1, .mu = mu}));
  };
  EXPECT_THAT(caution(0.1), Optional(HasSubstr("1/tau = 100 is above L/mu = 10: ")));
  EXPECT_EQ(caution(0.001), std::nullopt);
  EXPECT_EQ(caution(0), std::nullopt);
}

TEST(Catalog, cautions_where_sgd_draws_no_rows) {
  EXPECT_THAT(kCatalog.caution({.kind = "sgd"}, {}), Optional(HasSubstr("give a batch_size")));
  EXPECT_EQ(kCatalog.caution({.kind = "sgd", .batch_size = 1}, {}), std::nullopt);
}

TEST(Catalog, takes_more_methods_and_sparsifiers) {
  sparse::Catalog sparsifiers;
  sparse::Kind kind = *sparsifiers.find("random-blocks");
  kind.name = "windows";
  sparsifiers.add(kind);
  kind.name = "largest";
  kind.like_random_blocks = false;
  sparsifiers.add(kind);
  Catalog catalog(sparsifiers);
  Method more = *catalog.find("gd");
  EXPECT_THROW(catalog.add(more), Error);
  more.name = "more";
  more.float32.worker = nullptr;
  EXPECT_THROW(catalog.add(more), Error);
  more.float32 = catalog.find("gd")->float32;
  more.rate = nullptr;
  more.settings = {Setting::of<double>("momentum", "", 0.5)};
  catalog.add(more);
  MethodSpec spec{.kind = "more"};
  EXPECT_EQ(catalog.numbers(2, 5, spec, {.L = 1, .mu = 0.1}).rounds, std::nullopt);
  EXPECT_NE(catalog.make_master<double>(2, 5, spec, {.L = 1, .mu = 0}), nullptr);
  spec.settings.set("momentun", 0.5);
  EXPECT_THROW(catalog.make_master<double>(2, 5, spec, {.L = 1, .mu = 0}), Error);
  EXPECT_EQ(catalog.why_not(with_sparsifier("isega", "windows")), std::nullopt);
  EXPECT_THAT(catalog.why_not(with_sparsifier("isega", "largest")),
              Optional(HasSubstr("whatever the gradient is")));
  EXPECT_THAT(catalog.why_not(with_sparsifier("more", "windows")),
              Optional(HasSubstr("use ibcd or isega or")));
}

}  // namespace
}  // namespace wisp::optim
