#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Invocation parsed(std::vector<std::string> arguments) {
  return std::get<Invocation>(parse_command_line(std::move(arguments)));
}

std::string help(std::vector<std::string> arguments) {
  return std::get<Help>(parse_command_line(std::move(arguments))).text;
}

std::string usage_error(std::vector<std::string> arguments) {
  const auto [fault, text] = test::error_of([&] { parse_command_line(std::move(arguments)); });
  EXPECT_EQ(fault, Fault::kUsage);
  return text;
}

TEST(CommandLine, global_options_stand_before_or_after_the_command) {
  for (const auto& words :
       {std::vector<std::string>{"--json", "-j", "x", "ps"}, {"ps", "--json", "-j", "x"}}) {
    const Invocation what = parsed(words);
    EXPECT_EQ(what.command, "ps");
    EXPECT_TRUE(what.global.json);
    EXPECT_EQ(what.global.job, "x");
  }
}

TEST(CommandLine, list_takes_job_files_and_plugins) {
  const Invocation what = parsed({"list", "methods", "--plugin", "a.so", "job.yaml"});
  EXPECT_EQ(what.list.what, "methods");
  EXPECT_EQ(what.list.plugins, std::vector<std::string>{"a.so"});
  EXPECT_EQ(what.list.files, std::vector<std::string>{"job.yaml"});
}

TEST(CommandLine, the_schema_needs_no_job_file) {
  EXPECT_TRUE(parsed({"config", "--schema"}).config.schema);
  EXPECT_EQ(parsed({"config", "--schema", "a.yaml"}).config.files, std::vector<std::string>{"a.yaml"});
  EXPECT_FALSE(parsed({"config", "a.yaml"}).config.schema);
  EXPECT_THAT(usage_error({"config"}), HasSubstr("FILE"));
}

TEST(CommandLine, an_option_with_a_value_does_not_swallow_the_files_behind_it) {
  const Invocation what =
      parsed({"run", "--set", "seed=1", "a.yaml", "--var", "K=V", "b.yaml", "--set", "name=x"});
  EXPECT_THAT(what.run.files, ElementsAre("a.yaml", "b.yaml"));
  EXPECT_THAT(what.global.sets, ElementsAre("seed=1", "name=x"));
  EXPECT_THAT(what.global.vars, ElementsAre("K=V"));
}

TEST(CommandLine, values_of_set_keep_commas_and_brackets) {
  const Invocation what = parsed({"config", "a.yaml", "--set", "hosts=[a, b]", "--set", "x={k: [1, 2]}"});
  EXPECT_THAT(what.global.sets, ElementsAre("hosts=[a, b]", "x={k: [1, 2]}"));
}

TEST(CommandLine, run) {
  const Invocation what = parsed({"run", "-d", "job.yaml", "--require-gap", "--workers", "3"});
  EXPECT_TRUE(what.run.detach);
  EXPECT_TRUE(what.run.require_gap);
  EXPECT_FALSE(what.run.resume);
  EXPECT_TRUE(parsed({"run", "--resume", "job.yaml"}).run.resume);
  EXPECT_THAT(what.global.sets, ElementsAre("actors.worker.replicas=3"));
}

TEST(CommandLine, logs) {
  const Invocation what = parsed({"logs", "worker-*", "master", "-f", "-n", "5", "--no-prefix"});
  EXPECT_THAT(what.logs.actors, ElementsAre("worker-*", "master"));
  EXPECT_TRUE(what.logs.follow);
  EXPECT_EQ(what.logs.last, 5u);
  EXPECT_FALSE(what.logs.prefix);
  EXPECT_TRUE(parsed({"logs"}).logs.prefix);
  EXPECT_FALSE(parsed({"logs"}).logs.last);
  const LogsOptions more = parsed({"logs", "--since", "10m", "--until", "2026-03-01T02:13:00Z", "--level",
                                   "warn", "--grep", "a b", "--host", "node*", "--attempt", "2"})
                               .logs;
  EXPECT_EQ(more.since + " " + more.until, "10m 2026-03-01T02:13:00Z");
  EXPECT_EQ(more.level, "warn");
  EXPECT_EQ(more.grep, "a b");
  EXPECT_EQ(more.host, "node*");
  EXPECT_EQ(more.attempt, 2u);
  EXPECT_TRUE(parsed({"logs", "--previous"}).logs.previous);
  EXPECT_THAT(usage_error({"logs", "--previous", "--attempt", "1"}), HasSubstr("--attempt"));
  EXPECT_THAT(usage_error({"logs", "--level", "loud"}), HasSubstr("--level"));
}

