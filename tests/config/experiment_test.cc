#include "config/experiment.h"

#include <gtest/gtest.h>

#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

TEST(Experiment, knows_where_its_values_come_from) {
  const Experiment experiment = Workbench().file("job.yaml", kJob).load();
  EXPECT_EQ(to_string(experiment.where("problem.kind")), "job.yaml:2:18");
  EXPECT_EQ(to_string(experiment.where("method.kind")), "job.yaml:3:9");
  EXPECT_EQ(to_string(experiment.where("problem.data.dim")), "job.yaml:2:28");
  EXPECT_EQ(to_string(experiment.where("hosts.a.slots")), "job.yaml:1:1");
  EXPECT_TRUE(experiment.given("stop.rounds"));
  EXPECT_FALSE(experiment.given("seed"));
}

TEST(Experiment, makes_errors_of_what_turns_out_later) {
  const Experiment experiment = Workbench().file("job.yaml", kJob).load();
  EXPECT_STREQ(experiment.error("problem.data.path", "no such file", "fetch it").what(),
               "job.yaml:2:42: error: no such file\n"
               "    2 | problem: { kind: logistic, data: { path: a.libsvm } }\n"
               "      |                                          ^~~~~~~~ fetch it");
}

TEST(Experiment, knows_what_makes_it_one_run) {
  Experiment experiment;
  EXPECT_EQ(experiment.single_run_key(), "");
  experiment.places["simulation"] = {};
  EXPECT_EQ(experiment.single_run_key(), "simulation");
  experiment.places["record"] = {};
  EXPECT_EQ(experiment.single_run_key(), "record");
}

}  // namespace
}  // namespace wisp::config
