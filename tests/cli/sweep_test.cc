#include "cli/sweep.h"

#include <gtest/gtest.h>

#include "cli/experiment.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

EndedPoint point(const std::string& digest, const std::string& status) {
  return {digest, "seed=1", "/jobs/a", R"({"status":")" + status + R"("})"};
}

TEST(SweepFolder, remembers_what_has_ended) {
  const test::Scratch scratch;
  {
    SweepFolder folder(scratch.folder(), "s");
    EXPECT_EQ(folder.path(), scratch.folder() / "sweeps/s");
    EXPECT_EQ(folder.find("d1"), nullptr);
    folder.add(point("d1", "finished"));
    folder.add(point("d2", "diverged"));
    folder.add(point("d1", "converged"));
  }
  const SweepFolder again(scratch.folder(), "s");
  ASSERT_NE(again.find("d1"), nullptr);
  EXPECT_EQ(again.find("d1")->result, R"({"status":"converged"})");
  EXPECT_EQ(again.find("d1")->settings, "seed=1");
  EXPECT_EQ(again.find("d2")->folder, "/jobs/a");
  EXPECT_EQ(read_points(again.path()).size(), 3u);
}

TEST(SweepFolder, leaves_out_lines_that_were_cut_short) {
  const test::Scratch scratch;
  { SweepFolder(scratch.folder(), "s").add(point("d1", "finished")); }
  std::ofstream(scratch.folder() / "sweeps/s/points.jsonl", std::ios::app)
      << "[]\n{\"digest\": 1}\n{\"digest\":\"d2\",\"settings\":\"\",\"folder\":\"\",\"result\":3}\n{\"dig";
  const std::vector<EndedPoint> points = read_points(scratch.folder() / "sweeps/s");
  ASSERT_EQ(points.size(), 1u);
  EXPECT_EQ(points[0].digest, "d1");
  EXPECT_TRUE(read_points(scratch.folder() / "none").empty());
}

TEST(SweepFolder, is_held_by_one_at_a_time) {
  const test::Scratch scratch;
  const SweepFolder held(scratch.folder(), "s");
  const auto [fault, what] = test::error_of([&] { SweepFolder(scratch.folder(), "s"); });
  EXPECT_EQ(fault, Fault::kFailed);
  EXPECT_EQ(what, "this sweep is running already: another wisp run holds " + (held.path() / "lock").string());
}

TEST(SweepFolder, a_point_is_known_by_its_job_and_the_bytes_of_its_data) {
  const test::Scratch scratch;
  scratch.write("a.libsvm", "1 1:1\n-1 2:1\n");
  const std::string file =
      scratch.write("job.yaml",
                    "version: 1\nproblem: { kind: logistic, data: { path: a.libsvm } }\nmethod: gd\n"
                    "stop: { rounds: 1 }\nsweep: { seed: [ 1, 2 ] }\n");
  const config::Sweep sweep = load_sweep(scratch.options(), {file}, test::inventory());
  const std::string first = digest_of(sweep.points[0].experiment);
  EXPECT_EQ(digest_of(sweep.points[0].experiment), first);
  EXPECT_NE(digest_of(sweep.points[1].experiment), first);
  scratch.write("a.libsvm", "1 1:1\n-1 2:2\n");
  EXPECT_NE(digest_of(sweep.points[0].experiment), first);
}

}  // namespace
}  // namespace wisp::cli
