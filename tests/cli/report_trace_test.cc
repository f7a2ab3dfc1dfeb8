#include "cli/report_trace.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::json;

// The events of one kind.
std::vector<Json> of_kind(const Json& trace, const std::string& ph) {
  std::vector<Json> found;
  for (const Json& event : trace["traceEvents"]) {
    if (event["ph"] == ph) found.push_back(event);
  }
  return found;
}

TEST(ReportTrace, has_slices_marks_and_counters) {
  const test::Scratch scratch;
  scratch.write("events.jsonl",
                R"({"time":"2026-03-01T02:13:07.000Z","event":"started","process":"master","host":"n1"}
{"time":"2026-03-01T02:13:07.500Z","event":"started","process":"worker-0","host":"n2"}
{"time":"2026-03-01T02:13:08.000Z","event":"silent","process":"worker-0","host":"n2"}
{"time":"2026-03-01T02:13:09.500Z","event":"exited","process":"worker-0","host":"n2","cause":"signal 9"}
{"time":"nonsense"}
{"ti
)");
  JobCurves job;
  job.label = "a";
  job.folder = scratch.folder();
  job.points.resize(1);
  job.points[0].seconds = 0.25;
  job.points[0].loss = 0.5;
  const Json trace = Json::parse(trace_json({job}));
  const std::vector<Json> slices = of_kind(trace, "X");
  ASSERT_EQ(slices.size(), 2u);
  EXPECT_EQ(slices[0]["name"], "worker-0");
  EXPECT_EQ(slices[0]["ts"], 500'000);
  EXPECT_EQ(slices[0]["dur"], 2'000'000);
  EXPECT_EQ(slices[0]["args"]["cause"], "signal 9");
  EXPECT_EQ(slices[1]["name"], "master") << "up to the last event, as nobody saw its end";
  EXPECT_EQ(slices[1]["dur"], 2'500'000);
  ASSERT_EQ(of_kind(trace, "i").size(), 1u);
  EXPECT_EQ(of_kind(trace, "i")[0]["name"], "silent");
  const std::vector<Json> counters = of_kind(trace, "C");
  ASSERT_EQ(counters.size(), 1u);
  EXPECT_EQ(counters[0]["ts"], 750'000);
  EXPECT_EQ(counters[0]["args"]["loss"], 0.5);
}

TEST(ReportTrace, each_job_is_a_process_of_it) {
  JobCurves a;
  a.label = "<a>";
  JobCurves b;
  b.label = "b";
  const Json trace = Json::parse(trace_json({a, b}));
  const std::vector<Json> names = of_kind(trace, "M");
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[0]["args"]["name"], "<a>");
  EXPECT_EQ(names[1]["pid"], 2);
}

}  // namespace
}  // namespace wisp::cli
