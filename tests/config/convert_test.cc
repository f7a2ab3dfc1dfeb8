#include "config/convert.h"

#include <gtest/gtest.h>

#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

// The value, or "message | hint".
struct Outcome {
  Value value;
  std::string complaint;
  Node node;
};

Outcome convert_text(const std::string& path, const std::string& yaml) {
  Outcome outcome;
  outcome.node = tree_of(yaml);
  const Lookup home = [](const std::string& name) {
    return name == "HOME" ? std::optional<std::string>("/home/me") : std::nullopt;
  };
  const auto complaint =
      convert(*find_key(path), path, outcome.node, small_vocabulary(), home, outcome.value);
  if (complaint)
    outcome.complaint = complaint->message + (complaint->hint.empty() ? "" : " | " + complaint->hint);
  return outcome;
}

std::string complaint_of(const std::string& path, const std::string& yaml) {
  return convert_text(path, yaml).complaint;
}

TEST(Convert, integers) {
  EXPECT_EQ(convert_text("seed", "42").value.integer, 42u);
  EXPECT_EQ(convert_text("seed", "\"42\"").value.integer, 42u);
  EXPECT_EQ(convert_text("seed", "18446744073709551615").value.integer, 18446744073709551615u);
  EXPECT_EQ(complaint_of("actors.worker.replicas", "0"),
            "actors.worker.replicas must be a whole number from 1 to 65535, not '0'");
  EXPECT_EQ(complaint_of("seed", "-1"), "seed must be a whole number of at least 0, not '-1'");
  EXPECT_EQ(complaint_of("seed", "010"),
            "seed must be a whole number of at least 0, not '010' | did you mean 10?");
  EXPECT_EQ(complaint_of("stop.rounds", "1e3"),
            "stop.rounds must be a whole number of at least 1, not '1e3' | did you mean 1000?");
  EXPECT_EQ(complaint_of("stop.rounds", "many"),
            "stop.rounds must be a whole number of at least 1, not 'many'");
  EXPECT_EQ(complaint_of("stop.rounds", "[1]"),
            "stop.rounds must be a whole number of at least 1, not a list");
  EXPECT_EQ(complaint_of("version", "2"), "version must be 1, not '2'");
}

TEST(Convert, numbers_and_the_words_beside_them) {
  EXPECT_EQ(convert_text("problem.l2", "1e-3").value.number, 1e-3);
  EXPECT_TRUE(convert_text("problem.l2", "1/N").value.is_word);
  EXPECT_TRUE(convert_text("method.step_size", "paper").value.is_word);
  EXPECT_TRUE(convert_text("method.batch_size", "full").value.is_word);
  EXPECT_EQ(convert_text("method.batch_size", "64").value.integer, 64u);
  EXPECT_EQ(complaint_of("method.batch_size", "0.5"),
            "method.batch_size must be full or a whole number from 1 to 4294967295, not '0.5'");
  EXPECT_EQ(complaint_of("problem.l2", "-1"), "problem.l2 must be 1/N or a number of at least 0, not '-1'");
  EXPECT_EQ(complaint_of("problem.l2", "1/n"),
            "problem.l2 must be 1/N or a number of at least 0, not '1/n' | did you mean '1/N'?");
  EXPECT_EQ(complaint_of("stop.gap", "1e400"),
            "stop.gap must be a number above 0, not '1e400' | no float64 can hold it");
  EXPECT_EQ(complaint_of("stop.gap", "nan"), "stop.gap must be a number above 0, not 'nan'");
  EXPECT_EQ(complaint_of("stop.gap", "-.inf"), "stop.gap must be a number above 0, not '-.inf'");
  EXPECT_EQ(complaint_of("stop.gap", "0"), "stop.gap must be a number above 0, not '0'");
  EXPECT_EQ(
      complaint_of("method.step_size", "theorie"),
      "method.step_size must be theory, paper, a number above 0, or { schedule: inv-sqrt, initial: a number "
      "}, not 'theorie' | did you mean 'theory'?");
  EXPECT_EQ(complaint_of("problem.optimum", "sovle"),
            "problem.optimum must be solve or a number, not 'sovle' | did you mean 'solve'?");
}

