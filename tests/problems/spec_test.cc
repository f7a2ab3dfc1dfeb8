#include "problems/spec.h"

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "base/pack.h"
#include "problems/source.h"
#include "problems/catalog.h"
#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

ProblemSpec good() {
  ProblemSpec spec;
  spec.kind = "logistic";
  spec.l2 = 1e-3;
  spec.data.path = "/data/a1a";
  return spec;
}

ProblemSpec synthetic(const std::string& kind) {
  ProblemSpec spec = good();
  spec.kind = kind;
  spec.data.path.clear();
  spec.data.format = "synthetic";
  spec.data.dim = 40;
  spec.data.rows = 30;
  return spec;
}

std::string complaint(ProblemSpec spec, const std::function<void(ProblemSpec&)>& change) {
  change(spec);
  return test::config_error([&] { spec.check(Catalog()); });
}

TEST(ProblemSpec, takes_what_a_job_can_have) {
  EXPECT_NO_THROW(good().check(Catalog()));
  for (const char* kind : {"logistic", "least-squares", "quadratic"})
    EXPECT_NO_THROW(synthetic(kind).check(Catalog()));
}

TEST(ProblemSpec, names_what_it_refuses) {
  EXPECT_EQ(complaint(good(), [](ProblemSpec& s) { s.kind = "logistics"; }),
            "problem.kind: unknown 'logistics', did you mean 'logistic'? (logistic | least-squares | "
            "quadratic | softmax | mlp)");
  EXPECT_EQ(complaint(good(), [](ProblemSpec& s) { s.kind = "zzz"; }),
            "problem.kind: unknown 'zzz' (logistic | least-squares | quadratic | softmax | mlp)");
  EXPECT_EQ(complaint(good(), [](ProblemSpec& s) { s.data.shard = "by_label"; }),
            "problem.data.shard: unknown 'by_label', did you mean 'by-label'? (contiguous | round-robin | "
            "shuffled | "
            "by-label | all)");
  EXPECT_EQ(complaint(good(), [](ProblemSpec& s) { s.data.format = "csv"; }),
            "problem.data.format: unknown 'csv' (libsvm | idx | synthetic)");
  EXPECT_EQ(complaint(good(), [](ProblemSpec& s) { s.init = "one"; }),
            "problem.init: unknown 'one', did you mean 'ones'? (zeros | ones | random)");
  EXPECT_EQ(complaint(good(), [](ProblemSpec& s) { s.data.path.clear(); }),
            "problem.data.path: missing; set it to a LIBSVM file");
}

TEST(ProblemSpec, refuses_numbers_out_of_range) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string l2 = "problem.l2: must be a number that is not negative";
  EXPECT_EQ(complaint(good(), [](ProblemSpec& s) { s.l2 = -1; }), l2);
  EXPECT_EQ(complaint(good(), [&](ProblemSpec& s) { s.l2 = nan; }), l2);
  EXPECT_EQ(complaint(good(), [](ProblemSpec& s) { s.l2_inverse_rows = true; }),
            "problem.l2: is either 1/N or a number");
  EXPECT_EQ(complaint(good(),
                      [&](ProblemSpec& s) {
                        s.optimum = ProblemSpec::Optimum::kGiven;
                        s.optimum_value = nan;
                      }),
            "problem.optimum: must be a finite number");
}

TEST(ProblemSpec, synthetic_data_need_their_sizes) {
  EXPECT_EQ(complaint(synthetic("logistic"), [](ProblemSpec& s) { s.data.dim = 0; }),
            "problem.data.dim: missing; synthetic data need it");
  EXPECT_EQ(complaint(synthetic("logistic"), [](ProblemSpec& s) { s.data.rows = 0; }),
            "problem.data.rows: missing; synthetic data need it");
  EXPECT_EQ(complaint(synthetic("logistic"), [](ProblemSpec& s) { s.data.path = "/a"; }),
            "problem.data.path: synthetic data are read from no file; leave it out");
}

