#include "config/build.h"

#include <gtest/gtest.h>

#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

TEST(Build, unknown_keys_are_errors_with_a_guess) {
  EXPECT_EQ(errors_in_line("sed: 3"),
            "job.yaml:5:1: error: unknown key 'sed'\n"
            "    5 | sed: 3\n"
            "      | ^~~ did you mean 'seed'?\n");
  EXPECT_EQ(errors_in_line("actors: { worker: { num_workers: 3 } }"),
            "job.yaml:5:21: error: unknown key 'num_workers' in actors.worker\n"
            "    5 | actors: { worker: { num_workers: 3 } }\n"
            "      |                     ^~~~~~~~~~~ did you mean 'replicas'?\n");
  EXPECT_EQ(errors_in_line("learning_rate: 0.1"),
            "job.yaml:5:1: error: unknown key 'learning_rate'\n"
            "    5 | learning_rate: 0.1\n"
            "      | ^~~~~~~~~~~~~ did you mean 'method.step_size'?\n");
  EXPECT_EQ(errors_in_line("qqqqq:"),
            "job.yaml:5:1: error: unknown key 'qqqqq'\n"
            "    5 | qqqqq:\n"
            "      | ^~~~~\n");
}

TEST(Build, keys_of_later_times_are_unknown) {
  for (const char* line : {"checkpoint: { every: 50 rounds }", "chaos: []", "metrics: {}", "sweep: {}",
                           "simulation: {}", "plugins: [ a.so ]", "slurm: {}", "failure: {}"}) {
    EXPECT_NE(errors_in_line(line).find("unknown key"), std::string::npos) << line;
  }
}

TEST(Build, dotted_keys_are_not_paths) {
  EXPECT_EQ(errors_in_line("problem.l2: 3"),
            "job.yaml:5:1: error: unknown key 'problem.l2'\n"
            "    5 | problem.l2: 3\n"
            "      | ^~~~~~~~~~ nest it, one map in the other\n");
  EXPECT_NE(errors_in_line("'hosts.*': 3"), "");
}

TEST(Build, keys_that_begin_with_x_are_ignored) {
  EXPECT_EQ(errors_in_line("x-anything: { a: [ '$', '${B}' ], b: { c: 1 } }"), "");
}

TEST(Build, missing_keys_are_errors) {
  EXPECT_EQ(errors_of("seed: 1\n"),
            "job.yaml:1:1: error: 'version' is missing; add 'version: 1'\n"
            "job.yaml:1:1: error: 'problem' is missing\n"
            "job.yaml:1:1: error: 'method' is missing\n"
            "job.yaml:1:1: error: nothing stops this job; set stop.gap, stop.rounds or stop.time\n");
  EXPECT_EQ(
      errors_of("version: 1\nproblem: { data: { path: x } }\nmethod:\n  step_size: 1\nstop: { rounds: 1 }\n"),
      "job.yaml:2:1: error: 'problem.kind' is missing\n"
      "    2 | problem: { data: { path: x } }\n"
      "      | ^~~~~~~ one of logistic | least-squares | quadratic\n"
      "job.yaml:3:1: error: 'method.kind' is missing\n"
      "    3 | method:\n"
      "      | ^~~~~~ one of gd | ibcd | isega\n");
}

TEST(Build, a_bare_word_is_short_for_its_kind) {
  Workbench bench;
  bench.file("job.yaml", kJob + "actors: { worker: { placement: pack } }\nlauncher: local\n");
  const Experiment experiment = bench.load();
  EXPECT_EQ(experiment.job.method.kind, "gd");
  EXPECT_EQ(experiment.job.worker.placement.kind, "pack");
  EXPECT_EQ(experiment.launcher.kind, "local");
  bench.set("launcher={ kind: local }");
  EXPECT_EQ(bench.load().launcher.kind, "local");
}

TEST(Build, a_section_must_be_a_map) {
  EXPECT_EQ(errors_in_line("network: tcp"),
            "job.yaml:5:10: error: network must be a map of keys, not 'tcp'\n"
            "    5 | network: tcp\n"
            "      |          ^~~\n");
  EXPECT_EQ(
      errors_of("version: 1\nproblem: { kind: logistic, data: a.gz }\nmethod: [ gd ]\nstop: { rounds: 1 }\n"),
      "job.yaml:2:34: error: problem.data must be a map of keys, not 'a.gz'\n"
      "    2 | problem: { kind: logistic, data: a.gz }\n"
      "      |                                  ^~~~ did you mean { path: a.gz }?\n"
      "job.yaml:3:9: error: method must be a word, or a map with a kind, not a list\n"
      "    3 | method: [ gd ]\n"
      "      |         ^\n");
}