TEST(Convert, a_schedule_of_steps) {
  const Value falling = convert_text("method.step_size", "{ schedule: inv-sqrt, initial: 0.25 }").value;
  EXPECT_EQ(falling.text, "inv-sqrt");
  EXPECT_EQ(falling.number, 0.25);
  EXPECT_EQ(convert_text("method.step_size", "0.5").value.number, 0.5);
  EXPECT_EQ(complaint_of("method.step_size", "{ schedule: sqrt, initial: 1 }"),
            "unknown schedule 'sqrt' | did you mean 'inv-sqrt'?");
  EXPECT_EQ(complaint_of("method.step_size", "{ schedule: inv-sqrt, initial: 0 }"),
            "method.step_size.initial must be a number above 0, not '0'");
  EXPECT_EQ(complaint_of("method.step_size", "{ schedule: inv-sqrt, first: 1 }"),
            "unknown key 'first' in method.step_size | it has schedule and initial");
  for (const char* half : {"{ schedule: inv-sqrt }", "{ initial: 1 }", "{}", "[ 1 ]"}) {
    EXPECT_NE(complaint_of("method.step_size", half), "") << half;
  }
}

TEST(Convert, words) {
  EXPECT_EQ(convert_text("method.kind", "isega").value.text, "isega");
  EXPECT_EQ(complaint_of("method.kind", "isegaa"),
            "unknown method 'isegaa' | did you mean 'isega'? (gd | ibcd | isega)");
  EXPECT_EQ(complaint_of("problem.kind", "zzz"),
            "unknown problem 'zzz' | one of logistic | least-squares | quadratic");
  EXPECT_EQ(complaint_of("dtype", "fp32"),
            "unknown dtype 'fp32' | did you mean 'float32'? (float64 | float32)");
  EXPECT_EQ(complaint_of("dtype", "float"),
            "unknown dtype 'float' | did you mean 'float32'? (float64 | float32)");
  EXPECT_EQ(complaint_of("dtype", "{a: 1}"),
            "dtype must be one of float64 | float32, not a map | one of float64 | float32");
}

TEST(Convert, truth) {
  EXPECT_TRUE(convert_text("actors.worker.placement.oversubscribe", "true").value.flag);
  EXPECT_EQ(complaint_of("actors.worker.placement.oversubscribe", "yes"),
            "actors.worker.placement.oversubscribe must be true or false, not 'yes' | did you mean true?");
  EXPECT_EQ(complaint_of("actors.worker.placement.oversubscribe", "off"),
            "actors.worker.placement.oversubscribe must be true or false, not 'off' | did you mean false?");
}

TEST(Convert, times_need_units) {
  using std::chrono::milliseconds;
  EXPECT_EQ(convert_text("stop.time", "500ms").value.duration, milliseconds(500));
  EXPECT_EQ(convert_text("stop.time", "2h").value.duration, milliseconds(7'200'000));
  EXPECT_EQ(complaint_of("stop.time", "10"), "stop.time needs a unit | did you mean 10s?");
  EXPECT_EQ(complaint_of("stop.time", "soon"),
            "stop.time must be a time such as 500ms, 10s, 5m or 2h, not 'soon'");
  EXPECT_EQ(complaint_of("stop.time", "0s"),
            "stop.time must be a time such as 500ms, 10s, 5m or 2h, not '0s' | it has to be above 0");
}

TEST(Convert, sizes_need_units) {
  EXPECT_EQ(convert_text("network.max_message", "64MiB").value.integer, 64u << 20);
  EXPECT_EQ(complaint_of("network.max_message", "64"),
            "network.max_message needs a unit | did you mean 64MiB?");
  EXPECT_EQ(complaint_of("network.max_message", "1073741824"),
            "network.max_message needs a unit | did you mean 1GiB?");
  EXPECT_EQ(complaint_of("network.max_message", "1kB"),
            "network.max_message must be a size such as 64MiB or 1GB, from 1MiB to 1TiB, not '1kB'");
}

