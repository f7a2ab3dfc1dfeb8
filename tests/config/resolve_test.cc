#include "config/resolve.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

const std::string kHosts =
    "hosts: { 'n[1-2]': { slots: 2 }, m: }\n"
    "actors: { worker: { replicas: 2, env: { A: '$${X} \"q\" \\', B: '1' } } }\n"
    "ssh: { program: [ ssh, -4 ] }\n";

TEST(Resolve, writes_every_value_with_its_origin) {
  Workbench bench;
  bench.file("job.yaml", kJob + kHosts).set("seed=5");
  const std::string folder = bench.request.folder.string();
  EXPECT_EQ(to_yaml(bench.load()),
            "version: 1  # from job.yaml:1\n"
            "name: job  # default\n"
            "seed: 5  # from --set\n"
            "dtype: float64  # default\n"
            "problem:\n"
            "  kind: logistic  # from job.yaml:2\n"
            "  l2: 0  # default\n"
            "  data:\n"
            "    path: " +
                folder +
                "/a.libsvm  # from job.yaml:2\n"
                "    format: libsvm  # default\n"
                "    shard: contiguous  # default\n"
                "  init: zeros  # default\n"
                "method:\n"
                "  kind: gd  # from job.yaml:3\n"
                "  step_size: theory  # default\n"
                "  batch_size: full  # default\n"
                "  error_feedback: false  # default\n"
                "  indices: auto  # default\n"
                "  late: apply  # default\n"
                "  nonfinite: error  # default\n"
                "actors:\n"
                "  master:\n"
                "    isolation: process  # default\n"
                "    resources:\n"
                "      nice: 0  # default\n"
                "    restart:\n"
                "      max: 3  # default\n"
                "      within: 60s  # default\n"
                "      backoff: 500ms  # default\n"
                "  worker:\n"
                "    replicas: 2  # from job.yaml:6\n"
                "    isolation: process  # default\n"
                "    placement:\n"
                "      kind: spread  # default\n"
                "      oversubscribe: false  # default\n"
                "    resources:\n"
                "      cpus: 1  # default\n"
                "      nice: 0  # default\n"
                "    env:\n"
                "      A: \"$${X} \\\"q\\\" \\\\\"  # from job.yaml:6\n"
                "      B: \"1\"  # from job.yaml:6\n"
                "    restart:\n"
                "      max: 3  # default\n"
                "      within: 60s  # default\n"
                "      backoff: 500ms  # default\n"
                "stop:\n"
                "  rounds: 5  # from job.yaml:4\n"
                "  diverged: 1e3  # default\n"
                "evaluate:\n"
                "  every: \"10 rounds\"  # default\n"
                "checkpoint:\n"
                "  keep: 3  # default\n"
                "  copies: 1  # default\n"
                "  resume: never  # default\n"
                "failure:\n"
                "  on_host_lost: reschedule  # default\n"
                "hosts:\n"
                "  m: {}  # from job.yaml:5\n"
                "  n1:\n"
                "    slots: 2  # from job.yaml:5\n"
                "  n2:\n"
                "    slots: 2  # from job.yaml:5\n"
                "launcher:\n"
                "  kind: ssh  # default\n"
                "ssh:\n"
                "  program: [ ssh, \"-4\" ]  # from job.yaml:7\n"
                "  connect_timeout: 10s  # default\n"
                "  max_parallel: 32  # default\n"
                "deploy:\n"
                "  kind: auto  # default\n"
                "  binary: self  # default\n"
                "  workdir: \"~/.local/state/wisp\"  # default\n"
                "  cleanup: on-success  # default\n"
                "network:\n"
                "  transport: auto  # default\n"
                "  security: curve  # default\n"
                "  tunnel: false  # default\n"
                "  ports: 20000-32767  # default\n"
                "  max_message: 1GiB  # default\n"
                "timeouts:\n"
                "  start: 60s  # default\n"
                "  shutdown_grace: 10s  # default\n"
                "logs:\n"
                "  level: info  # default\n"
                "  format: text  # default\n"
                "  rotate:\n"
                "    max_size: 64MiB  # default\n"
                "    max_files: 5  # default\n");
}

