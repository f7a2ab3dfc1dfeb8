#include "config/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

// The second example of the project's job files, with more workers than slots and a word misspelt.
TEST(Rules, errors_read_as_the_manual_says) {
  Workbench bench;
  bench.file(
      "phishing-3hosts.yaml",
      "version: 1\n"
      "name: phishing-3hosts\n"
      "include: [ phishing.yaml ]\n"
      "\n"
      "hosts:\n"
      "  node1: { slots: 1 }\n"
      "  node2: { slots: 4, address: 192.0.2.12 }\n"
      "  node3: { slots: 4, ssh: { hostname: node3.lab, port: 2222, user: ml, proxy_jump: bastion } }\n"
      "\n"
      "actors:\n"
      "  master: { host: node1 }\n"
      "  worker: { replicas: 12, placement: { kind: spred, hosts: [ node2, node3 ] } }\n");
  bench.file("phishing.yaml", kJob);
  EXPECT_EQ(bench.errors(),
            "phishing-3hosts.yaml:12:46: error: unknown placement 'spred'\n"
            "   12 |   worker: { replicas: 12, placement: { kind: spred, hosts: [ node2, node3 ] } }\n"
            "      |                                              ^~~~~ did you mean 'spread'? (spread | "
            "pack | label)\n"
            "phishing-3hosts.yaml:12:23: error: 12 workers need 12 slots, but node2 and node3 offer 8; raise "
            "slots, "
            "lower replicas, or set placement.oversubscribe: true\n");
  bench.set("actors.worker.placement.kind=spread").set("actors.worker.placement.oversubscribe=true");
  EXPECT_EQ(bench.errors(), "");
}

TEST(Rules, values_are_no_wider_than_what_is_computed) {
  EXPECT_EQ(
      errors_of(
          "version: 1\ndtype: float32\nproblem: { kind: logistic, data: { path: x } }\nstop: { rounds: 1 }\n"
          "method: { kind: gd, wire_dtype: float64 }\n"),
      "job.yaml:5:33: error: float64 says more than dtype float32 computes\n"
      "    5 | method: { kind: gd, wire_dtype: float64 }\n"
      "      |                                 ^~~~~~~ leave it out\n");
}

TEST(Rules, a_gap_needs_an_optimum) {
  EXPECT_EQ(
      errors_of(
          "version: 1\nproblem: { kind: logistic, data: { path: x } }\nmethod: gd\nstop: { gap: 1e-6 }\n"),
      "job.yaml:4:14: error: the gap f(x) - f* is known only with problem.optimum\n"
      "    4 | stop: { gap: 1e-6 }\n"
      "      |              ^~~~ add 'optimum: solve' to the problem, or its value\n");
}

TEST(Rules, a_regulariser_has_the_numbers_of_its_kind) {
  const auto messages = [](const std::string& regulariser) {
    return messages_of(errors_of("version: 1\nproblem: { kind: logistic, data: { path: x }, regulariser: " +
                                 regulariser + " }\nmethod: gd\nstop: { rounds: 1 }\n"));
  };
  EXPECT_EQ(messages("{ kind: box, low: -1, high: 1 }"), "");
  EXPECT_EQ(messages("nonnegative"), "");
  EXPECT_EQ(messages("{ kind: box, low: 2, high: 1 }"),
            "job.yaml:2:78: error: a box whose low is above its high holds no point\n");
  EXPECT_EQ(messages("{ kind: elastic-net, weight: 0.1 }"),
            "job.yaml:2:47: error: 'problem.regulariser.l2' is missing\n");
  EXPECT_EQ(messages("{ kind: l1, weight: 1, radius: 1 }"),
            "job.yaml:2:83: error: unknown key 'radius' in problem.regulariser\n");
}

TEST(Rules, something_must_stop_it) {
  EXPECT_EQ(
      errors_of(
          "version: 1\nproblem: { kind: logistic, data: { path: x } }\nmethod: gd\nstop: { diverged: 10 }\n"),
      "job.yaml:4:1: error: nothing stops this job\n"
      "    4 | stop: { diverged: 10 }\n"
      "      | ^~~~ set stop.gap, stop.rounds or stop.time\n");
  EXPECT_EQ(
      errors_of(
          "version: 1\nproblem: { kind: logistic, data: { path: x } }\nmethod: gd\nstop: { rounds: x }\n"),
      "job.yaml:4:17: error: stop.rounds must be a whole number of at least 1, not 'x'\n"
      "    4 | stop: { rounds: x }\n"
      "      |                 ^\n");
}