TEST(Convert, frequencies_need_units) {
  EXPECT_EQ(convert_text("evaluate.every", "10 rounds").value.integer, 10u);
  EXPECT_EQ(convert_text("evaluate.every", "1 round").value.integer, 1u);
  EXPECT_EQ(complaint_of("evaluate.every", "10"), "evaluate.every needs a unit | did you mean '10 rounds'?");
  EXPECT_EQ(convert_text("evaluate.every", "1 round").value.unit, "rounds");
  EXPECT_EQ(convert_text("evaluate.every", "500 updates").value.unit, "updates");
  EXPECT_EQ(convert_text("evaluate.every", "2 seconds").value.unit, "seconds");
  EXPECT_EQ(convert_text("evaluate.every", "2 seconds").value.duration, std::chrono::seconds(2));
  EXPECT_EQ(convert_text("evaluate.every", "500ms").value.duration, std::chrono::milliseconds(500));
  EXPECT_EQ(convert_text("evaluate.every", "500ms").value.unit, "seconds");
  EXPECT_TRUE(convert_text("checkpoint.every", "never").value.is_word);
  const std::string must =
      "evaluate.every must be a number of rounds, updates or seconds such as '10 rounds' or 10s, not ";
  EXPECT_EQ(complaint_of("evaluate.every", "10 epochs"), must + "'10 epochs'");
  EXPECT_EQ(complaint_of("evaluate.every", "0 rounds"), must + "'0 rounds'");
  EXPECT_EQ(complaint_of("evaluate.every", "never"), must + "'never'");
}

