#include "cli/experiment.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

TEST(Experiment, sets_and_variables_are_applied) {
  const test::Scratch scratch;
  const std::string file =
      scratch.write("job.yaml",
                    "version: 1\n"
                    "problem: { kind: logistic, data: { path: \"${WISP_TEST_FILE}\" } }\n"
                    "method: gd\n"
                    "stop: { rounds: 3 }\n"
                    "actors: { worker: { replicas: \"${N}\" } }\n");
  ASSERT_EQ(setenv("WISP_TEST_FILE", "/a.gz", 1), 0);
  GlobalOptions options;
  options.sets = {"seed=7"};
  options.vars = {"N=5"};
  const config::Experiment experiment = load_experiment(options, {file}, test::inventory());
  EXPECT_EQ(experiment.job.seed, 7u);
  EXPECT_EQ(experiment.job.worker.replicas, 5u);
  EXPECT_EQ(experiment.job.problem.data.path, "/a.gz");
}

TEST(Experiment, what_the_theory_forbids_is_an_error_at_its_place) {
  const test::Scratch scratch;
  GlobalOptions options;
  options.sets = {"method={kind: gd, sparsifier: random-blocks}"};
  const auto [fault, text] =
      test::error_of([&] { load_experiment(options, {test::synthetic_job(scratch)}, test::inventory()); });
  EXPECT_EQ(fault, Fault::kConfig);
  EXPECT_THAT(text, HasSubstr("method gd does not take the sparsifier random-blocks"));
}

}  // namespace
}  // namespace wisp::cli