TEST(Rules, updates_epochs_and_bytes_stop_a_job_too) {
  for (const char* stop : {"updates: 10", "epochs: 2", "bytes: 1MiB"}) {
    EXPECT_EQ(errors_of("version: 1\nproblem: { kind: logistic, data: { path: x } }\nmethod: gd\nstop: { " +
                        std::string(stop) + " }\n"),
              "");
  }
}

TEST(Rules, only_asynchronous_runs_have_an_order) {
  EXPECT_EQ(errors_in_line("record: r"), "");  // the method's own consistency is not known here
  const auto errors_with = [](const std::string& consistency, const std::string& line) {
    return errors_of(
        "version: 1\nproblem: { kind: logistic, data: { path: x } }\nstop: { rounds: 1 }\nmethod: { "
        "kind: gd, consistency: " +
        consistency + " }\n" + line + "\n");
  };
  EXPECT_EQ(errors_with("async", "record: r"), "");
  EXPECT_EQ(errors_with("sync", "replay: r"),
            "job.yaml:5:9: error: replay is for asynchronous runs: rounds have one order only\n"
            "    5 | replay: r\n"
            "      |         ^ leave it out, or use method.consistency: async\n");
  EXPECT_EQ(errors_with("async", "record: r\nreplay: ./r"),
            "job.yaml:5:9: error: it is the file that is replayed\n"
            "    5 | record: r\n"
            "      |         ^ take another one\n");
}

TEST(Rules, staleness_is_given_or_follows_from_times) {
  EXPECT_EQ(errors_in_line("simulation: { compute: exponential, latency: { kind: constant, mean: 3ms } }"),
            "");
  EXPECT_EQ(errors_in_line("simulation: { staleness: { kind: geometric, mean: 31 } }"), "");
  EXPECT_EQ(messages_of(errors_in_line("simulation: { compute: { kind: lognormal, mean: 1ms } }")),
            "job.yaml:5:49: error: a delay of kind lognormal has no mean\n");
  EXPECT_EQ(messages_of(errors_in_line(
                "simulation: { compute: constant, staleness: { kind: geometric, mean: 31 } }")),
            "job.yaml:5:24: error: with simulation.staleness no times are simulated\n");
  EXPECT_EQ(messages_of(errors_in_line("simulation: { staleness: geometric }")),
            "job.yaml:5:26: error: 'simulation.staleness.mean' is missing\n");
}

TEST(Rules, data_must_come_from_somewhere) {
  const auto errors_with = [](const std::string& problem) {
    return errors_of("version: 1\nproblem: " + problem + "\nmethod: gd\nstop: { rounds: 1 }\n");
  };
  EXPECT_EQ(errors_with("logistic"),
            "job.yaml:2:10: error: 'problem.data.path' is missing\n"
            "    2 | problem: logistic\n"
            "      |          ^~~~~~~~ the file with the rows, or 'format: synthetic' with a dim\n");
  EXPECT_EQ(errors_with("{ kind: logistic, data: { format: synthetic } }"),
            "job.yaml:2:44: error: synthetic data needs problem.data.dim\n"
            "    2 | problem: { kind: logistic, data: { format: synthetic } }\n"
            "      |                                            ^~~~~~~~~\n");
  EXPECT_EQ(
      errors_with("{ kind: quadratic, data: { format: synthetic, dim: 10, path: x } }"),
      "job.yaml:2:71: error: synthetic data is not read from a file\n"
      "    2 | problem: { kind: quadratic, data: { format: synthetic, dim: 10, path: x } }\n"
      "      |                                                                       ^ leave out the path\n");
  EXPECT_EQ(errors_with("{ kind: quadratic, data: { format: synthetic, dim: 10 } }"), "");
}

TEST(Rules, launcher_and_hosts_go_together) {
  EXPECT_EQ(errors_in_line("launcher: local\nhosts: [ a ]"),
            "job.yaml:5:11: error: a local launcher takes no hosts\n"
            "    5 | launcher: local\n"
            "      |           ^~~~~ leave out launcher, or hosts\n");
  EXPECT_EQ(errors_in_line("launcher: ssh"),
            "job.yaml:5:11: error: ssh needs hosts\n"
            "    5 | launcher: ssh\n"
            "      |           ^~~ add hosts, or 'launcher: local'\n");
  EXPECT_EQ(errors_in_line("actors: { worker: { placement: { hosts: [ a ] } } }"),
            "job.yaml:5:41: error: a local job has no hosts\n"
            "    5 | actors: { worker: { placement: { hosts: [ a ] } } }\n"
            "      |                                         ^ leave them out, or add hosts\n");
  EXPECT_EQ(errors_in_line("actors: { master: { host: a } }"),
            "job.yaml:5:27: error: a local job has no hosts\n"
            "    5 | actors: { master: { host: a } }\n"
            "      |                           ^ leave it out, or add hosts\n");
}

