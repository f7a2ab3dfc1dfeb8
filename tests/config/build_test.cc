#include "config/build.h"

#include <gtest/gtest.h>

#include "config/resolve.h"
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
  for (const char* line : {"checkpoint: { workers: true }", "failure: { min_workers: 6 }"}) {
    EXPECT_NE(errors_in_line(line).find("unknown key"), std::string::npos) << line;
  }
}

std::string plugin_errors(const std::string& text) {
  Workbench bench;
  bench.request.vocabulary = plugin_vocabulary();
  return bench.file("job.yaml", text).errors();
}

std::string with_method(const std::string& method) {
  return "version: 1\n"
         "problem: { kind: logistic, data: { path: a } }\n"
         "stop: { rounds: 5 }\n"
         "method: " +
         method + "\n";
}

TEST(Build, settings_of_a_plugin_are_read_like_keys) {
  Workbench bench;
  bench.request.vocabulary = plugin_vocabulary();
  const Experiment loaded =
      bench
          .file("job.yaml",
                "version: 1\n"
                "problem: { kind: huber, delta: 0.25, data: { path: a } }\n"
                "stop: { rounds: 5 }\n"
                "method: { kind: heavy-ball, sparsifier: { kind: window, side: right } }\n")
          .load();
  EXPECT_EQ(loaded.job.problem.settings.get<double>("delta"), 0.25);
  EXPECT_EQ(loaded.job.method.settings.get<double>("momentum"), 0.9);
  EXPECT_EQ(loaded.job.method.sparsifier.settings.get<std::string>("side"), "right");
}

TEST(Build, settings_of_a_plugin_have_errors_like_keys) {
  EXPECT_EQ(plugin_errors(with_method("{ kind: heavy-ball, momentun: 1 }")),
            "job.yaml:4:29: error: unknown key 'momentun' in method\n"
            "    4 | method: { kind: heavy-ball, momentun: 1 }\n"
            "      |                             ^~~~~~~~ did you mean 'momentum'?\n");
  EXPECT_EQ(plugin_errors(with_method("{ kind: gd, momentum: 1 }")),
            "job.yaml:4:21: error: unknown key 'momentum' in method\n"
            "    4 | method: { kind: gd, momentum: 1 }\n"
            "      |                     ^~~~~~~~ it is a key of heavy-ball\n");
  EXPECT_EQ(messages_of(plugin_errors(with_method("{ kind: heavy-ball, momentum: 2 }"))),
            "job.yaml:4:39: error: method.momentum must be a number from 0 to 1, not '2'\n");
  EXPECT_EQ(plugin_errors(with_method("{ kind: gd, sparsifier: { kind: window, side: lefd } }")),
            "job.yaml:4:55: error: unknown side 'lefd'\n"
            "    4 | method: { kind: gd, sparsifier: { kind: window, side: lefd } }\n"
            "      |                                                       ^~~~ did you mean 'left'? (left | "
            "right)\n");
  EXPECT_EQ(
      messages_of(plugin_errors(
          "version: 1\nproblem: { kind: huber, data: { path: a } }\nmethod: gd\nstop: { rounds: 1 }\n")),
      "job.yaml:2:1: error: 'problem.delta' is missing\n");
}

TEST(Build, a_default_of_a_plugin_that_does_not_fit_is_said) {
  Workbench bench;
  bench.request.vocabulary = plugin_vocabulary();
  bench.request.vocabulary.keys = {
      {"method", "heavy-ball", {Setting::of<double>("momentum", "", 2.0).up_to(1)}}};
  EXPECT_EQ(messages_of(bench.file("job.yaml", with_method("heavy-ball")).errors()),
            "job.yaml:4:9: error: the default does not fit its own key: method.momentum must be a number, "
            "not '2'\n");
}

TEST(Build, a_job_of_plain_actors_has_groups) {
  Workbench bench;
  bench.request.vocabulary = plugin_vocabulary();
  const Experiment loaded = bench.file("job.yaml", kPlain).load();
  ASSERT_EQ(loaded.groups.size(), 2u);
  EXPECT_TRUE(loaded.plain());
  const actors::GroupSpec& evaluator = loaded.groups[0];
  EXPECT_EQ(evaluator.class_name, "my::Evaluator");
  EXPECT_TRUE(evaluator.main);
  EXPECT_EQ(evaluator.arguments.get<std::uint32_t>("every"), 5u);
  EXPECT_EQ(evaluator.arguments.get<std::int8_t>("shift"), -7);
  EXPECT_EQ(evaluator.arguments.get<std::vector<double>>("weights"), std::vector<double>{0.5});
  EXPECT_EQ(evaluator.actor_names(), std::vector<std::string>{"evaluator"});
  const actors::GroupSpec& counter = loaded.groups[1];
  EXPECT_EQ(counter.actor_names(), (std::vector<std::string>{"counter-0", "counter-1"}));
  EXPECT_EQ(counter.actor.isolation, runtime::Isolation::kThread);
  EXPECT_FALSE(counter.main);
}

