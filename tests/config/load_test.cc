#include "config/load.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/config/workbench.h"
#include "tests/support/seed.h"

namespace wisp::config {
namespace {

const std::string kPhishing =
    "version: 1                       # schema version, required\n"
    "name: phishing\n"
    "seed: 42\n"
    "\n"
    "problem:\n"
    "  kind: logistic\n"
    "  l2: 1e-3\n"
    "  data: { path: \"${DATA:-phishing.gz}\", format: libsvm, dim: 68, shard: contiguous }\n"
    "  optimum: solve\n"
    "\n"
    "method:\n"
    "  kind: isega\n"
    "  step_size: paper\n"
    "  sparsifier: { kind: random-blocks, density: 1/n }\n"
    "\n"
    "actors:\n"
    "  worker: { replicas: 10 }\n"
    "\n"
    "stop: { gap: 1e-6, rounds: 5000 }\n";

TEST(Load, reads_the_example_of_the_manual) {
  Workbench bench;
  bench.file("phishing.yaml", kPhishing);
  const Experiment experiment = bench.load();
  const actors::JobSpec& job = experiment.job;
  EXPECT_EQ(job.name, "phishing");
  EXPECT_EQ(job.seed, 42u);
  EXPECT_EQ(job.problem.kind, "logistic");
  EXPECT_EQ(job.problem.l2, 1e-3);
  EXPECT_EQ(job.problem.data.path, (bench.request.folder / "phishing.gz").string());
  EXPECT_EQ(job.problem.data.dim, 68u);
  EXPECT_EQ(job.problem.optimum, problems::ProblemSpec::Optimum::kSolve);
  EXPECT_EQ(job.method.kind, "isega");
  EXPECT_EQ(job.method.step_size.kind, optim::StepSizeSpec::Kind::kPaper);
  EXPECT_EQ(job.method.sparsifier.density, 0);
  EXPECT_EQ(job.worker.replicas, 10u);
  EXPECT_EQ(job.stop.gap, 1e-6);
  EXPECT_EQ(job.stop.rounds, 5000u);
  EXPECT_EQ(experiment.launcher.kind, "local");
  ASSERT_EQ(experiment.launcher.hosts.size(), 1u);
  EXPECT_EQ(experiment.launcher.hosts[0].name, "local");
}

TEST(Load, reads_every_key) {
  const Experiment experiment = Workbench().file("job.yaml", kEveryKey).load();
  const actors::JobSpec& job = experiment.job;
  EXPECT_EQ(job.dtype, actors::Dtype::kFloat32);
  EXPECT_TRUE(job.problem.l2_inverse_rows);
  EXPECT_EQ(job.problem.data.rows, 1000u);
  EXPECT_EQ(job.problem.data.shard, "by-label");
  EXPECT_EQ(job.problem.optimum_value, 0.25);
  EXPECT_EQ(job.problem.init, "ones");
  EXPECT_EQ(job.method.step_size.value, 0.5);
  EXPECT_EQ(job.method.sparsifier.blocks, 10u);
  EXPECT_EQ(job.master.host, "n2");
  EXPECT_EQ(job.master.isolation, runtime::Isolation::kThread);
  EXPECT_EQ(job.master.env.at("A"), "1");
  EXPECT_EQ(job.worker.placement.hosts, (std::vector<std::string>{"n1", "n2"}));
  EXPECT_TRUE(job.worker.placement.oversubscribe);
  EXPECT_EQ(job.worker.env.at("OMP_NUM_THREADS"), "1");
  EXPECT_EQ(job.stop.time, std::chrono::minutes(10));
  EXPECT_EQ(job.stop.diverged, 1e4);
  EXPECT_EQ(job.evaluate.every_rounds, 5u);
  EXPECT_EQ(job.stop.updates, 7u);
  EXPECT_EQ(job.stop.epochs, 2.5);
  EXPECT_EQ(job.stop.bytes, std::uint64_t{1} << 30);
  EXPECT_EQ(job.method.consistency.kind, "ssp");
  EXPECT_EQ(job.method.consistency.bound, 4u);
  EXPECT_EQ(job.method.broadcast.kind, "sparse");
  EXPECT_EQ(job.method.broadcast.density, 0.125);
  EXPECT_EQ(job.method.broadcast.way, "star");
  EXPECT_EQ(job.method.late, "damp");
  EXPECT_EQ(job.method.nonfinite, "zero");
  EXPECT_EQ(job.record, "/r");
  EXPECT_EQ(job.replay, "/s");
  EXPECT_TRUE(job.simulation.given);
  EXPECT_EQ(job.simulation.compute.kind, "lognormal");
  EXPECT_EQ(job.simulation.compute.mean, std::chrono::milliseconds(5));
  EXPECT_EQ(job.simulation.compute.sigma, 1);
  EXPECT_EQ(job.simulation.spread, 10);
  EXPECT_EQ(job.simulation.bandwidth, 10'000'000u);
  EXPECT_EQ(job.simulation.latency.kind, "uniform");
  EXPECT_EQ(job.simulation.latency.mean, std::chrono::milliseconds(2));
  const launcher::LauncherSpec& launcher = experiment.launcher;
  EXPECT_EQ(launcher.hosts.size(), 2u);
  EXPECT_EQ(launcher.ssh.program.size(), 2u);
  EXPECT_EQ(launcher.ssh.config_file, "/c");
  EXPECT_EQ(launcher.ssh.connect_timeout, std::chrono::seconds(5));
  EXPECT_EQ(launcher.ssh.max_parallel, 4u);
  EXPECT_EQ(launcher.ssh.options.at("Compression"), "yes");
  EXPECT_EQ(launcher.slurm.partition, "p");
  EXPECT_EQ(launcher.slurm.account, "a");
  EXPECT_EQ(launcher.slurm.time, std::chrono::hours(2));
  EXPECT_EQ(launcher.slurm.nodes, 4u);
  EXPECT_EQ(launcher.slurm.script, "/t");
  EXPECT_EQ(launcher.deploy.workdir, "/w");
  EXPECT_EQ(launcher.timeouts.start, std::chrono::seconds(30));
  EXPECT_EQ(launcher.timeouts.shutdown_grace, std::chrono::seconds(5));
  EXPECT_EQ(launcher.logs.level, "debug");
  EXPECT_EQ(launcher.logs.format, "json");
  EXPECT_EQ(launcher.logs.rotate_size, 1u << 20);
  EXPECT_EQ(launcher.logs.rotate_files, 3u);
  EXPECT_EQ(experiment.network.transport, "tcp");
  EXPECT_EQ(experiment.network.security, "plaintext");
  EXPECT_EQ(experiment.network.subnet, "192.0.2.0/24");
  EXPECT_EQ(experiment.network.interface, "eth1");
  EXPECT_FALSE(experiment.network.tunnel);
  EXPECT_EQ(experiment.network.port_last, 20063);
  EXPECT_EQ(experiment.network.message_max, 64u << 20);
}

TEST(Load, variables_come_from_the_command_line_then_the_environment_then_the_file) {
  Workbench bench;
  bench.file("job.yaml", kJob + "vars: { N: 1 }\nactors: { worker: { replicas: \"${N}\" } }\n");
  EXPECT_EQ(bench.load().job.worker.replicas, 1u);
  bench.environment["N"] = "2";
  EXPECT_EQ(bench.load().job.worker.replicas, 2u);
  bench.request.vars = {"N=3"};
  EXPECT_EQ(bench.load().job.worker.replicas, 3u);
  bench.request.vars = {"N=many"};
  EXPECT_EQ(
      bench.errors(),
      "job.yaml:6:31: error: actors.worker.replicas must be a whole number from 1 to 65535, not 'many'\n"
      "    6 | actors: { worker: { replicas: \"${N}\" } }\n"
      "      |                               ^~~~~~\n");
  bench.request.vars = {"1N=3"};
  EXPECT_EQ(bench.errors(),
            "--var: error: no assignment to a variable\n"
            "      | 1N=3\n"
            "      | ^~~~ write --var NAME=value\n");
}

TEST(Load, an_unset_variable_is_one_error) {
  EXPECT_EQ(errors_of("version: 1\n"
                      "problem: { kind: logistic, data: { path: \"${DATA_FOLDER}/a\" } }\n"
                      "method: gd\nstop: { rounds: 1 }\n"),
            "job.yaml:2:42: error: variable 'DATA_FOLDER' is not set\n"
            "    2 | problem: { kind: logistic, data: { path: \"${DATA_FOLDER}/a\" } }\n"
            "      |                                          ^~~~~~~~~~~~~~~~~~ set it with --var "
            "DATA_FOLDER=..., "
            "or write ${DATA_FOLDER:-default}\n");
}

TEST(Load, set_wins_and_is_named_in_errors) {
  Workbench bench;
  bench.file("job.yaml", kJob + "seed: 1\n").set("seed=2");
  EXPECT_EQ(bench.load().job.seed, 2u);
  EXPECT_EQ(to_string(bench.load().where("seed")), "--set");
  bench.set("method.kind=isegaa");
  EXPECT_EQ(bench.errors(),
            "--set: error: unknown method 'isegaa'\n"
            "      | method.kind=isegaa\n"
            "      |             ^~~~~~ did you mean 'isega'? (gd | ibcd | isega)\n");
}

TEST(Load, reports_everything_at_once) {
  EXPECT_EQ(
      errors_of("version: 1\n"
                "sed: 5\n"
                "seed: 010\n"
                "dtype: fp32\n"
                "problem: { kind: logistik, data: { path: a, shrd: contiguous } }\n"
                "method: gd\n"
                "stop: { time: 10, rounds: 1, rounds: 2 }\n"
                "evaluate: { every: 10 }\n"),
      "job.yaml:2:1: error: unknown key 'sed'\n"
      "    2 | sed: 5\n"
      "      | ^~~ did you mean 'seed'?\n"
      "job.yaml:3:7: error: seed must be a whole number of at least 0, not '010'\n"
      "    3 | seed: 010\n"
      "      |       ^~~ did you mean 10?\n"
      "job.yaml:4:8: error: unknown dtype 'fp32'\n"
      "    4 | dtype: fp32\n"
      "      |        ^~~~ did you mean 'float32'? (float64 | float32)\n"
      "job.yaml:5:18: error: unknown problem 'logistik'\n"
      "    5 | problem: { kind: logistik, data: { path: a, shrd: contiguous } }\n"
      "      |                  ^~~~~~~~ did you mean 'logistic'? (logistic | least-squares | quadratic)\n"
      "job.yaml:5:45: error: unknown key 'shrd' in problem.data\n"
      "    5 | problem: { kind: logistik, data: { path: a, shrd: contiguous } }\n"
      "      |                                             ^~~~ did you mean 'shard'?\n"
      "job.yaml:7:30: error: duplicate key 'rounds'; it was first given in line 7\n"
      "    7 | stop: { time: 10, rounds: 1, rounds: 2 }\n"
      "      |                              ^~~~~~\n"
      "job.yaml:7:15: error: stop.time needs a unit\n"
      "    7 | stop: { time: 10, rounds: 1, rounds: 2 }\n"
      "      |               ^~ did you mean 10s?\n"
      "job.yaml:8:20: error: evaluate.every needs a unit\n"
      "    8 | evaluate: { every: 10 }\n"
      "      |                    ^~ did you mean '10 rounds'?\n");
}

TEST(Load, without_a_file_is_the_users_mistake) { EXPECT_THROW(load(Request()), Error); }

// One or more random edits of a text: a byte changed, removed, doubled, or a piece of it moved.
std::string mutated(std::string text, Rng& rng) {
  const std::uint32_t edits = 1 + rng.below(4);
  constexpr std::string_view kSpecial = "{}[]:,&*#?|-<>=!%@`\"'\\$~ \n\t\r";
  for (std::uint32_t i = 0; i < edits && !text.empty(); ++i) {
    const std::size_t at = rng.below(static_cast<std::uint32_t>(text.size()));
    switch (rng.below(5)) {
      case 0:
        text[at] = static_cast<char>(rng.below(256));
        break;
      case 1:
        text.erase(at, 1 + rng.below(20));
        break;
      case 2:
        text.insert(at, text.substr(rng.below(static_cast<std::uint32_t>(text.size())), rng.below(40)));
        break;
      case 3:
        text.insert(at, 1, kSpecial[rng.below(static_cast<std::uint32_t>(kSpecial.size()))]);
        break;
      default:
        text[at] = kSpecial[rng.below(static_cast<std::uint32_t>(kSpecial.size()))];
        break;
    }
  }
  return text;
}

TEST(Load, survives_any_bytes) {
  Workbench bench;
  int refused = 0;
  for (std::uint64_t round = 0; round < 3000; ++round) {
    Rng rng(test::seed(), 0, round, Purpose::kData);
    const std::string text = mutated(round % 2 == 0 ? kEveryKey : kPhishing, rng);
    bench.file("job.yaml", text);
    try {
      bench.load();
    } catch (const ConfigErrors& errors) {
      ++refused;
      ASSERT_FALSE(errors.mistakes().empty()) << text;
      for (const Mistake& mistake : errors.mistakes()) ASSERT_FALSE(mistake.message.empty()) << text;
      ASSERT_FALSE(to_json(errors.mistakes()).empty());
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(Load, survives_any_set) {
  Workbench bench;
  bench.file("job.yaml", kEveryKey);
  for (std::uint64_t round = 0; round < 1000; ++round) {
    Rng rng(test::seed(), 1, round, Purpose::kData);
    bench.request.sets = {mutated("actors.worker.placement.hosts[0]=[ 'n1', \"n2\" ]", rng)};
    bench.errors();
  }
}

TEST(Load, plugins_are_loaded_before_the_rest_is_read) {
  Workbench bench;
  std::vector<std::string> loaded;
  bench.request.load_plugin = [&](const std::string& path) {
    loaded.push_back(path);
    return plugin_vocabulary();
  };
  bench.file("job.yaml", "plugins: [ \"${NAME}.so\", /b.so ]\nvars: { NAME: mine }\n" + kPlain);
  EXPECT_TRUE(bench.load().plain());
  EXPECT_EQ(loaded, (std::vector<std::string>{(bench.request.folder / "mine.so").string(), "/b.so"}));
  loaded.clear();
  EXPECT_EQ(load_plugins(bench.request).classes.size(), 3u);
  EXPECT_EQ(loaded.size(), 2u);
}

TEST(Load, a_plugin_that_can_not_be_loaded_is_a_mistake_at_its_place) {
  Workbench bench;
  bench.request.load_plugin = [](const std::string& path) -> Vocabulary {
    throw Error("plugin " + path + " is no plugin", Fault::kConfig);
  };
  bench.file("job.yaml", "plugins: [ /a.so ]\n" + kPlain);
  EXPECT_EQ(messages_of(bench.errors()), "job.yaml:1:12: error: plugin /a.so is no plugin\n");
  EXPECT_EQ(errors_in_line("plugins: a.so"),
            "job.yaml:5:10: error: plugins must be a list, each item the path of a file, not 'a.so'\n"
            "    5 | plugins: a.so\n"
            "      |          ^~~~ did you mean [ a.so ]?\n");
}

launcher::Allocation allocation_of(const std::vector<std::string>& names) {
  launcher::Allocation allocation;
  allocation.job_id = "17";
  for (const std::string& each : names) {
    allocation.hosts.emplace_back().name = each;
    allocation.hosts.back().slots = 2;
  }
  return allocation;
}

TEST(Load, hosts_of_slurm_are_the_nodes_of_the_allocation) {
  Workbench bench;
  bench.request.find_allocation = [] { return allocation_of({"b2", "b1"}); };
  const Experiment experiment = bench.file("job.yaml", kJob + "launcher: slurm\n").load();
  ASSERT_EQ(experiment.launcher.hosts.size(), 2u);
  EXPECT_EQ(experiment.launcher.hosts[0].name, "b1");
  EXPECT_EQ(experiment.launcher.hosts[0].slots, 2u);
  EXPECT_EQ(experiment.launcher.slurm.allocation->job_id, "17");
  const std::string hosts = "hosts: { b1: , b2: { slots: 1 } }\n";
  const Experiment named = bench.file("job.yaml", kJob + "launcher: slurm\n" + hosts).load();
  EXPECT_EQ(named.launcher.hosts[0].slots, 2u);
  EXPECT_EQ(named.launcher.hosts[1].slots, 1u);
}

TEST(Load, nodes_that_slurm_has_not_given_yet_have_names_of_ours) {
  const Experiment experiment =
      Workbench().file("job.yaml", kJob + "launcher: slurm\nslurm: { nodes: 3 }\n").load();
  EXPECT_FALSE(experiment.launcher.slurm.allocation);
  ASSERT_EQ(experiment.launcher.hosts.size(), 3u);
  EXPECT_EQ(experiment.launcher.hosts[2].name, "slurm-3");
}

TEST(Load, an_allocation_that_can_not_be_read_is_reported_where_slurm_was_asked_for) {
  Workbench bench;
  bench.request.find_allocation = []() -> std::optional<launcher::Allocation> { throw Error("no scontrol"); };
  EXPECT_EQ(bench.file("job.yaml", kJob + "launcher: slurm\n").errors(),
            "job.yaml:5:11: error: no scontrol\n"
            "    5 | launcher: slurm\n"
            "      |           ^~~~~\n");
  bench.set("launcher=local");
  EXPECT_EQ(bench.errors(), "") << "nobody else asks for it";
}

}  // namespace
}  // namespace wisp::config
