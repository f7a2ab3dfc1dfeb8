#include "cli/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;

TEST(Report, writes_the_page_and_the_trace) {
  const test::Scratch scratch;
  {
    test::Job job(scratch, "a", "finished");
    job.folder().write("metrics.jsonl", "{\"round\":0,\"loss\":1}\n{\"round\":10,\"loss\":0.5}\n");
  }
  ReportOptions report;
  report.jobs = {"a"};
  report.output = (scratch.folder() / "r.html").string();
  report.trace = (scratch.folder() / "t.json").string();
  EXPECT_EQ(report_command(scratch.options(), report), 0);
  EXPECT_THAT(SystemDisk().read_text(report.output), StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(SystemDisk().read_text(report.output), HasSubstr("class=\"curve s0\""));
  EXPECT_THAT(SystemDisk().read_text(report.trace), HasSubstr("\"traceEvents\""));
}

TEST(Report, of_no_job_is_an_error) {
  const test::Scratch scratch;
  ReportOptions report;
  report.output = (scratch.folder() / "r.html").string();
  EXPECT_THAT(test::error_of([&] { report_command(scratch.options(), report); }),
              Pair(Fault::kUnreachable, testing::_));
  EXPECT_FALSE(SystemDisk().exists(report.output));
}

}  // namespace
}  // namespace wisp::cli