std::string plain_errors(const std::string& group, const std::string& rest = "") {
  return plugin_errors("version: 1\n" + rest + "actors:\n  " + group + "\n");
}

TEST(Build, a_job_of_plain_actors_has_errors_at_their_places) {
  EXPECT_EQ(plain_errors("e: { class: 'my::Evaluatr', main: true }"),
            "job.yaml:3:15: error: unknown class 'my::Evaluatr'\n"
            "    3 |   e: { class: 'my::Evaluatr', main: true }\n"
            "      |               ^~~~~~~~~~~~~~ did you mean 'my::Evaluator'? (my::Counter | my::Evaluator "
            "| my::Hidden)\n");
  EXPECT_EQ(plain_errors("e: { class: 'my::Evaluator', args: { evry: 5 }, main: true }"),
            "job.yaml:3:40: error: unknown key 'evry' in actors.e.args\n"
            "    3 |   e: { class: 'my::Evaluator', args: { evry: 5 }, main: true }\n"
            "      |                                        ^~~~ did you mean 'every'?\n"
            "job.yaml:3:32: error: 'actors.e.args.every' is missing\n");
  EXPECT_EQ(
      messages_of(
          plain_errors("e: { class: 'my::Evaluator', args: { every: -5, weights: [ 1, x ] }, main: true }")),
      "job.yaml:3:47: error: actors.e.args.every must be a whole number from 0 to 4294967295, not '-5'\n"
      "job.yaml:3:65: error: actors.e.args.weights must be a number, not 'x'\n");
  EXPECT_EQ(messages_of(plain_errors("e: { class: 'my::Evaluator', main: true }")),
            "job.yaml:3:3: error: 'actors.e.args.every' is missing\n");
  EXPECT_EQ(
      plain_errors("e: { class: 'my::Evaluator', args: { every: 5 }, main: true }", "stop: { rounds: 5 }\n"),
      "job.yaml:2:1: error: 'stop' has no meaning for a job of plain actors\n"
      "    2 | stop: { rounds: 5 }\n"
      "      | ^~~~ leave it out, or add a problem and a method\n");
  EXPECT_EQ(plain_errors("e: { class: 'my::Evaluator', args: { every: 5 }, main: true }\n  c: { host: n1 }"),
            "job.yaml:4:3: error: 'actors.c.class' is missing\n"
            "    4 |   c: { host: n1 }\n"
            "      |   ^ one of my::Counter | my::Evaluator | my::Hidden\n"
            "job.yaml:4:14: error: a local job has no hosts\n"
            "    4 |   c: { host: n1 }\n"
            "      |              ^~ leave it out, or add hosts\n");
}

TEST(Build, plain_actors_save_themselves) {
  const std::string group = "e: { class: 'my::Evaluator', args: { every: 5 }, main: true }";
  EXPECT_EQ(plain_errors(group, "checkpoint: { keep: 2 }\n"),
            "job.yaml:2:1: error: 'checkpoint' has no meaning for a job of plain actors: plain actors save "
            "themselves (docs/actors.md)\n"
            "    2 | checkpoint: { keep: 2 }\n"
            "      | ^~~~~~~~~~ leave it out\n");
  EXPECT_EQ(plain_errors(group, "failure: { on_host_lost: fail }\n"), "");
}

TEST(Build, restarts_are_counted_within_a_time_or_never_made) {
  const auto load = [](const std::string& line) {
    return Workbench().file("job.yaml", kJob + line + "\n").load().job;
  };
  const actors::JobSpec given = load(
      "actors: { master: { restart: never }, worker: { restart: { max: 5, within: 2m, backoff: 10ms } } }");
  EXPECT_EQ(given.master.restart.max, 0u);
  EXPECT_EQ(given.worker.restart.max, 5u);
  EXPECT_EQ(given.worker.restart.within, std::chrono::minutes(2));
  EXPECT_EQ(given.worker.restart.backoff, std::chrono::milliseconds(10));
  EXPECT_EQ(load("actors: { worker: { restart: { max: 0 } } }").worker.restart.max, 0u);
  EXPECT_EQ(messages_of(errors_in_line("actors: { worker: { restart: { max: 1000001 } } }")),
            "job.yaml:5:37: error: actors.worker.restart.max must be a whole number from 0 to 1000000, not "
            "'1000001'\n");
  EXPECT_EQ(messages_of(errors_in_line("actors: { master: { restart: { within: 0s, backoff: 5 } } }")),
            "job.yaml:5:40: error: actors.master.restart.within must be a time such as 500ms, 10s, 5m or 2h, "
            "not '0s'\n"
            "job.yaml:5:53: error: actors.master.restart.backoff needs a unit\n");
}