TEST(Resolve, its_file_loads_to_the_same_from_anywhere) {
  for (const std::string& job : {kJob, kJob + kHosts, kJob + "logs: { level: '${LEVEL:-warn}' }\n", kEveryKey,
                                 kJob + kEveryRecoveryKey, kJob + kNeverRecovered}) {
    Workbench bench;
    bench.file("job.yaml", job);
    const Experiment first = bench.load();
    Workbench other;
    other.file("resolved.yaml", to_yaml(first));
    ASSERT_EQ(other.errors(), "") << to_yaml(first);
    const Experiment second = other.load();
    EXPECT_EQ(to_json(second), to_json(first));
    EXPECT_EQ(second.job.worker.env, first.job.worker.env);
    EXPECT_EQ(second.job.worker.restart.max, first.job.worker.restart.max);
    EXPECT_EQ(second.job.checkpoint.enabled(), first.job.checkpoint.enabled());
    EXPECT_EQ(second.job.checkpoint.paced, first.job.checkpoint.paced);
    EXPECT_EQ(second.job.problem.data.path, first.job.problem.data.path);
    EXPECT_EQ(second.launcher.hosts.size(), first.launcher.hosts.size());
    EXPECT_EQ(second.launcher.ssh.program, first.launcher.ssh.program);
    EXPECT_EQ(to_yaml(second).find("default"), std::string::npos);
  }
}

TEST(Resolve, text_of_any_kind_survives) {
  for (const char* text : {"plain",       "null",       "~",  "",     "true", "- a", "a: b", "a # b",
                           "two\\nlines", "\\x01\\x7f", "ü",  "\\\\", "\\\"", "$$",  "'",    "{a}",
                           "[",           "!x",         "&x", "*x",   "%",    "@",   "1e-6", " a "}) {
    Workbench bench;
    bench.file("job.yaml", kJob + "actors: { worker: { env: { A: \"" + text + "\" } } }\n");
    const Experiment first = bench.load();
    Workbench other;
    other.file("resolved.yaml", to_yaml(first));
    EXPECT_EQ(other.load().job.worker.env, first.job.worker.env) << text;
  }
}

TEST(Resolve, json_has_numbers_where_there_are_numbers) {
  Workbench bench;
  bench.file("job.yaml", kJob + kHosts);
  const auto json = nlohmann::json::parse(to_json(bench.load()));
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["stop"]["diverged"], 1000.0);
  EXPECT_EQ(json["stop"]["rounds"], 5);
  EXPECT_EQ(json["actors"]["worker"]["placement"]["oversubscribe"], false);
  EXPECT_EQ(json["hosts"]["n1"]["slots"], 2);
  EXPECT_TRUE(json["hosts"]["m"].is_object());
  EXPECT_EQ(json["ssh"]["program"], nlohmann::json({"ssh", "-4"}));
  EXPECT_EQ(json["timeouts"]["start"], "60s");
  EXPECT_EQ(json["method"]["step_size"], "theory");
}

TEST(Resolve, plain_actors_and_settings_of_plugins_come_back) {
  for (const std::string& text : {kPlain,
                                  "problem: { kind: huber, delta: 2, data: { path: a } }\n"
                                  "method: { kind: heavy-ball, sparsifier: window }\n"
                                  "version: 1\n"
                                  "stop: { rounds: 5 }\n" +
                                      std::string()}) {
    Workbench bench;
    bench.request.vocabulary = plugin_vocabulary();
    const Experiment first = bench.file("job.yaml", text).load();
    const Experiment again = bench.file("job.yaml", to_yaml(first)).load();
    EXPECT_EQ(to_json(again), to_json(first)) << to_yaml(first);
  }
}

TEST(Resolve, lists_and_numbers_of_arguments_are_json) {
  Workbench bench;
  bench.request.vocabulary = plugin_vocabulary();
  const std::string json = to_json(bench.file("job.yaml", kPlain).load());
  const auto args = nlohmann::json::parse(json)["actors"]["evaluator"]["args"];
  EXPECT_EQ(args["weights"][0], 0.5);
  EXPECT_EQ(args["shift"], -7);
  EXPECT_EQ(args["verbose"], false);
}

}  // namespace
}  // namespace wisp::config