TEST(Rules, a_command_leads_to_hosts_by_their_names) {
  const std::string hosts = "hosts: [ a ]\n";
  EXPECT_EQ(errors_in_line("launcher: { kind: command, template: [ kubectl, exec, '{host}' ] }\n" + hosts),
            "");
  EXPECT_EQ(
      errors_in_line("launcher: { kind: command, template: [ kubectl, exec ] }\n" + hosts),
      "job.yaml:5:38: error: the template names no {host}: every host would be the same one\n"
      "    5 | launcher: { kind: command, template: [ kubectl, exec ] }\n"
      "      |                                      ^ such as [ kubectl, exec, -i, \"{host}\", --, sh ]\n");
  EXPECT_EQ(messages_of(errors_in_line("launcher: { kind: command, template: [ '{host}' ] }")),
            "job.yaml:5:1: error: command needs hosts\n");
  EXPECT_EQ(messages_of(errors_in_line("launcher: command\n" + hosts)),
            "job.yaml:5:11: error: 'launcher.template' is missing\n");
  EXPECT_EQ(errors_in_line("launcher: { kind: ssh, template: [ '{host}' ] }\n" + hosts),
            "job.yaml:5:24: error: unknown key 'template' in launcher\n"
            "    5 | launcher: { kind: ssh, template: [ '{host}' ] }\n"
            "      |                        ^~~~~~~~ it is a key of command\n");
}

TEST(Rules, slurm_and_commands_do_not_go_by_ssh) {
  EXPECT_EQ(errors_in_line("ssh: { program: [ ssh ] }\nlauncher: slurm"),
            "job.yaml:5:1: error: launcher slurm does not go by ssh\n"
            "    5 | ssh: { program: [ ssh ] }\n"
            "      | ^~~ leave it out, or take 'launcher: ssh'\n");
  EXPECT_EQ(messages_of(errors_in_line("hosts: { a: { ssh: { port: 22 } } }\nlauncher: slurm")),
            "job.yaml:5:15: error: launcher slurm does not go by ssh\n");
  EXPECT_EQ(messages_of(errors_in_line("network: { tunnel: true }\nlauncher: slurm")),
            "job.yaml:5:20: error: launcher slurm does not go by ssh\n");
  EXPECT_EQ(messages_of(errors_in_line("slurm: { nodes: 4 }")),
            "job.yaml:5:1: error: slurm has no effect without its launcher\n");
}

TEST(Rules, hosts_of_slurm_are_nodes_of_the_allocation) {
  const std::string slurm = kJob + "launcher: slurm\n";
  Workbench bench;
  bench.request.find_allocation = [] {
    launcher::Allocation allocation;
    allocation.job_id = "17";
    for (const char* each : {"h1", "h2"}) allocation.hosts.emplace_back().name = each;
    return allocation;
  };
  EXPECT_EQ(bench.file("job.yaml", slurm + "hosts: [ h1 ]\n").errors(), "");
  EXPECT_EQ(bench.file("job.yaml", slurm + "hosts: { h2: , h9: { slots: 1 } }\n").errors(),
            "job.yaml:6:16: error: host 'h9' is not in the Slurm allocation 17: that has h1 and h2\n"
            "    6 | hosts: { h2: , h9: { slots: 1 } }\n"
            "      |                ^~ leave out hosts, or allocate this one by --nodelist\n");
  const std::string master = "actors: { master: { host: h3 } }\n";
  EXPECT_EQ(messages_of(bench.file("job.yaml", slurm + master).errors()),
            "job.yaml:6:27: error: host 'h3' is not in hosts\n");
  bench.request.find_allocation = nullptr;
  EXPECT_EQ(messages_of(bench.errors()),
            "job.yaml:6:27: error: which nodes Slurm will give is not known yet\n");
  EXPECT_EQ(bench.file("job.yaml", slurm + master + "hosts: [ h3 ]\n").errors(), "");
  EXPECT_EQ(messages_of(bench.file("job.yaml", slurm + "hosts: [ h3 ]\nslurm: { nodes: 2 }\n").errors()),
            "job.yaml:7:17: error: 2 nodes, but 1 hosts\n");
}

