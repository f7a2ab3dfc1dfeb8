#include "config/files.h"

#include <gtest/gtest.h>

#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

std::string name_of(const Workbench& bench) { return bench.load().job.name; }

TEST(Files, later_ones_merge_over_earlier_ones) {
  Workbench bench;
  bench.file("job.yaml", kJob + "name: first\nseed: 3\n").file("more.yaml", "name: second\n");
  bench.request.files.push_back("more.yaml");
  EXPECT_EQ(name_of(bench), "second");
  EXPECT_EQ(bench.load().job.seed, 3u);
  EXPECT_EQ(to_string(bench.load().where("name")), "more.yaml:1:7");
}

TEST(Files, includes_lie_under_the_file_and_over_each_other) {
  Workbench bench;
  bench.file("job.yaml", "include: [ parts/a.yaml, parts/b.yaml ]\nname: job\n");
  bench.file("parts/a.yaml", kJob + "name: a\nseed: 1\ndtype: float32\n");
  bench.file("parts/b.yaml", "include: [ c.yaml ]\nseed: 2\nname: b\n");
  bench.file("parts/c.yaml", "seed: 3\nlogs: { level: warn }\n");
  const Experiment experiment = bench.load();
  EXPECT_EQ(experiment.job.name, "job");
  EXPECT_EQ(experiment.job.seed, 2u);
  EXPECT_EQ(experiment.job.dtype, actors::Dtype::kFloat32);
  EXPECT_EQ(to_string(experiment.where("logs.level")), "parts/c.yaml:2:16");
}

TEST(Files, paths_are_relative_to_the_file_they_stand_in) {
  Workbench bench;
  bench.file("job.yaml", "include: [ parts/a.yaml ]\nssh: { config_file: ../cfg }\n")
      .file("parts/a.yaml", kJob);
  const Experiment experiment = bench.load();
  const auto folder = bench.request.folder;
  EXPECT_EQ(experiment.job.problem.data.path, (folder / "parts/a.libsvm").string());
  EXPECT_EQ(experiment.launcher.ssh.config_file, (folder.parent_path() / "cfg").string());
  bench.set("problem.data.path=b.libsvm");
  EXPECT_EQ(bench.load().job.problem.data.path, (folder / "b.libsvm").string());
  bench.set("problem.data.path=/data/./c.libsvm");
  EXPECT_EQ(bench.load().job.problem.data.path, "/data/c.libsvm");
  bench.environment["HOME"] = "/home/me";
  bench.set("problem.data.path=~/d.libsvm");
  EXPECT_EQ(bench.load().job.problem.data.path, "/home/me/d.libsvm");
}

TEST(Files, null_deletes_what_was_included) {
  Workbench bench;
  bench.file("job.yaml", "include: [ a.yaml ]\nstop: { rounds: null, time: 5m }\n").file("a.yaml", kJob);
  EXPECT_EQ(bench.load().job.stop.rounds, std::nullopt);
}

TEST(Files, include_cycles_are_errors) {
  Workbench bench;
  bench.file("job.yaml", "include: [ a.yaml ]\n").file("a.yaml", "seed: 1\ninclude: [ ./job.yaml ]\n");
  EXPECT_EQ(bench.errors(),
            "a.yaml:2:12: error: 'job.yaml' includes itself\n"
            "    2 | include: [ ./job.yaml ]\n"
            "      |            ^~~~~~~~~~\n");
}

TEST(Files, that_can_not_be_read_are_errors) {
  Workbench bench;
  bench.request.files = {"none.yaml", "sub"};
  bench.file("sub/x.yaml", "");
  EXPECT_EQ(bench.errors(),
            "none.yaml: error: No such file or directory\n"
            "sub: error: it is a folder\n");
  EXPECT_EQ(
      errors_of("include: [ none.yaml, '${NONE}' ]\n"),
      "job.yaml:1:12: error: 'none.yaml' can't be included: No such file or directory\n"
      "    1 | include: [ none.yaml, '${NONE}' ]\n"
      "      |            ^~~~~~~~~\n"
      "job.yaml:1:23: error: variable 'NONE' is not set\n"
      "    1 | include: [ none.yaml, '${NONE}' ]\n"
      "      |                       ^~~~~~~~~ set it with --var NONE=..., or write ${NONE:-default}\n");
}

