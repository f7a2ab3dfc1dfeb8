#include "cli/report_data.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/sweep.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr const char* kMetrics =
    "{\"round\":0,\"loss\":0.7,\"gap\":0.5,\"uplink_bytes\":0,\"downlink_bytes\":0,\"seconds\":0.0}\n"
    "{\"round\":10,\"loss\":null,\"uplink_bytes\":80,\"downlink_bytes\":800,\"seconds\":0.5}\n"
    "{\"round\":20,\"los";

class ReportData : public testing::Test {
 protected:
  // The title of a job that has such files.
  std::string job(const std::string& name, const std::string& metrics, const std::string& result) {
    test::Job job(scratch_, name, "finished");
    folder_ = job.folder().path();
    if (!metrics.empty()) job.folder().write("metrics.jsonl", metrics);
    if (!result.empty()) job.folder().write("result.json", result);
    return job.title();
  }

  const test::Scratch scratch_;
  std::filesystem::path folder_;
};

TEST_F(ReportData, reads_what_the_lines_say_and_no_more) {
  job("a", kMetrics, "");
  const JobCurves curves = read_curves(folder_, "label");
  EXPECT_EQ(curves.label, "label");
  ASSERT_EQ(curves.points.size(), 2u);
  EXPECT_EQ(curves.points[0].gap, 0.5);
  EXPECT_EQ(curves.points[1].round, 10);
  EXPECT_EQ(curves.points[1].total_bytes, 880);
  EXPECT_TRUE(std::isnan(curves.points[1].loss));
  EXPECT_TRUE(std::isnan(curves.points[1].gap));
  EXPECT_TRUE(curves.staleness.empty());
  EXPECT_TRUE(curves.figures.empty());
}

TEST_F(ReportData, leaves_out_what_a_run_that_went_back_had_measured) {
  job("a",
      "{\"round\":0,\"loss\":9,\"seconds\":0}\n{\"round\":10,\"loss\":8,\"seconds\":1}\n"
      "{\"round\":20,\"loss\":7,\"seconds\":2}\n{\"round\":12,\"loss\":6,\"seconds\":1.2}\n",
      "");
  const JobCurves curves = read_curves(folder_, "");
  ASSERT_EQ(curves.points.size(), 3u);
  EXPECT_EQ(curves.points[1].loss, 8);
  EXPECT_EQ(curves.points[2].loss, 6);
}

TEST_F(ReportData, reads_the_result) {
  job("a", kMetrics, R"({"status":"converged","loss":0.12345678,"gap":null,"uplink_bytes":2048,"rounds":7})");
  EXPECT_THAT(read_curves(folder_, "").figures,
              ElementsAre(Pair("status", "converged"), Pair("rounds", "7"), Pair("loss", "0.1235"),
                          Pair("gap", "-"), Pair("uplink_bytes", "2.00 KiB")));
}

TEST_F(ReportData, reads_the_staleness_that_was_measured_last) {
  job("a",
      "{\"round\":1,\"staleness\":{\"histogram\":[[0,0,1]]}}\n"
      "{\"round\":2,\"staleness\":{\"mean\":1,\"histogram\":[[0,0,5],[8,15,3],[1,2],\"x\"]}}\n"
      "{\"round\":3,\"staleness\":2}\n",
      "");
  std::vector<StalenessClass> classes = read_curves(folder_, "").staleness;
  ASSERT_EQ(classes.size(), 2u);
  EXPECT_EQ(classes[1].low, 8u);
  EXPECT_EQ(classes[1].high, 15u);
  EXPECT_EQ(classes[1].count, 3);
  job("b", kMetrics, R"({"staleness":{"histogram":[[0,0,4]]}})");
  EXPECT_EQ(read_curves(folder_, "").staleness.size(), 1u);
}

TEST_F(ReportData, finds_jobs_by_name_by_folder_and_by_their_sweep) {
  const std::string title = job("a", kMetrics, R"({"method":"gd"})");
  const GlobalOptions options = scratch_.options();
  EXPECT_EQ(read_jobs(options, {title})[0].label, title + " gd");
  EXPECT_EQ(read_jobs(options, {})[0].label, title + " gd");
  EXPECT_EQ(read_jobs(options, {folder_.string() + "/"})[0].points.size(), 2u);
  {
    SweepFolder sweep(scratch_.folder(), "s");
    sweep.add({"d1", "seed=1", folder_.string(), "{}"});
    sweep.add({"d2", "seed=2", "/gone", "{}"});
  }
  const std::vector<JobCurves> swept = read_jobs(options, {"s", (scratch_.folder() / "sweeps/s").string()});
  ASSERT_EQ(swept.size(), 2u);
  EXPECT_EQ(swept[0].label, "seed=1");
}

TEST_F(ReportData, what_is_not_there_is_said) {
  job("a", "", "");
  EXPECT_THAT(test::error_of([&] { read_jobs(scratch_.options(), {"b"}); }),
              Pair(Fault::kUnreachable, HasSubstr("b")));
  EXPECT_EQ(test::error_of([&] { read_jobs(scratch_.options(), {"a"}); }).second,
            "neither metrics.jsonl nor result.json is in " + folder_.string());
  { SweepFolder(scratch_.folder(), "s").add({"d", "seed=2", "/gone", "{}"}); }
  EXPECT_THAT(test::error_of([&] { read_jobs(scratch_.options(), {"s"}); }).second,
              HasSubstr("no job of the sweep in "));
}

TEST(ReportThinned, keeps_the_first_and_the_last) {
  std::vector<CurvePoint> points(1000);
  for (std::size_t i = 0; i < points.size(); ++i) points[i].round = static_cast<double>(i);
  const std::vector<CurvePoint> few = thinned(points, 10);
  ASSERT_EQ(few.size(), 10u);
  EXPECT_EQ(few.front().round, 0);
  EXPECT_EQ(few.back().round, 999);
  EXPECT_EQ(thinned(points, 1000).size(), 1000u);
}

}  // namespace
}  // namespace wisp::cli
