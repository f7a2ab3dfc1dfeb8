#include "cli/job_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::cli {
namespace {

using testing::EndsWith;
using testing::StartsWith;

launcher::JobEntry job(const std::string& status) {
  launcher::JobEntry entry;
  entry.state.job = "mine";
  entry.state.id = "12ab34cd";
  entry.state.status = status;
  return entry;
}

TEST(JobText, titles_are_what_j_takes) { EXPECT_EQ(title(job("running")), "mine-12ab34cd"); }

TEST(JobText, status_follows_from_what_was_written_and_who_is_alive) {
  launcher::JobEntry entry = job("running");
  EXPECT_EQ(status_text(entry), "the driver is gone without a word; it was running");
  entry.driver = launcher::Driver{"there", 7, true};
  EXPECT_EQ(status_text(entry), "running (driver 7)");
  entry.driver->here = false;
  EXPECT_EQ(status_text(entry), "running (driver 7 on there)");
  EXPECT_EQ(status_text(job("converged")), "converged");
}

TEST(JobText, a_submitted_job_has_no_driver_yet) {
  EXPECT_EQ(status_text(job("submitted")), "submitted to Slurm (squeue says where it stands)");
}

TEST(JobText, a_job_that_is_driven_elsewhere_has_a_command_for_there) {
  launcher::JobEntry entry = job("running");
  entry.driver = launcher::Driver{"login1", 7, false};
  GlobalOptions options;
  options.state_dir = "/state of mine";
  const std::string text = driven_elsewhere(entry, options, "down", {"--force"});
  EXPECT_THAT(text,
              StartsWith("mine-12ab34cd is driven from login1 (process 7); run there: wisp down --force "
                         "-j mine-12ab34cd; or from here: ssh login1 '"));
  EXPECT_THAT(text, EndsWith(" down --force -j mine-12ab34cd --state-dir '\\''/state of mine'\\'''"));
}

TEST(JobText, a_reason_of_several_lines_becomes_one) {
  EXPECT_EQ(on_one_line("cannot start on n1: refused\n    no\033 key\n\n  load it\n"),
            "cannot start on n1: refused; no\\x1b key; load it");
}

TEST(JobText, exit_statuses_of_ended_jobs) {
  EXPECT_EQ(exit_status_of("converged"), 0);
  EXPECT_EQ(exit_status_of("finished"), 0);
  EXPECT_EQ(exit_status_of("failed"), 1);
  EXPECT_EQ(exit_status_of("diverged"), 1);
  EXPECT_EQ(exit_status_of("cancelled"), 130);
  EXPECT_EQ(exit_status_of("running"), 1);  // asked when the driver is gone
  EXPECT_TRUE(is_final("cancelled"));
  EXPECT_FALSE(is_final("stopping"));
}

TEST(JobText, uptimes) {
  using std::chrono::seconds;
  EXPECT_EQ(uptime_text(seconds(-1)), "0s");
  EXPECT_EQ(uptime_text(seconds(59)), "59s");
  EXPECT_EQ(uptime_text(seconds(185)), "3m05s");
  EXPECT_EQ(uptime_text(seconds(7440)), "2h04m");
  EXPECT_EQ(uptime_text(seconds(5 * 86400 + 3 * 3600)), "5d03h");
}

}  // namespace
}  // namespace wisp::cli