TEST(Files, errors_come_in_the_order_of_reading) {
  Workbench bench;
  bench.file("job.yaml", "include: [ none.yaml ]\na: [").file("b.yaml", "a: {");
  bench.request.files.push_back("b.yaml");
  const std::string errors = bench.errors();
  EXPECT_LT(errors.find("job.yaml:2:"), errors.find("b.yaml:1:"));
}

TEST(Files, that_are_no_job_file_are_errors) {
  EXPECT_EQ(errors_of(""), "job.yaml: error: the file is empty; a job begins with 'version: 1'\n");
  EXPECT_EQ(errors_of("# nothing\n"), "job.yaml: error: the file is empty; a job begins with 'version: 1'\n");
  EXPECT_EQ(errors_of("just text\n"),
            "job.yaml:1:1: error: a job file is a map of keys\n"
            "    1 | just text\n"
            "      | ^~~~~~~~~ it begins with 'version: 1'\n");
  EXPECT_EQ(errors_of(std::string("a: \0", 4)), "job.yaml: error: not UTF-8 text\n");
  EXPECT_EQ(errors_of(std::string((1 << 20) + 1, '#')), "job.yaml: error: larger than 1 MiB\n");
  EXPECT_EQ(errors_of("include: a.yaml\n"),
            "job.yaml:1:10: error: include must be a list of files\n"
            "    1 | include: a.yaml\n"
            "      |          ^~~~~~ did you mean [ a.yaml ]?\n");
}

TEST(Files, a_byte_order_mark_is_no_error) { EXPECT_EQ(errors_of("\xEF\xBB\xBF" + kJob), ""); }

TEST(Files, includes_may_use_variables_of_their_file) {
  Workbench bench;
  bench.file("job.yaml", "vars: { PART: a }\ninclude: [ '${PART}.yaml' ]\n").file("a.yaml", kJob);
  EXPECT_EQ(bench.errors(), "");
}

TEST(Files, too_many_includes_are_an_error) {
  Workbench bench;
  std::string list;
  for (int i = 0; i < 70; ++i) list += "a.yaml, ";
  bench.file("job.yaml", "include: [ " + list + "]\n").file("a.yaml", "seed: 1\n");
  EXPECT_NE(bench.errors().find("'a.yaml' can't be included: more than 64 files"), std::string::npos);
}

TEST(Files, a_later_file_can_change_one_host_of_a_pattern) {
  Workbench bench;
  bench.file("job.yaml", "include: [ a.yaml ]\nhosts: { n2: { slots: 8 }, n3: null }\n");
  bench.file("a.yaml", kJob + "hosts: { 'n[1-3]': { slots: 4 } }\n");
  const Experiment experiment = bench.load();
  ASSERT_EQ(experiment.launcher.hosts.size(), 2u);
  EXPECT_EQ(experiment.launcher.hosts[0].slots, 4u);
  EXPECT_EQ(experiment.launcher.hosts[1].slots, 8u);
}

TEST(Files, a_host_given_twice_is_an_error) {
  EXPECT_EQ(errors_in_line("hosts: { 'n[1-3]': { slots: 4 }, n2: { slots: 1 } }"),
            "job.yaml:5:34: error: host 'n2' is given twice; first in line 5\n"
            "    5 | hosts: { 'n[1-3]': { slots: 4 }, n2: { slots: 1 } }\n"
            "      |                                  ^~\n");
  EXPECT_EQ(errors_in_line("hosts: { 'n[3-1]': { slots: 4 }, n2: { slots: 1 } }"),
            "job.yaml:5:10: error: 'n[3-1]' is no host name, and no pattern such as node[01-16]\n"
            "    5 | hosts: { 'n[3-1]': { slots: 4 }, n2: { slots: 1 } }\n"
            "      |          ^~~~~~~~\n");
}

}  // namespace
}  // namespace wisp::config
