#include "cli/resume.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/experiment.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

class ResumeTest : public testing::Test {
 protected:
  config::Sweep jobs(const std::vector<std::string>& sets) {
    GlobalOptions options;
    options.sets = sets;
    return load_sweep(options, {test::synthetic_job(scratch_)}, test::inventory());
  }

  // What is refused, after the fault.
  std::string refusal(const config::Sweep& jobs, Fault& fault) {
    RunOptions run;
    check_resume(jobs, run);  // without the option nothing is
    run.resume = true;
    try {
      check_resume(jobs, run);
    } catch (const Error& error) {
      fault = error.fault();
      return error.what();
    }
    return "";
  }

  const test::Scratch scratch_;
};

TEST_F(ResumeTest, one_job_with_checkpoints_goes_on) {
  Fault fault{};
  EXPECT_EQ(refusal(jobs({}), fault), "");
  EXPECT_EQ(refusal(jobs({"checkpoint=never"}), fault), "");  // those of an earlier run may be there
}

TEST_F(ResumeTest, a_sweep_does_not) {
  Fault fault{};
  EXPECT_THAT(refusal(jobs({"sweep.seed=[1, 2]"}), fault), HasSubstr("--resume is for a file of one job"));
  EXPECT_EQ(fault, Fault::kUsage);
}

TEST_F(ResumeTest, nor_does_what_has_no_checkpoints) {
  Fault fault{};
  EXPECT_THAT(refusal(jobs({"method.kind=async-isgd", "record=r"}), fault),
              HasSubstr("--resume is for jobs with checkpoints, and with record there are none"));
  EXPECT_EQ(fault, Fault::kConfig);
  config::Sweep plain = jobs({});
  plain.points.front().experiment.groups.emplace_back();
  EXPECT_THAT(refusal(plain, fault), HasSubstr("plain actors save themselves (docs/actors.md)"));
  EXPECT_EQ(fault, Fault::kConfig);
}

}  // namespace
}  // namespace wisp::cli
