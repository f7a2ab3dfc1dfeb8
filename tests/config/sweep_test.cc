#include "config/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/resolve.h"
#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

// A job whose sweep stands in line 5.
std::string swept(const std::string& sweep) { return kJob + "sweep: " + sweep + "\n"; }

Sweep sweep_of(const Workbench& bench) { return load_sweep(bench.request); }

TEST(Sweep, is_the_product_of_its_lists_the_last_one_changing_fastest) {
  Workbench bench;
  bench.file("job.yaml", swept("{ method: [ gd, isega ], seed: [ 1, 2, 3 ] }"));
  const Sweep sweep = sweep_of(bench);
  std::string points;
  for (const SweepPoint& point : sweep.points) {
    points += settings_text(sweep, point) + "\n";
    EXPECT_EQ(point.experiment.job.method.kind, sweep.value(point, "method"));
    EXPECT_EQ(std::to_string(point.experiment.job.seed), sweep.value(point, "seed"));
    EXPECT_EQ(point.experiment.job.name, "job");
  }
  EXPECT_EQ(points,
            "method=gd seed=1\nmethod=gd seed=2\nmethod=gd seed=3\n"
            "method=isega seed=1\nmethod=isega seed=2\nmethod=isega seed=3\n");
  EXPECT_EQ(sweep.value(sweep.points[0], "dtype"), "");
}

TEST(Sweep, a_file_without_one_is_one_job) {
  const Sweep sweep = sweep_of(Workbench().file("job.yaml", kJob));
  EXPECT_TRUE(sweep.axes.empty());
  ASSERT_EQ(sweep.points.size(), 1u);
  EXPECT_EQ(settings_text(sweep, sweep.points[0]), "");
}

TEST(Sweep, values_may_be_sections_that_lie_over_what_the_file_says) {
  Workbench bench;
  bench.file("job.yaml",
             "version: 1\nproblem: { kind: logistic, l2: 0.5, data: { path: a } }\nstop: { rounds: 5 }\n"
             "sweep:\n"
             "  method: [ { kind: gd, step_size: paper }, { kind: isega, step_size: 0.1 } ]\n"
             "  problem.data: [ { path: b/c }, { path: /d } ]\n");
  const Sweep sweep = sweep_of(bench);
  ASSERT_EQ(sweep.points.size(), 4u);
  EXPECT_EQ(sweep.points[1].values,
            (std::vector<std::string>{"{ kind: gd, step_size: paper }", "{ path: /d }"}));
  const actors::JobSpec& job = sweep.points[2].experiment.job;
  EXPECT_EQ(job.method.kind, "isega");
  EXPECT_EQ(job.method.step_size.value, 0.1);
  EXPECT_EQ(job.problem.l2, 0.5);
  EXPECT_EQ(job.problem.data.path, (bench.request.folder / "b/c").string());
}

TEST(Sweep, a_record_for_all_of_its_jobs_is_refused) {
  Workbench bench;
  const std::string job =
      "version: 1\nproblem: { kind: logistic, data: { path: a } }\nmethod: { kind: gd, consistency: async }\n"
      "stop: { rounds: 5 }\nrecord: order\n";
  bench.file("job.yaml", job + "sweep: { seed: [ 1, 2 ] }\n");
  try {
    sweep_of(bench);
    FAIL() << "no exception";
  } catch (const ConfigErrors& errors) {
    EXPECT_THAT(errors.what(),
                testing::HasSubstr("job.yaml:5:9: error: several jobs of the sweep would write"));
  }
  EXPECT_EQ(sweep_of(Workbench().file("job.yaml", job + "sweep: { seed: [ 1 ] }\n")).points.size(), 1u);
}

TEST(Sweep, no_job_of_it_goes_on_from_the_last_one_of_its_name) {
  Workbench bench;
  bench.file("job.yaml", kJob + "checkpoint: { resume: auto }\nsweep: { seed: [ 1, 2 ] }\n");
  EXPECT_EQ(
      bench.errors(),
      "job.yaml:5:23: error: the jobs of a sweep have one name: auto would take the last checkpoint of any "
      "of them\n"
      "    5 | checkpoint: { resume: auto }\n"
      "      |                       ^~~~ leave it out: a sweep that is run again goes on with the jobs "
      "that have not ended\n");
  EXPECT_EQ(
      messages_of(errors_in_line("sweep: { checkpoint.resume: [ never, auto ] }")),
      "job.yaml:5:38: error: the jobs of a sweep have one name: auto would take the last checkpoint of any "
      "of them\n");
  EXPECT_EQ(errors_in_line("sweep: { checkpoint.keep: [ 2, 3 ] }"), "");
}

TEST(Sweep, the_command_line_changes_it_like_any_other_key) {
  Workbench bench;
  bench.file("job.yaml", swept("{ seed: [ 1, 2 ] }")).set("sweep.seed=[ 7 ]").set("stop.rounds=9");
  const Sweep sweep = sweep_of(bench);
  ASSERT_EQ(sweep.points.size(), 1u);
  EXPECT_EQ(sweep.points[0].experiment.job.seed, 7u);
  EXPECT_EQ(sweep.points[0].experiment.job.stop.rounds, 9u);
  bench.set("sweep=");
  EXPECT_TRUE(sweep_of(bench).axes.empty());
}

