#include "config/chaos_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/resolve.h"
#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using Kind = actors::ChaosSpec::Kind;

const std::string kFour = "actors: { worker: { replicas: 4 } }\n";

// Of one entry, in a job of four workers: its line, what is wrong with it.
std::string errors_of_entry(const std::string& entry) {
  return errors_of(kJob + "chaos: [ " + entry + " ]\n" + kFour);
}
std::string message_of_entry(const std::string& entry) { return messages_of(errors_of_entry(entry)); }

Experiment load(const std::string& rest) { return Workbench().file("job.yaml", kJob + rest).load(); }

TEST(Chaos, is_a_list_of_what_happens) {
  const auto chaos = load(kFour +
                          "chaos:\n"
                          "- { at: 30s, kill: worker-2 }\n"
                          "- { every: 10s, kill: 'worker-*', until: 5m }\n"
                          "- { at: 40s, stop: worker-1, for: 5s }\n"
                          "- { at: 50s, slow: worker-0, for: 10s, factor: 4 }\n"
                          "- { at: 1m, delay: worker-3, for: 10s, by: 100ms }\n"
                          "- { at: 70s, drop: 'worker-[12]', for: 10s, rate: 0.1 }\n"
                          "- { at: 80s, partition: 'host:local', for: 3s }\n")
                         .chaos;
  ASSERT_EQ(chaos.size(), 7u);
  EXPECT_EQ(chaos[0].kind, Kind::kKill);
  EXPECT_EQ(chaos[0].target, "worker-2");
  EXPECT_EQ(chaos[0].at, milliseconds(30'000));
  EXPECT_EQ(chaos[0].every, milliseconds(0));
  EXPECT_EQ(chaos[1].at, milliseconds(10'000));
  EXPECT_EQ(chaos[1].every, milliseconds(10'000));
  EXPECT_EQ(chaos[1].until, milliseconds(300'000));
  EXPECT_EQ(chaos[2].kind, Kind::kStop);
  EXPECT_EQ(chaos[2].lasts, milliseconds(5'000));
  EXPECT_EQ(chaos[3].factor, 4);
  EXPECT_EQ(chaos[4].by, milliseconds(100));
  EXPECT_EQ(chaos[5].rate, 0.1);
  EXPECT_EQ(chaos[6].host(), "local");
}

TEST(Chaos, is_resolved_as_it_was_given) {
  const Experiment experiment =
      load("chaos: [ { at: '${T:-30s}', drop: 'worker-*', for: 2s, rate: 0.5 } ]\n");
  const std::string yaml = to_yaml(experiment);
  EXPECT_THAT(
      yaml, HasSubstr("chaos: [ { at: 30s, drop: \"worker-*\", for: 2s, rate: 0.5 } ]  # from job.yaml:5\n"));
  EXPECT_EQ(Workbench().file("job.yaml", yaml).load().chaos.at(0).target, "worker-*");
  EXPECT_THAT(to_json(experiment), HasSubstr("\"rate\": 0.5"));
  EXPECT_THAT(to_json(experiment), HasSubstr("\"for\": \"2s\""));
  EXPECT_TRUE(load("").chaos.empty());
  EXPECT_EQ(to_yaml(load("")).find("chaos"), std::string::npos);
}

TEST(Chaos, says_where_an_entry_is_wrong) {
  EXPECT_EQ(errors_in_line("chaos: [ { at: 30s, kill: workr-0 } ]"),
            "job.yaml:5:27: error: no actor is called 'workr-0'\n"
            "    5 | chaos: [ { at: 30s, kill: workr-0 } ]\n"
            "      |                           ^~~~~~~ did you mean 'worker-0'?\n");
  EXPECT_EQ(errors_in_line("chaos: [ { at: 30s, stop: worker-0 } ]"),
            "job.yaml:5:27: error: stop needs 'for'\n"
            "    5 | chaos: [ { at: 30s, stop: worker-0 } ]\n"
            "      |                           ^~~~~~~~ such as for: 5s\n");
  EXPECT_EQ(errors_in_line("chaos: [ { at: 30s, every: 5s, kill: worker-0 } ]"),
            "job.yaml:5:28: error: an entry of chaos strikes once, at a time, or every so often\n"
            "    5 | chaos: [ { at: 30s, every: 5s, kill: worker-0 } ]\n"
            "      |                            ^~ leave out at or every\n");
  EXPECT_EQ(errors_in_line("chaos: [ { at: 30, kill: worker-0 } ]"),
            "job.yaml:5:16: error: chaos.0.at needs a unit\n"
            "    5 | chaos: [ { at: 30, kill: worker-0 } ]\n"
            "      |                ^~ did you mean 30s?\n");
  EXPECT_EQ(errors_in_line("chaos: [ { at: 30s, kil: worker-0 } ]"),
            "job.yaml:5:21: error: unknown key 'kil' in chaos.0\n"
            "    5 | chaos: [ { at: 30s, kil: worker-0 } ]\n"
            "      |                     ^~~ did you mean 'kill'?\n");
}

TEST(Chaos, refuses_what_can_not_be_meant) {
  const auto expect = [](const std::string& entry, const std::string& message) {
    EXPECT_THAT(message_of_entry(entry), HasSubstr(message + "\n")) << entry;
  };
  expect("{ at: 1s }", "this entry of chaos does nothing");
  expect("{ kill: worker-1 }", "this entry of chaos has no time");
  expect("{ at: 1s, kill: worker-1, stop: worker-2, for: 1s }", "and this is kill already");
  expect("{ at: 1s, kill: worker-1, until: 3s }", "until is of what is repeated, and this is not");
  expect("{ every: 5s, kill: worker-1, until: 3s }", "this entry of chaos ends before it strikes");
  expect("{ at: 1s, kill: worker-1, for: 3s }", "kill has no 'for'");
  expect("{ at: 1s, stop: worker-1, for: 3s, by: 1s }", "stop has no 'by'");
  expect("{ at: 1s, slow: worker-1, for: 3s }", "slow needs 'factor'");
  expect("{ at: 1s, delay: worker-1, for: 3s }", "delay needs 'by'");
  expect("{ at: 1s, drop: worker-1, for: 3s }", "drop needs 'rate'");
  expect("{ at: 1s, drop: worker-1, for: 3s, rate: 1.5 }",
         "chaos.0.rate must be a number above 0 and at most 1, not '1.5'");
  expect("{ at: 1s, kill: worker-4 }", "no actor is called 'worker-4'");
  expect("{ at: 1s, kill: 'host:n1' }", "no host of this job is called 'n1'");
  expect("kill", "an entry of chaos must be a map of keys");
  EXPECT_THAT(messages_of(errors_of(kJob + "chaos: { at: 1s }\n")),
              HasSubstr("chaos must be a list of maps of keys, not a map"));
}

TEST(Chaos, helps_with_targets) {
  EXPECT_THAT(errors_of_entry("{ at: 1s, kill: 'wroker-*' }"), HasSubstr("did you mean 'worker-*'?"));
  EXPECT_THAT(errors_of_entry("{ at: 1s, kill: nobody-at-all }"),
              HasSubstr("there are master, worker-0, worker-1, worker-2, ..."));
  const std::string hosts = kJob + "hosts: [ alpha, beta ]\nchaos: [ { at: 1s, kill: ";
  EXPECT_EQ(errors_of(hosts + "'host:beta' } ]\n"), "");
  EXPECT_THAT(errors_of(hosts + "'host:bete' } ]\n"), HasSubstr("did you mean 'host:beta'?"));
  EXPECT_THAT(errors_of(hosts + "beta } ]\n"), HasSubstr("did you mean 'host:beta'?"));
  EXPECT_EQ(errors_of(kJob + "launcher: slurm\nchaos: [ { at: 1s, kill: 'host:b7' } ]\n"), "");
}

TEST(Chaos, is_not_for_simulated_times) {
  const std::string job =
      "version: 1\nproblem: { kind: logistic, data: { path: x } }\nstop: { rounds: 1 }\n"
      "method: { kind: gd, consistency: async }\nsimulation: { spread: 2 }\n"
      "chaos: [ { at: 1s, kill: worker-0 } ]\n";
  EXPECT_EQ(messages_of(errors_of(job)),
            "job.yaml:6:1: error: simulation: actors whose times are simulated live in one process, on no "
            "network\n");
}

}  // namespace
}  // namespace wisp::config
