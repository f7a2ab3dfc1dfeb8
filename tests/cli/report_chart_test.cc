#include "cli/report_chart.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace wisp::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> marks(const Axis& axis) {
  std::vector<std::string> names;
  for (const auto& [value, name] : axis.ticks) names.push_back(name);
  return names;
}

TEST(ReportChart, a_linear_axis_has_round_marks) {
  const Axis axis = axis_of({1, 97}, false).value();
  EXPECT_EQ(axis.low, 0);
  EXPECT_EQ(axis.high, 97);
  EXPECT_EQ(marks(axis), (std::vector<std::string>{"0", "20", "40", "60", "80"}));
  EXPECT_EQ(axis.share(48.5), 0.5);
}

TEST(ReportChart, a_logarithmic_axis_has_decades) {
  const Axis axis = axis_of({1, 1e-4, 0, -3, kNaN}, true).value();
  EXPECT_EQ(axis.low, 1e-4);
  EXPECT_EQ(marks(axis), (std::vector<std::string>{"1e-4", "0.001", "0.01", "0.1", "1"}));
  EXPECT_NEAR(axis.share(1e-2), 0.5, 1e-12);
  EXPECT_LE(axis_of({1e-300, 1e300}, true).value().ticks.size(), 9u);
}

TEST(ReportChart, an_axis_of_one_value_or_of_none) {
  const Axis one = axis_of({5, 5}, false).value();
  EXPECT_LT(one.low, 5);
  EXPECT_GT(one.high, 5);
  EXPECT_FALSE(one.ticks.empty());
  const Axis log = axis_of({5}, true).value();
  EXPECT_LT(log.low, log.high);
  EXPECT_FALSE(log.ticks.empty());
  const Axis zero = axis_of({0}, false).value();
  EXPECT_LT(zero.low, zero.high);
  EXPECT_FALSE(axis_of({kNaN, HUGE_VAL}, false).has_value());
  EXPECT_FALSE(axis_of({0, -1}, true).has_value());
}

TEST(ReportChart, marks_are_short) {
  EXPECT_EQ(tick_text(0), "0");
  EXPECT_EQ(tick_text(0.25), "0.25");
  EXPECT_EQ(tick_text(9999), "9999");
  EXPECT_EQ(tick_text(20000), "2e4");
  EXPECT_EQ(tick_text(-3e-7), "-3e-7");
}

TEST(ReportChart, names_are_escaped) {
  EXPECT_EQ(html_text("a<b>&\"'\n"), "a&lt;b&gt;&amp;&quot;&#39;\\n");
  Chart chart{"t<", "x<", "y<", false, false, {{"</script><b>", 0, {{0, 1}, {1, 2}}}}};
  EXPECT_THAT(chart_svg(chart, 0), Not(HasSubstr("<b>")));
  EXPECT_THAT(chart_svg(chart, 0), Not(HasSubstr("t<<")));
}

TEST(ReportChart, draws_each_series_where_its_values_are) {
  const Chart chart{"gap by rounds",
                    "rounds",
                    "gap",
                    false,
                    true,
                    {{"a", 0, {{0, 1}, {5, kNaN}, {10, 1e-2}, {20, 1e-4}}}, {"b", 9, {{0, 1}, {20, 0.1}}}}};
  const std::string svg = chart_svg(chart, 3);
  EXPECT_THAT(svg, HasSubstr("<svg data-chart=\"3\""));
  EXPECT_THAT(svg, HasSubstr(">gap by rounds</text>"));
  EXPECT_THAT(svg, HasSubstr("d=\"M66.0 30.0M267.0 151.0L468.0 272.0\""));
  EXPECT_THAT(svg, HasSubstr("<path class=\"curve s1\" d=\"M66.0 30.0L468.0 90.5\"><title>b</title>"));
  const auto json = nlohmann::json::parse(chart_json(chart));
  EXPECT_EQ(json["series"][0]["points"], (nlohmann::json{{0.0, 1.0}, {10.0, 1e-2}, {20.0, 1e-4}}));
  EXPECT_EQ(json["y"]["low"], 1e-4);
}

TEST(ReportChart, without_points_says_so) {
  const Chart chart{"gap by rounds", "rounds", "gap", false, true, {{"a", 0, {{0, kNaN}}}}};
  EXPECT_EQ(chart_svg(chart, 0), "<p class=\"nothing\">gap by rounds: nothing was measured</p>\n");
  EXPECT_EQ(chart_json(chart), "null");
}

}  // namespace
}  // namespace wisp::cli