TEST(ProblemSpec, idx_and_test_rows_need_their_files) {
  ProblemSpec idx = good();
  idx.kind = "softmax";
  idx.data.format = "idx";
  EXPECT_EQ(complaint(idx, [](ProblemSpec& s) { s.data.labels = "/l"; }), "nothing was thrown");
  EXPECT_EQ(complaint(idx, [](ProblemSpec&) {}),
            "problem.data.labels: missing; set it to the idx file of the labels");
  EXPECT_EQ(complaint(good(), [](ProblemSpec& s) { s.data.labels = "/l"; }),
            "problem.data.labels: only idx has labels apart from the rows");
  EXPECT_EQ(complaint(good(), [](ProblemSpec& s) { s.test.path = "/t"; }), "nothing was thrown");
  EXPECT_EQ(complaint(good(), [](ProblemSpec& s) { s.test.labels = "/t"; }),
            "problem.test.path: missing; set it to the file of the rows");
  idx.data.labels = "/l";
  EXPECT_EQ(complaint(idx, [](ProblemSpec& s) { s.test.path = "/t"; }),
            "problem.test.labels: missing; set it to the idx file of the labels");
  EXPECT_EQ(complaint(synthetic("logistic"), [](ProblemSpec& s) { s.test.path = "/t"; }),
            "problem.test: there are no test rows for synthetic data; leave it out");
}

TEST(ProblemSpec, a_network_starts_at_random_and_has_no_known_optimum) {
  ProblemSpec mlp = synthetic("mlp");
  EXPECT_EQ(complaint(mlp, [](ProblemSpec&) {}),
            "problem.init: mlp does not learn from zeros, where its units are all alike; set it to random");
  mlp.init = "random";
  EXPECT_EQ(complaint(mlp, [](ProblemSpec&) {}), "nothing was thrown");
  EXPECT_EQ(
      complaint(mlp, [](ProblemSpec& s) { s.optimum = ProblemSpec::Optimum::kSolve; }),
      "problem.optimum: mlp is not convex, so nothing finds its least value for certain; leave it out, or "
      "give a number");
}

TEST(ProblemSpec, quadratic_has_no_rows) {
  EXPECT_EQ(complaint(synthetic("quadratic"), [](ProblemSpec& s) { s.data.rows = 0; }), "nothing was thrown");
  EXPECT_EQ(complaint(synthetic("quadratic"), [](ProblemSpec& s) { s.data.rows = 41; }),
            "problem.data.rows: quadratic's inner dimension is at most problem.data.dim");
  EXPECT_EQ(complaint(synthetic("quadratic"), [](ProblemSpec& s) { s.data.dim = 5000; }),
            "problem.data.dim: quadratic is dense; at most 4096");
  EXPECT_EQ(complaint(good(), [](ProblemSpec& s) { s.kind = "quadratic"; }),
            "problem.data.format: quadratic has no rows to read; set it to synthetic");
  EXPECT_EQ(complaint(synthetic("quadratic"),
                      [](ProblemSpec& s) {
                        s.l2 = 0;
                        s.l2_inverse_rows = true;
                      }),
            "problem.l2: quadratic has no rows, so 1/N has no meaning");
}

TEST(ProblemSpec, travels) {
  ProblemSpec spec = good();
  spec.data.shard = "shuffled";
  spec.optimum = ProblemSpec::Optimum::kSolve;
  spec.regulariser = {.kind = "ball", .radius = 2};
  spec.test.path = "/data/a1a.t";
  const auto back = unpack<ProblemSpec>(pack(spec));
  EXPECT_EQ(back.kind, spec.kind);
  EXPECT_EQ(back.l2, spec.l2);
  EXPECT_EQ(back.data.path, spec.data.path);
  EXPECT_EQ(back.data.shard, spec.data.shard);
  EXPECT_EQ(back.optimum, spec.optimum);
  EXPECT_EQ(back.regulariser.radius, 2);
  EXPECT_EQ(back.test.path, spec.test.path);
}

TEST(Source, travels) {
  const Source source{"/data/shard-3", true, {1605, 123, 22249, 2, -1, 1}};
  const auto back = unpack<Source>(pack(source));
  EXPECT_EQ(back.path, source.path);
  EXPECT_EQ(back.is_shard, true);
  EXPECT_EQ(back.info, source.info);
}

}  // namespace
}  // namespace wisp::problems
