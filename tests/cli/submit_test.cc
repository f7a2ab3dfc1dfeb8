#include "cli/submit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/experiment.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class SubmitTest : public testing::Test {
 protected:
  config::Experiment experiment(const std::vector<std::string>& sets) {
    GlobalOptions options;
    options.sets = {"launcher=slurm"};
    options.sets.insert(options.sets.end(), sets.begin(), sets.end());
    return load_experiment(options, {test::synthetic_job(scratch_)}, test::inventory());
  }

  const test::Scratch scratch_;
};

TEST_F(SubmitTest, the_script_runs_the_resolved_file_with_the_same_options) {
  GlobalOptions global;
  global.json = true;
  RunOptions run;
  run.require_gap = true;
  run.resume = true;
  const std::string text = script_text(experiment({}), "/s/jobs/a-12345678", global, run);
  EXPECT_THAT(text,
              HasSubstr("' 'run' '--submitted' '--state-dir' '/s' '/s/jobs/a-12345678/job.yaml' '--json' "
                        "'--resume' '--require-gap'\n"));
}

TEST_F(SubmitTest, a_template_without_the_command_is_a_mistake_of_the_file) {
  const std::string file = scratch_.write("job.sbatch", "#!/bin/sh\n#SBATCH --nodes=2\nwisp run job.yaml\n");
  const config::Experiment bad = experiment({"slurm.template=" + file});
  try {
    script_text(bad, "/s/jobs/a-12345678", {}, {});
    ADD_FAILURE();
  } catch (const config::ConfigErrors& error) {
    EXPECT_THAT(error.what(), HasSubstr("error: the template has no {run}"));
  }
  scratch_.write("job.sbatch", "#!/bin/bash\nmodule load x\nexec {run}\n");
  EXPECT_THAT(script_text(bad, "/s/jobs/a-12345678", {}, {}), HasSubstr("module load x\nexec '/"));
  EXPECT_THROW(script_text(experiment({"slurm.template=/no/such/file"}), "/s/jobs/a-1", {}, {}),
               config::ConfigErrors);
}

TEST_F(SubmitTest, nodes_are_asked_for_by_number_or_by_name) {
  const auto by_number = submit_command(experiment({"slurm.nodes=3"}), "/s/jobs/a-12345678");
  EXPECT_THAT(by_number, Contains("--nodes=3"));
  EXPECT_THAT(by_number, Not(Contains(testing::StartsWith("--nodelist"))));
  EXPECT_EQ(by_number.back(), "/s/jobs/a-12345678/submit.sh");
  const auto by_name = submit_command(experiment({"hosts=[h2, h1]"}), "/s/jobs/a-12345678");
  EXPECT_THAT(by_name, Contains("--nodelist=h1,h2"));
}

TEST(ExitStatus, is_the_scripts_or_says_what_slurm_did) {
  const auto status = [](const std::string& state, int code, int signal) {
    return exit_status_of(launcher::BatchState{state, "", code, signal});
  };
  EXPECT_EQ(status("COMPLETED", 0, 0), 0);
  EXPECT_EQ(status("FAILED", 3, 0), 3);
  EXPECT_EQ(status("FAILED", 0, 9), 137);
  EXPECT_EQ(status("CANCELLED", 0, 0), 143);
  EXPECT_EQ(status("TIMEOUT", 0, 0), 143);
  EXPECT_EQ(status("NODE_FAIL", 0, 0), 4);
  EXPECT_EQ(status("OUT_OF_MEMORY", 0, 0), 1);
}

}  // namespace
}  // namespace wisp::cli