TEST(Convert, rates_are_in_bits) {
  EXPECT_EQ(convert_text("simulation.bandwidth", "1Gbit").value.integer, 1'000'000'000u);
  EXPECT_EQ(convert_text("simulation.bandwidth", "56kbit").value.integer, 56'000u);
  EXPECT_EQ(convert_text("simulation.bandwidth", "9bit").value.integer, 9u);
  EXPECT_EQ(complaint_of("simulation.bandwidth", "10"),
            "simulation.bandwidth needs a unit | did you mean 10Mbit?");
  EXPECT_EQ(complaint_of("simulation.bandwidth", "1GB"),
            "simulation.bandwidth must be bits per second such as 100Mbit or 1Gbit, not '1GB'");
}

TEST(Convert, densities) {
  EXPECT_EQ(convert_text("method.sparsifier.density", "1/n").value.number, 0);
  EXPECT_EQ(convert_text("method.sparsifier.density", "0.01").value.number, 0.01);
  EXPECT_EQ(convert_text("method.sparsifier.density", "1%").value.number, 0.01);
  EXPECT_EQ(convert_text("method.sparsifier.density", "1").value.number, 1);
  const std::string must =
      "method.sparsifier.density must be 1/n, a share above 0 and at most 1, or a percentage, not ";
  EXPECT_EQ(complaint_of("method.sparsifier.density", "0"), must + "'0'");
  EXPECT_EQ(complaint_of("method.sparsifier.density", "2"), must + "'2'");
  EXPECT_EQ(complaint_of("method.sparsifier.density", "101%"), must + "'101%'");
  EXPECT_EQ(complaint_of("method.sparsifier.density", "1/N"), must + "'1/N' | did you mean 1/n?");
  EXPECT_EQ(complaint_of("method.sparsifier.density", ".5"), must + "'.5' | did you mean 0.5?");
}

TEST(Convert, ports) {
  EXPECT_EQ(convert_text("network.ports", "20000-20063").value.port_first, 20000);
  EXPECT_EQ(convert_text("network.ports", "20000-20063").value.port_last, 20063);
  const std::string must =
      "network.ports must be a range of ports from 1024 to 32767 (those above are for outgoing connections) "
      "such as 20000-20063, not ";
  EXPECT_EQ(complaint_of("network.ports", "20000"), must + "'20000' | did you mean 20000-20063?");
  EXPECT_EQ(complaint_of("network.ports", "20063-20000"), must + "'20063-20000' | did you mean 20000-20063?");
  EXPECT_EQ(complaint_of("network.ports", "1-80"), must + "'1-80'");
  EXPECT_EQ(complaint_of("network.ports", "32760-32768"), must + "'32760-32768'");
}

TEST(Convert, addresses) {
  EXPECT_EQ(convert_text("hosts.*.address", "192.0.2.12").value.text, "192.0.2.12");
  EXPECT_EQ(complaint_of("hosts.*.address", "'fd00::12'"), "");
  EXPECT_EQ(complaint_of("hosts.*.address", "node1.lab"),
            "hosts.*.address must be an IPv4 or IPv6 address, not 'node1.lab'");
  EXPECT_EQ(complaint_of("network.subnet", "192.0.2.0/24"), "");
  EXPECT_EQ(complaint_of("network.subnet", "'fd00::/64'"), "");
  EXPECT_EQ(complaint_of("network.subnet", "192.0.2.0"),
            "network.subnet must be a network such as 192.0.2.0/24, not '192.0.2.0'");
}

TEST(Convert, paths) {
  EXPECT_EQ(convert_text("problem.data.path", "a/../b.gz").node.text, "/jobs/b.gz");
  EXPECT_EQ(convert_text("problem.data.path", "/b.gz").value.text, "/b.gz");
  EXPECT_EQ(convert_text("problem.data.path", "~/b.gz").value.text, "/home/me/b.gz");
  EXPECT_EQ(complaint_of("problem.data.path", "''"), "problem.data.path must be the path of a file, not ''");
  EXPECT_EQ(convert_text("checkpoint.resume", "auto").value.text, "auto");
  EXPECT_EQ(convert_text("checkpoint.resume", "./auto").value.text, "/jobs/auto");
  EXPECT_EQ(complaint_of("problem.data.path", "\"a\\0b\""), "problem.data.path holds a NUL character");
  EXPECT_EQ(complaint_of("deploy.workdir", "work"),
            "deploy.workdir must be an absolute path, or one below ~/, not 'work'");
  EXPECT_EQ(convert_text("deploy.workdir", "~/w").value.text, "~/w");
}

TEST(Convert, names_that_ssh_would_take_for_options_are_refused) {
  EXPECT_EQ(complaint_of("hosts.*.ssh.user", "-oProxyCommand=x"),
            "hosts.*.ssh.user must be a name of letters, digits, '.', '-' and '_', not '-oProxyCommand=x'");
  EXPECT_NE(complaint_of("hosts.*.address", "a b"), "");
  EXPECT_EQ(complaint_of("hosts.*.ssh.hostname", "'fe80::1%2'"), "");
  EXPECT_NE(complaint_of("hosts.*.ssh.hostname", "-x"), "");
  EXPECT_EQ(complaint_of("hosts.*.ssh.proxy_jump", "me@bastion:22,other"), "");
  for (const char* bad : {"-x", "a;b", "a:0", "a:99999", "'@a'", "a@", "''", "'a,,b'", "a:b"}) {
    EXPECT_NE(complaint_of("hosts.*.ssh.proxy_jump", bad), "") << bad;
  }
}

TEST(Convert, lists) {
  EXPECT_EQ(convert_text("ssh.program", "[ssh, -v]").value.texts, (std::vector<std::string>{"ssh", "-v"}));
  EXPECT_EQ(complaint_of("ssh.program", "ssh"),
            "ssh.program must be a list of texts, not 'ssh' | did you mean [ ssh ]?");
  EXPECT_EQ(complaint_of("ssh.program", "[]"), "ssh.program is empty");
  EXPECT_EQ(complaint_of("ssh.program", "[[a]]"), "ssh.program must be a list of texts, but holds a list");
  const Outcome hosts = convert_text("actors.worker.placement.hosts", "['n[1-2]', m]");
  EXPECT_EQ(hosts.value.texts, (std::vector<std::string>{"n1", "n2", "m"}));
  EXPECT_EQ(hosts.node.items.size(), 3u);
  EXPECT_EQ(complaint_of("actors.worker.placement.hosts", "['n[']"),
            "'n[' is no host name, and no pattern such as node[01-16]");
}

TEST(Convert, maps) {
  EXPECT_EQ(convert_text("actors.worker.env", "{A: 1, B: null}").value.map,
            (std::map<std::string, std::string>{{"A", "1"}}));
  EXPECT_EQ(complaint_of("actors.worker.env", "{a-b: 1}"), "'a-b' is not the name of a variable");
  EXPECT_EQ(complaint_of("actors.worker.env", "{A: [1]}"), "actors.worker.env.A must be text, not a list");
  EXPECT_EQ(complaint_of("ssh.options", "{'Proxy Command': x}"),
            "'Proxy Command' is not a word of ssh_config(5)");
  EXPECT_EQ(complaint_of("ssh.options", "[a]"),
            "ssh.options must be a map from words of ssh_config(5) to texts, not a list");
}

}  // namespace
}  // namespace wisp::config