TEST(CommandLine, kill_and_status) {
  EXPECT_THAT(parsed({"kill", "worker-1", "master"}).kill.actors, ElementsAre("worker-1", "master"));
  EXPECT_THAT(usage_error({"kill"}), HasSubstr("ACTOR"));
  EXPECT_TRUE(parsed({"status", "-w"}).status.watch);
  EXPECT_FALSE(parsed({"status"}).status.watch);
  EXPECT_TRUE(parsed({"ps", "--watch"}).ps.watch);
}

TEST(CommandLine, a_name_of_a_command_can_be_an_argument) {
  EXPECT_THAT(parsed({"logs", "run"}).logs.actors, ElementsAre("run"));
}

TEST(CommandLine, a_report_is_of_jobs_and_goes_to_a_file) {
  const Invocation report = parsed({"report", "a", "b", "-o", "r.html", "--trace", "t.json"});
  EXPECT_THAT(report.report.jobs, ElementsAre("a", "b"));
  EXPECT_EQ(report.report.output, "r.html");
  EXPECT_EQ(report.report.trace, "t.json");
  EXPECT_THAT(usage_error({"report"}), HasSubstr("--output"));
}

TEST(CommandLine, timeouts_have_units) {
  EXPECT_EQ(parsed({"wait", "--timeout", "2m"}).wait.timeout, std::chrono::minutes(2));
  EXPECT_THAT(usage_error({"down", "--timeout", "5"}),
              HasSubstr("'5' is no time such as 500ms, 10s, 5m or 2h"));
}

TEST(CommandLine, help_is_asked_for_in_many_ways) {
  for (const auto& words : {std::vector<std::string>{}, {"help"}, {"--help"}, {"-h"}}) {
    EXPECT_THAT(help(words), HasSubstr("start a job, show it, and wait for its end"));
    EXPECT_THAT(help(words), HasSubstr("--state-dir DIR"));
  }
  for (const auto& words : {std::vector<std::string>{"help", "logs"}, {"logs", "-h"}, {"logs", "--help"}}) {
    EXPECT_THAT(help(words), HasSubstr("wisp logs [OPTIONS] [ACTOR...]"));
    EXPECT_THAT(help(words), HasSubstr("--follow"));
  }
}

TEST(CommandLine, a_misspelt_command) {
  EXPECT_THAT(usage_error({"rnu", "job.yaml", "-d"}),
              HasSubstr("unknown command 'rnu'; did you mean 'run'?"));
  EXPECT_THAT(usage_error({"help", "lgos"}), HasSubstr("did you mean 'logs'?"));
  EXPECT_THAT(usage_error({"frobnicate"}), HasSubstr("(run | config | plan |"));
}

TEST(CommandLine, a_misspelt_option) {
  EXPECT_THAT(usage_error({"run", "job.yaml", "--detatch"}),
              HasSubstr("run: unknown option '--detatch'; did you mean '--detach'?; see 'wisp help run'"));
  EXPECT_THAT(usage_error({"ps", "--jsn"}), HasSubstr("did you mean '--json'?"));
}

TEST(CommandLine, what_is_missing_or_too_much) {
  EXPECT_THAT(usage_error({"run"}), HasSubstr("run: FILE is required; see 'wisp help run'"));
  EXPECT_THAT(usage_error({"ps", "more"}), HasSubstr("ps: takes no 'more'"));
  EXPECT_THAT(usage_error({"-q"}), HasSubstr("which command?"));
  EXPECT_THAT(usage_error({"config", "a.yaml", "--format", "xml"}), HasSubstr("xml"));
  EXPECT_THAT(usage_error({"list", "metods"}), HasSubstr("methods"));
}

}  // namespace
}  // namespace wisp::cli