TEST(Rules, hosts_of_the_actors_are_hosts_of_the_job) {
  EXPECT_EQ(
      errors_in_line(
          "hosts: [ node1, node2 ]\n"
          "actors: { master: { host: nodel }, worker: { placement: { hosts: [ node2, zzz, node2 ] } } }"),
      "job.yaml:6:27: error: host 'nodel' is not in hosts\n"
      "    6 | actors: { master: { host: nodel }, worker: { placement: { hosts: [ node2, zzz, node2 ] } } }\n"
      "      |                           ^~~~~ did you mean 'node1'?\n"
      "job.yaml:6:66: error: host 'zzz' is not in hosts\n"
      "job.yaml:6:66: error: host 'node2' is given twice\n");
}

TEST(Rules, workers_need_slots) {
  const std::string five = "actors: { worker: { replicas: 5 } }\n";
  EXPECT_EQ(errors_in_line(five + "hosts: { a: { slots: 2 }, b: { slots: 2 }, c: }"), "");
  EXPECT_EQ(errors_in_line(five + "hosts: { a: { slots: 5 } }"), "");
  EXPECT_EQ(errors_in_line(five), "");
  EXPECT_EQ(
      errors_in_line(five + "hosts: { a: { slots: 4 } }"),
      "job.yaml:5:31: error: 5 workers need 5 slots, but a offers 4; raise slots, lower replicas, or set "
      "placement.oversubscribe: true\n"
      "    5 | actors: { worker: { replicas: 5 } }\n"
      "      |                               ^\n");
  EXPECT_NE(errors_in_line("actors: { worker: { replicas: 99 } }\nhosts: { 'a[1-8]': { slots: 4 } }")
                .find("but 8 hosts offer 32;"),
            std::string::npos);
}

TEST(Rules, sockets_of_the_file_system_reach_no_other_host) {
  Workbench bench;
  bench.file("job.yaml", std::string(kJob) + "hosts: [ a ]\nnetwork: { transport: ipc }\n");
  EXPECT_THAT(messages_of(bench.errors()), testing::EndsWith(": error: ipc reaches this host only\n"));
}

TEST(Rules, a_tunnel_is_closed_to_others_and_has_no_use_for_addresses) {
  const auto messages = [](const std::string& network) {
    Workbench bench;
    bench.file("job.yaml", std::string(kJob) + "hosts: [ a ]\nnetwork: { tunnel: true" + network + " }\n");
    return messages_of(bench.errors());
  };
  EXPECT_EQ(messages(""), "");
  EXPECT_THAT(messages(", security: plaintext"),
              testing::EndsWith(": error: a tunnel needs network.security: curve\n"));
  EXPECT_THAT(messages(", subnet: 192.0.2.0/24"),
              testing::EndsWith(": error: in a tunnel the hosts' own addresses play no part\n"));
}

TEST(Rules, combinations_that_theory_forbids_are_errors) {
  Workbench bench;
  bench.file("job.yaml", kJob);
  bench.request.vocabulary.why_not = [](const Experiment& experiment) -> std::optional<std::string> {
    if (experiment.job.problem.kind == "logistic") return "gd does not like logistic";
    return std::nullopt;
  };
  EXPECT_EQ(bench.errors(),
            "job.yaml:3:9: error: gd does not like logistic\n"
            "    3 | method: gd\n"
            "      |         ^~\n");
  bench.request.vocabulary.why_not = [](const Experiment& experiment) -> std::optional<std::string> {
    if (experiment.job.problem.kind == "logistic") return "problem.kind: gd does not like logistic";
    return std::nullopt;
  };
  EXPECT_TRUE(bench.errors().starts_with("job.yaml:2:18: error: problem.kind: gd does not like logistic\n"));
  bench.set("method.kind=gdd");
  EXPECT_EQ(bench.errors().find("does not like"), std::string::npos);
  bench.request.sets = {"problem.kind=quadratic"};
  EXPECT_EQ(bench.errors(), "");
}

std::string plain_errors(const std::string& actors) {
  Workbench bench;
  bench.request.vocabulary = plugin_vocabulary();
  return bench.file("job.yaml", "version: 1\nactors:\n" + actors).errors();
}

const std::string kMain = "  e: { class: 'my::Evaluator', args: { every: 5 }, main: true }\n";

