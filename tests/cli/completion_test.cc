#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Two jobs; the actors are said with the job and folder that were asked about.
const JobNames kNames{
    [](const std::string& folder) {
      return std::vector<Candidate>{{"mine-1234", "running in " + folder}, {"other-5678", "failed"}};
    },
    [](const std::string& folder, const std::string& job) {
      return std::vector<Candidate>{{"master", ""}, {"worker-0", folder + "|" + job}};
    }};

Completion completion(const std::vector<std::string>& words) { return complete(grammar(), words, kNames); }

std::vector<std::string> words(const std::vector<std::string>& typed) {
  std::vector<std::string> found;
  for (const Candidate& each : completion(typed).candidates) found.push_back(each.word);
  return found;
}

TEST(Completion, commands) {
  EXPECT_THAT(words({"pl"}), ElementsAre("plan"));
  EXPECT_THAT(words({"--json", "-j", "x", "pl"}), ElementsAre("plan"));
  EXPECT_THAT(words({""}), Contains("completion"));
  EXPECT_THAT(words({""}), Not(Contains("complete")));
  EXPECT_THAT(words({}), Contains("run"));
  EXPECT_THAT(words({"help", "lo"}), ElementsAre("logs"));
}

TEST(Completion, options_of_the_command_and_those_taken_everywhere) {
  EXPECT_THAT(words({"run", "--d"}), ElementsAre("--detach"));
  EXPECT_THAT(words({"run", "-"}), testing::IsSupersetOf({"--detach", "--workers", "--job", "--json"}));
  EXPECT_THAT(words({"run", "--he"}), ElementsAre("--help")) << "once, not twice";
  EXPECT_THAT(words({"ps", "--d"}), IsEmpty());
  EXPECT_THAT(words({"--sta"}), ElementsAre("--state-dir"));
}

TEST(Completion, values_of_options) {
  EXPECT_THAT(words({"config", "--format", ""}), ElementsAre("yaml", "json"));
  EXPECT_THAT(words({"ps", "--color=al"}), ElementsAre("--color=always"));
  EXPECT_THAT(words({"run", "--workers", ""}), IsEmpty());
  EXPECT_THAT(words({"ps", "--nonsense=x"}), IsEmpty());
}

TEST(Completion, jobs_and_actors) {
  EXPECT_THAT(words({"ps", "-j", "m"}), ElementsAre("mine-1234"));
  EXPECT_TRUE(completion({"ps", "-j", "m"}).files) << "a job file says which job, too";
  EXPECT_EQ(completion({"ps", "--state-dir", "D", "--job="}).candidates[0].description, "running in D");
  EXPECT_THAT(words({"logs", "-f", "wor"}), ElementsAre("worker-0"));
  EXPECT_THAT(words({"logs", "master", "wor"}), ElementsAre("worker-0"));
  EXPECT_THAT(words({"inspect", "m"}), ElementsAre("master"));
  EXPECT_THAT(words({"inspect", "master", ""}), IsEmpty()) << "it takes one";
  EXPECT_EQ(completion({"--state-dir=D", "logs", "-j", "mine", ""}).candidates[1].description, "D|mine");
}

TEST(Completion, files) {
  EXPECT_TRUE(completion({"run", ""}).files);
  EXPECT_TRUE(completion({"run", "a.yaml", "--set", "a=b", ""}).files);
  EXPECT_TRUE(completion({"list", "keys", "--plugin", ""}).files);
  EXPECT_TRUE(completion({"list", "keys", ""}).files);
  EXPECT_FALSE(completion({"list", ""}).files);
  EXPECT_THAT(words({"list", "s"}), ElementsAre("sparsifiers"));
  EXPECT_FALSE(completion({"ps", ""}).files);
}

TEST(Completion, the_grammar_is_that_of_the_help) {
  for (const GrammarCommand& command : grammar().commands) {
    const std::string help = std::get<Help>(parse_command_line({"help", command.name})).text;
    EXPECT_THAT(help, HasSubstr(command.description));
    for (const GrammarOption& each : command.options) {
      for (const std::string& name : each.names) EXPECT_THAT(help, HasSubstr(name)) << command.name;
    }
    for (const GrammarOption& each : command.positionals) EXPECT_THAT(help, HasSubstr(each.names[0]));
  }
}

TEST(Completion, lines_for_the_shells) {
  const test::Scratch scratch;
  const test::Job job(scratch, "mine", "running", "running");
  const auto lines = [&](std::vector<std::string> typed) {
    return test::printed([&] { complete_command({std::move(typed)}); });
  };
  EXPECT_EQ(lines({"--state-dir", scratch.folder().string(), "inspect", ""}), "worker-0\trunning on local\n");
  EXPECT_THAT(lines({"--state-dir", scratch.folder().string(), "ps", "-j", "mi"}),
              testing::ContainsRegex("^mine-[0-9a-f]*\trunning .driver [0-9]*.\n:files\n$"));
  EXPECT_EQ(lines({"--state-dir", "/nowhere", "inspect", ""}), "");
}

TEST(Completion, each_shell_has_a_script_that_asks_wisp) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = test::printed([&] { completion_command({shell}); });
    EXPECT_THAT(script, HasSubstr(" complete ")) << shell;
    EXPECT_THAT(script, HasSubstr(shell)) << shell;
  }
}

}  // namespace
}  // namespace wisp::cli