TEST(Build, the_name_is_the_stem_of_the_file) {
  EXPECT_EQ(Workbench().file("sub/my job.v2.yaml", kJob).load().job.name, "my-job-v2");
  EXPECT_EQ(Workbench().file("a.yaml", kJob + "name: b\n").load().job.name, "b");
  EXPECT_NE(errors_in_line("name: a/b"), "");
}

TEST(Build, the_master_is_isolated_as_the_workers_are) {
  Workbench bench;
  bench.file("job.yaml", kJob + "actors: { worker: { isolation: thread } }\n");
  EXPECT_EQ(bench.load().job.master.isolation, runtime::Isolation::kThread);
  bench.set("actors.master.isolation=process");
  EXPECT_EQ(bench.load().job.master.isolation, runtime::Isolation::kProcess);
}

TEST(Build, a_sparsifier_is_the_methods_own_unless_given) {
  Workbench bench;
  bench.file("job.yaml", kJob);
  EXPECT_FALSE(bench.load().job.method.sparsifier_given);
  bench.set("method.sparsifier={kind: random-blocks, density: 10%, blocks: 7}");
  const optim::MethodSpec method = bench.load().job.method;
  EXPECT_TRUE(method.sparsifier_given);
  EXPECT_EQ(method.sparsifier.kind, "random-blocks");
  EXPECT_EQ(method.sparsifier.density, 0.1);
  EXPECT_EQ(method.sparsifier.blocks, 7u);
  bench.request.sets = {"method.sparsifier.density=1/n"};
  EXPECT_EQ(bench.errors(),
            "--set: error: 'method.sparsifier.kind' is missing\n"
            "      | method.sparsifier.density=1/n\n"
            "      | ^~~~~~~~~~~~~~~~~~~~~~~~~ one of identity | random-blocks\n");
}

TEST(Build, hosts_are_a_map_or_a_list) {
  const auto hosts_of = [](const std::string& hosts) {
    return Workbench().file("job.yaml", kJob + "hosts: " + hosts + "\n").load().launcher.hosts;
  };
  const auto map = hosts_of(
      "{ b: { slots: 3, address: 192.0.2.1, ssh: { hostname: b.lab, port: 2222, user: ml, proxy_jump: j } }, "
      "a: }");
  ASSERT_EQ(map.size(), 2u);
  EXPECT_EQ(map[0].name, "a");
  EXPECT_EQ(map[0].slots, 0u);
  EXPECT_EQ(map[1].slots, 3u);
  EXPECT_EQ(map[1].address, "192.0.2.1");
  EXPECT_EQ(map[1].ssh.hostname, "b.lab");
  EXPECT_EQ(map[1].ssh.port, 2222);
  EXPECT_EQ(map[1].ssh.user, "ml");
  EXPECT_EQ(map[1].ssh.proxy_jump, "j");
  EXPECT_EQ(hosts_of("[ 'n[1-3]', a.lab ]").size(), 4u);
  EXPECT_EQ(errors_in_line("hosts: [ a, 'n[', b ]"),
            "job.yaml:5:13: error: a list of hosts holds names, and patterns such as node[01-16]\n"
            "    5 | hosts: [ a, 'n[', b ]\n"
            "      |             ^~~~\n");
  EXPECT_EQ(errors_in_line("hosts: [ a, a ]"),
            "job.yaml:5:13: error: host 'a' is given twice\n"
            "    5 | hosts: [ a, a ]\n"
            "      |             ^\n");
  EXPECT_EQ(errors_in_line("hosts: { a: 4 }"),
            "job.yaml:5:13: error: hosts.a must be a map of keys, not '4'\n"
            "    5 | hosts: { a: 4 }\n"
            "      |             ^\n");
}

TEST(Build, a_mistake_is_sound_neither_above_nor_below) {
  Draft draft;
  draft.failed = {"method.kind"};
  EXPECT_FALSE(draft.sound("method"));
  EXPECT_FALSE(draft.sound("method.kind"));
  EXPECT_FALSE(draft.sound("method.kind.x"));
  EXPECT_TRUE(draft.sound("method.step_size"));
  EXPECT_TRUE(draft.sound("metho"));
  EXPECT_TRUE(draft.sound_above("method"));
}

}  // namespace
}  // namespace wisp::config