TEST(Build, a_word_that_is_not_never_was_meant_for_a_key) {
  EXPECT_EQ(errors_in_line("actors: { worker: { restart: always } }"),
            "job.yaml:5:30: error: unknown restart 'always'\n"
            "    5 | actors: { worker: { restart: always } }\n"
            "      |                              ^~~~~~ did you mean 'never'?\n");
  EXPECT_EQ(errors_in_line("actors: { worker: { restart: 5 } }"),
            "job.yaml:5:30: error: unknown restart '5'\n"
            "    5 | actors: { worker: { restart: 5 } }\n"
            "      |                              ^ did you mean { max: 5 }?\n");
  EXPECT_EQ(errors_in_line("checkpoint: 50 rounds"),
            "job.yaml:5:13: error: unknown checkpoint '50 rounds'\n"
            "    5 | checkpoint: 50 rounds\n"
            "      |             ^~~~~~~~~ did you mean { every: 50 rounds }?\n");
  EXPECT_EQ(messages_of(errors_in_line("checkpoint: [ never ]")),
            "job.yaml:5:13: error: checkpoint must be never, or a map of keys, not a list\n");
}

TEST(Build, beside_never_no_key_stands) {
  EXPECT_EQ(errors_in_line("checkpoint: { kind: never, keep: 2 }"),
            "job.yaml:5:28: error: checkpoint is never, and has no keep\n"
            "    5 | checkpoint: { kind: never, keep: 2 }\n"
            "      |                            ^~~~ leave out one of them\n");
  EXPECT_EQ(errors_in_line("checkpoint: { kind: never, keep: }"), "");
}

TEST(Build, checkpoints_have_an_interval) {
  const auto load = [](const std::string& text) {
    return Workbench().file("job.yaml", kJob + "checkpoint: " + text + "\n").load().job.checkpoint;
  };
  const actors::CheckpointSpec rounds = load("{ every: 50 rounds, keep: 5, resume: auto }");
  EXPECT_EQ(rounds.every_rounds, 50u);
  EXPECT_EQ(rounds.every, std::chrono::seconds(0));
  EXPECT_FALSE(rounds.paced);
  EXPECT_EQ(rounds.keep, 5u);
  EXPECT_EQ(rounds.resume, "auto");
  EXPECT_EQ(rounds.copies, 1u);
  EXPECT_EQ(load("{ copies: 2 }\nhosts: [ a, b ]").copies, 2u);
  EXPECT_EQ(load("{ every: 500 updates }").every_updates, 500u);
  EXPECT_EQ(load("{ every: 1500ms }").every, std::chrono::milliseconds(1500));
  EXPECT_EQ(load("{ every: 2 seconds }").every, std::chrono::seconds(2));
  EXPECT_FALSE(load("never").enabled());
  EXPECT_FALSE(load("{ every: never, resume: auto }").enabled());
  const actors::CheckpointSpec paced = load("{ keep: 2 }");
  EXPECT_TRUE(paced.paced);
  EXPECT_EQ(paced.every, std::chrono::seconds(10));
}

TEST(Build, a_job_of_one_machine_has_no_host_for_copies) {
  EXPECT_EQ(errors_in_line("checkpoint: { copies: 2, every: never }"), "");
  EXPECT_EQ(messages_of(errors_in_line("checkpoint: { copies: 2 }")),
            "job.yaml:5:23: error: all of this job is on this machine: there is no second host\n");
}

TEST(Build, checkpoints_have_errors_at_their_places) {
  EXPECT_EQ(messages_of(errors_in_line("checkpoint: { every: 50, keep: 0, resume: }")),
            "job.yaml:5:22: error: checkpoint.every needs a unit\n"
            "job.yaml:5:32: error: checkpoint.keep must be a whole number from 1 to 1000, not '0'\n");
  EXPECT_EQ(
      messages_of(errors_in_line("checkpoint: { every: 0s, resume: '' }")),
      "job.yaml:5:22: error: checkpoint.every must be never or a number of rounds, updates or seconds such "
      "as '10 rounds' or 10s, not '0s'\n"
      "job.yaml:5:34: error: checkpoint.resume must be never, auto or a path, not ''\n");
  EXPECT_EQ(errors_in_line("failure: { on_host_lost: retry }"),
            "job.yaml:5:26: error: unknown on_host_lost 'retry'\n"
            "    5 | failure: { on_host_lost: retry }\n"
            "      |                          ^~~~~ one of reschedule | wait | fail\n");
}

TEST(Build, what_is_one_run_has_no_restarts_unless_given) {
  for (const char* line : {"record: r", "replay: r", "simulation: { spread: 2 }"}) {
    const Experiment loaded = Workbench().file("job.yaml", kJob + line + "\n").load();
    EXPECT_EQ(loaded.job.master.restart.max, 0u) << line;
    EXPECT_EQ(loaded.job.worker.restart.max, 0u) << line;
    EXPECT_FALSE(loaded.job.checkpoint.enabled()) << line;
    EXPECT_NE(to_yaml(loaded).find("checkpoint:\n  kind: never  # default\n"), std::string::npos) << line;
  }
}

TEST(Build, actors_of_ones_own_are_not_for_jobs_with_a_method) {
  EXPECT_EQ(errors_in_line("actors: { e: { class: 'my::Evaluator' } }"),
            "job.yaml:5:11: error: unknown key 'e' in actors\n"
            "    5 | actors: { e: { class: 'my::Evaluator' } }\n"
            "      |           ^ actors of one's own are for jobs without problem and method\n");
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
