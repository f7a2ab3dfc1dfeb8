#include "cli/failure_report.h"

#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

RootCause worker_3() { return RootCause{"worker-3", "n2", 2, "killed by signal 9 (Killed)"}; }

class FailureReport : public testing::Test {
 protected:
  void log(const std::string& text) {
    LogLine line;
    line.time = *parse_utc("2026-03-01T02:13:07.123Z");
    line.actor = "worker-3";
    line.attempt = 2;
    line.host = "n2";
    line.round = 17;
    line.level = "info";
    line.text = text;
    job_.folder().log(line);
  }
  std::string report(const RootCause& root) { return failure_report(root, 17, "small", job_.folder()); }

  const test::Scratch scratch_;
  test::Job job_{scratch_, "small", "running"};
  const std::string log_ = (job_.folder().path() / "logs/worker-3/2.log").string();
};

TEST_F(FailureReport, names_the_first_to_fail_and_shows_its_last_words) {
  log("gradient 3 ms a round");
  log("red \x1b[31m text");
  EXPECT_EQ(report(worker_3()),
            "error: job " + job_.title() +
                " failed\n"
                "  first to fail: worker-3#2@n2 in round 17\n"
                "  cause: killed by signal 9 (Killed)\n"
                "  last lines of " +
                log_ +
                ":\n"
                "    2026-03-01T02:13:07.123Z worker-3#2@n2 r17 info | gradient 3 ms a round\n"
                "    2026-03-01T02:13:07.123Z worker-3#2@n2 r17 info | red \\x1b[31m text\n"
                "  next: wisp logs -j " +
                job_.title() + " worker-3");
}

TEST_F(FailureReport, shows_twenty_lines_at_most) {
  for (int i = 1; i <= 25; ++i) log("line " + std::to_string(i) + " of 25");
  const std::string text = report(worker_3());
  EXPECT_EQ(text.find("line 5 of 25"), std::string::npos);
  EXPECT_NE(text.find("line 6 of 25"), std::string::npos);
  EXPECT_NE(text.find("line 25 of 25"), std::string::npos);
}

TEST_F(FailureReport, says_that_there_are_no_lines) {
  EXPECT_EQ(report(worker_3()), "error: job " + job_.title() +
                                    " failed\n"
                                    "  first to fail: worker-3#2@n2 in round 17\n"
                                    "  cause: killed by signal 9 (Killed)\n"
                                    "  it wrote no line to " +
                                    log_ + "\n  next: wisp logs -j " + job_.title() + " worker-3");
}

TEST_F(FailureReport, blames_nobody_where_nobody_is_to_blame) {
  EXPECT_EQ(report(RootCause{"", "", 1, "the disk is full"}),
            "error: job " + job_.title() + " failed\n  cause: the disk is full");
}

}  // namespace
}  // namespace wisp::cli
