#include "cli/report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

JobCurves job(const std::string& label, bool with_gap, double bytes) {
  JobCurves curves;
  curves.label = label;
  for (int i = 0; i <= 10; ++i) {
    CurvePoint point;
    point.round = 10 * i;
    point.loss = 1.0 / (1 + i);
    if (with_gap) point.gap = 0.5 / (1 + i);
    point.uplink_bytes = bytes * i;
    point.total_bytes = 2 * bytes * i;
    point.seconds = 0.1 * i;
    curves.points.push_back(point);
  }
  return curves;
}

std::vector<std::string> titles(const std::vector<Chart>& charts) {
  std::vector<std::string> all;
  for (const Chart& chart : charts) all.push_back(chart.title);
  return all;
}

TEST(ReportPage, shows_the_gap_where_it_is_known_and_else_the_loss) {
  EXPECT_THAT(titles(charts_of({job("a", true, 1)})),
              ElementsAre("gap by rounds", "gap by bytes of workers", "gap by bytes", "gap by seconds"));
  EXPECT_THAT(titles(charts_of({job("a", false, 1)})),
              ElementsAre("loss by rounds", "loss by bytes of workers", "loss by bytes", "loss by seconds"));
  EXPECT_EQ(charts_of({job("a", true, 1), job("b", false, 1)}).size(), 8u);
}

TEST(ReportPage, lays_jobs_over_one_another) {
  const std::vector<Chart> charts = charts_of({job("a", true, 1e3), job("b", true, 1e6)});
  ASSERT_EQ(charts[0].series.size(), 2u);
  EXPECT_EQ(charts[0].series[1].name, "b");
  EXPECT_TRUE(charts[0].y_log);
  EXPECT_FALSE(charts[0].x_log);
  EXPECT_TRUE(charts[1].x_log) << "a thousand times the bytes";
  EXPECT_EQ(charts[1].x_label, "bytes from workers to master (MB)");
  EXPECT_EQ(charts[1].series[1].points.back().first, 10);
}

TEST(ReportPage, a_loss_that_is_not_positive_is_on_a_linear_axis) {
  JobCurves curves = job("a", false, 1);
  curves.points[3].loss = -0.1;
  EXPECT_FALSE(charts_of({curves})[0].y_log);
}

TEST(ReportPage, staleness_is_a_share_of_all_updates) {
  JobCurves curves = job("a", true, 1);
  curves.staleness = {{0, 0, 1}, {1, 2, 2}, {4, 4, 1}};
  const Chart chart = charts_of({job("b", true, 1), curves}).back();
  EXPECT_EQ(chart.title, "staleness");
  ASSERT_EQ(chart.series.size(), 1u);
  EXPECT_EQ(chart.series[0].style, 1u);
  const std::vector<std::pair<double, double>> outline = {{0, 0}, {0, 0.25}, {1, 0.25}, {1, 0.25}, {3, 0.25},
                                                          {3, 0}, {4, 0},    {4, 0.25}, {5, 0.25}, {5, 0}};
  EXPECT_EQ(chart.series[0].points, outline);
}

TEST(ReportPage, is_one_file_that_asks_for_nothing) {
  JobCurves curves = job("<i>&</script>", true, 1);
  curves.figures = {{"status", "<b>"}};
  curves.folder = "/state/<u>";
  const std::string html = report_html({curves});
  EXPECT_THAT(html, HasSubstr("&lt;i&gt;&amp;&lt;/script&gt;"));
  EXPECT_THAT(html, HasSubstr("<td>&lt;b&gt;</td><td>/state/&lt;u&gt;</td>"));
  EXPECT_THAT(html, HasSubstr("\\u003ci>"));
  for (const char* what : {"<i>", "<b>", "<u>", "https:", "src=", "href=", "@import", "url(", "fetch"})
    EXPECT_THAT(html, Not(HasSubstr(what)));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

TEST(ReportPage, of_jobs_without_metrics_is_a_page_too) {
  EXPECT_THAT(report_html({JobCurves{}}), HasSubstr("loss by rounds: nothing was measured"));
}

}  // namespace
}  // namespace wisp::cli