TEST(Rules, one_plain_actor_is_main) {
  EXPECT_EQ(plain_errors(kMain), "");
  EXPECT_EQ(plain_errors("  c: { class: 'my::Counter' }\n"),
            "job.yaml:2:1: error: no actor is main\n"
            "    2 | actors:\n"
            "      | ^~~~~~ add 'main: true' to the one whose run() is the job\n");
  EXPECT_EQ(
      messages_of(plain_errors("  c: { class: 'my::Counter', main: true }\n")),
      "job.yaml:3:36: error: class my::Counter can't be main: it has no method run without arguments\n");
  EXPECT_EQ(plain_errors(kMain + "  f: { class: 'my::Evaluator', args: { every: 5 }, main: true }\n"),
            "job.yaml:4:58: error: actors.e is main already\n"
            "    4 |   f: { class: 'my::Evaluator', args: { every: 5 }, main: true }\n"
            "      |                                                          ^~~~ one actor is\n");
  EXPECT_EQ(messages_of(plain_errors(
                "  e: { class: 'my::Evaluator', args: { every: 5 }, main: true, replicas: 2 }\n")),
            "job.yaml:3:74: error: the actor that is main has no replicas\n");
}

TEST(Rules, plain_actors_have_names_of_their_own) {
  EXPECT_EQ(messages_of(plain_errors(
                kMain + "  c: { class: 'my::Counter', replicas: 2 }\n  c-1: { class: 'my::Counter' }\n")),
            "job.yaml:5:3: error: an actor of actors.c is called c-1 too\n");
  EXPECT_EQ(messages_of(plain_errors(kMain + "  driver: { class: 'my::Counter' }\n")),
            "job.yaml:4:3: error: 'driver' is a name that wisp itself uses\n");
  EXPECT_EQ(messages_of(plain_errors(kMain + "  h: { class: 'my::Hidden' }\n")),
            "job.yaml:4:15: error: class my::Hidden is hidden\n");
}

TEST(Rules, labels_are_those_of_hosts) {
  const std::string hosts =
      "hosts: { a: { slots: 4, labels: { disk: hdd } }, b: { slots: 4, labels: { disk: ssd } } }";
  const auto messages = [&](const std::string& placement, const std::string& more) {
    return messages_of(
        errors_in_line("actors: { worker: { replicas: 5, placement: " + placement + " } }\n" + more));
  };
  EXPECT_EQ(messages("{ kind: label, match: { disk: nvme } }", hosts),
            "job.yaml:5:67: error: no host has label disk: nvme\n");
  EXPECT_EQ(
      messages("{ kind: label, match: { disk: ssd } }", hosts),
      "job.yaml:5:31: error: 5 workers need 5 slots, but b offers 4; raise slots, lower replicas, or set "
      "placement.oversubscribe: true\n");
  EXPECT_EQ(messages("label", hosts), "job.yaml:5:45: error: placement by label needs a match\n");
  EXPECT_EQ(messages("{ match: { disk: ssd } }", "hosts: [ a ]"),
            "job.yaml:5:54: error: placement of kind spread has no match\n");
  EXPECT_EQ(messages("{ kind: label, match: { disk: ssd } }", ""),
            "job.yaml:5:53: error: a local job has no hosts with labels\n");
  EXPECT_EQ(messages("{ kind: label, match: { 'a b': ssd } }", hosts),
            "job.yaml:5:69: error: 'a b' is not a label of letters, digits, - and _, at most 64\n");
}

TEST(Rules, cpus_count_slots_of_one_host) {
  const std::string five = "actors: { worker: { replicas: 3, resources: { cpus: 3 } } }\nhosts: ";
  EXPECT_EQ(errors_in_line(five + "{ a: { slots: 6 }, b: { slots: 3 } }"), "");
  EXPECT_EQ(messages_of(errors_in_line(five + "{ a: { slots: 5 }, b: { slots: 5 } }")),
            "job.yaml:5:31: error: 3 workers of 3 cpus need 9 slots, but a and b offer 10, and an actor's "
            "slots are "
            "of one host; raise slots, lower replicas, or set placement.oversubscribe: true\n");
}

TEST(Rules, variables_of_wisp_are_not_for_actors) {
  EXPECT_EQ(messages_of(errors_in_line(
                "actors: { worker: { env: { OMP_NUM_THREADS: 1, WISP_RANK: 3, 'A=B': 1 } } }")),
            "job.yaml:5:48: error: 'WISP_RANK': variables that begin with WISP_ are wisp's own\n");
}

}  // namespace
}  // namespace wisp::config