TEST(Sweep, a_set_that_the_sweep_would_undo_is_a_mistake) {
  Workbench bench;
  bench.file("job.yaml", swept("{ seed: [ 1, 2 ] }")).set("seed=7");
  EXPECT_EQ(bench.errors(),
            "--set: error: the sweep gives values to 'seed'\n"
            "      | seed=7\n"
            "      |      ^ write --set 'sweep.\"seed\"=[...]'\n");
}

TEST(Sweep, a_key_that_does_not_exist_is_named_where_it_stands) {
  EXPECT_EQ(errors_of(swept("{ method.sparsfier.density: [ 1, 0.1 ], seed: [ 1, 2 ] }")),
            "job.yaml:5:10: error: unknown key 'sparsfier' in method\n"
            "    5 | sweep: { method.sparsfier.density: [ 1, 0.1 ], seed: [ 1, 2 ] }\n"
            "      |          ^~~~~~~~~~~~~~~~~~~~~~~~ did you mean 'sparsifier'?\n");
}

TEST(Sweep, a_value_that_does_not_fit_is_named_where_it_stands_and_once) {
  EXPECT_EQ(errors_of(swept("{ seed: [ 1, two ], dtype: [ float32, float64 ] }")),
            "job.yaml:5:21: error: seed must be a whole number of at least 0, not 'two'\n"
            "    5 | sweep: { seed: [ 1, two ], dtype: [ float32, float64 ] }\n"
            "      |                     ^~~\n");
}

TEST(Sweep, a_mistake_of_the_file_is_told_once) {
  EXPECT_EQ(messages_of(errors_of(swept("{ seed: [ 1, 2, 3 ] }") + "dtype: fp\n")),
            "job.yaml:6:8: error: unknown dtype 'fp'\n");
}

TEST(Sweep, what_is_no_sweep_is_refused) {
  const auto message = [](const std::string& sweep) { return messages_of(errors_of(swept(sweep))); };
  EXPECT_EQ(message("[ 1 ]"), "job.yaml:5:8: error: sweep must be a map from keys to lists of values\n");
  EXPECT_EQ(message("{ seed: 1 }"), "job.yaml:5:16: error: sweep.seed must be a list of values\n");
  EXPECT_EQ(message("{ seed: [] }"), "job.yaml:5:16: error: sweep.seed must be a list of values\n");
  EXPECT_EQ(message("{ seed: [ 1, 1 ] }"), "job.yaml:5:21: error: 1 stands twice in the sweep of seed\n");
  EXPECT_EQ(message("{ vars.N: [ 1 ] }"), "job.yaml:5:10: error: 'vars.N' can't be swept\n");
  EXPECT_EQ(message("{ name: [ a ] }"), "job.yaml:5:10: error: 'name' can't be swept\n");
  EXPECT_EQ(message("{ \"seed.\": [ 1 ] }"), "job.yaml:5:10: error: 'seed.' is no path of a key\n");
  EXPECT_EQ(message("{ seed: null }"), "");
}

TEST(Sweep, of_too_many_jobs_is_refused) {
  std::string seeds = "0";
  for (int i = 1; i < 501; ++i) seeds += ", " + std::to_string(i);
  EXPECT_EQ(messages_of(errors_of(swept("{ dtype: [ float32, float64 ], seed: [ " + seeds + " ] }"))),
            "job.yaml:5:39: error: a sweep of more than 1000 jobs\n");
}

TEST(Sweep, the_resolved_file_is_the_same_sweep_from_any_folder) {
  Workbench bench;
  bench.file("job.yaml", kJob +
                             "dtype: float32\n"
                             "sweep:\n"
                             "  method: [ { kind: gd, step_size: paper }, isega ]\n"
                             "  problem.data.path: [ a, b ]\n");
  const std::string folder = bench.request.folder.string();
  const std::string yaml = to_yaml(bench.load());
  EXPECT_NE(yaml.find("\nsweep:\n"
                      "  method: [ { kind: gd, step_size: paper }, isega ]  # from job.yaml:7\n"
                      "  problem.data.path: [ " +
                      folder + "/a, " + folder + "/b ]  # from job.yaml:8\n"),
            std::string::npos)
      << yaml;
  EXPECT_EQ(yaml.find("# default"), std::string::npos);
  Workbench other;
  other.file("job.yaml", yaml);
  const Sweep before = sweep_of(bench);
  const Sweep after = sweep_of(other);
  ASSERT_EQ(after.points.size(), before.points.size());
  for (std::size_t i = 0; i < after.points.size(); ++i)
    EXPECT_EQ(to_json(after.points[i].experiment), to_json(before.points[i].experiment));
}

TEST(Sweep, json_has_its_lists) {
  Workbench bench;
  bench.file("job.yaml", swept("{ method: [ { kind: gd, step_size: paper } ], seed: [ 1, 2 ] }"));
  const std::string json = to_json(bench.load());
  EXPECT_NE(json.find("\"sweep\": {\n    \"method\": [\n      {\n        \"kind\": \"gd\""),
            std::string::npos)
      << json;
  EXPECT_NE(json.find("\"seed\": [\n      1,\n      2\n    ]"), std::string::npos) << json;
}

}  // namespace
}  // namespace wisp::config
