#include "cli/submission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "launcher/jobs.h"
#include "launcher/state_file.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

// A job that was submitted to a Slurm that is two scripts of the test.
class SubmissionTest : public testing::Test {
 protected:
  SubmissionTest() : path_(std::getenv("PATH")) {
    ::setenv("PATH", (scratch_.folder().string() + ":" + path_).c_str(), 1);
    folder_ = launcher::make_submitted_folder(scratch_.folder(), "mine");
    launcher::JobState state;
    state.job = "mine";
    state.id = folder_.filename().string().substr(5);
    state.status = "submitted";
    std::ofstream(folder_ / "state.json") << launcher::state_to_json(state);
    std::ofstream(folder_ / kIdFile) << "17\n";
    program("scancel", "echo \"scancel $*\" >> " + said());
  }
  ~SubmissionTest() override { ::setenv("PATH", path_.c_str(), 1); }

  void program(const std::string& name, const std::string& script) {
    const std::string file = scratch_.write(name, "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }
  void slurm_says(const std::string& state) {
    program("scontrol", "echo 'JobId=17 JobState=" + state + " Reason=x'");
  }
  std::string said() const { return (scratch_.folder() / "said").string(); }
  std::string status() const { return launcher::read_state(folder_)->status; }

  const test::Scratch scratch_;
  std::filesystem::path folder_;

 private:
  const std::string path_;
};

TEST_F(SubmissionTest, may_begin_as_long_as_slurm_has_it) {
  slurm_says("PENDING");
  Submission waits(folder_);
  EXPECT_EQ(waits.id(), "17");
  EXPECT_TRUE(waits.may_begin());
  slurm_says("CANCELLED");
  EXPECT_TRUE(waits.may_begin()) << "Slurm is asked now and then";
  EXPECT_FALSE(Submission(folder_).may_begin());
  program("scontrol", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1");
  EXPECT_FALSE(Submission(folder_).may_begin()) << "it knows nothing of it any more";
  mark(folder_, "failed");
  slurm_says("PENDING");
  EXPECT_FALSE(Submission(folder_).may_begin());
}

TEST_F(SubmissionTest, down_cancels_one_that_waits) {
  slurm_says("PENDING");
  program("scancel", "echo \"$*\" > " + said() + "\nsed -i s/PENDING/CANCELLED/ " +
                         (scratch_.folder() / "scontrol").string());
  EXPECT_EQ(down_in_slurm(scratch_.options(), {}), 0);
  EXPECT_EQ(std::filesystem::file_size(said()), 3u) << "17, all of it: there is no script yet";
  EXPECT_EQ(status(), "cancelled");
  EXPECT_EQ(down_in_slurm(scratch_.options(), {}), std::nullopt) << "a second time there is nothing to do";
}

TEST_F(SubmissionTest, down_says_when_it_lasts_too_long) {
  slurm_says("COMPLETING");
  DownOptions down;
  down.timeout = std::chrono::milliseconds(1);
  try {
    down_in_slurm(scratch_.options(), down);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kDeadline);
    EXPECT_THAT(error.what(), testing::HasSubstr("scancel 17"));
  }
}

TEST_F(SubmissionTest, jobs_that_slurm_has_not_are_left_to_others) {
  std::filesystem::remove(folder_ / kIdFile);
  EXPECT_EQ(down_in_slurm(scratch_.options(), {}), std::nullopt);
  const test::Scratch empty;
  EXPECT_EQ(down_in_slurm(empty.options(), {}), std::nullopt);
}

}  // namespace
}  // namespace wisp::cli
