#include "launcher/way.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::launcher {
namespace {

using testing::HasSubstr;

HostSpec host_of(const std::string& name) {
  HostSpec host;
  host.name = name;
  return host;
}

LauncherSpec command(const std::vector<std::string>& words) {
  LauncherSpec spec;
  spec.kind = "command";
  spec.command = words;
  return spec;
}

TEST(Way, words_of_a_command_stay_words) {
  const Way way = way_to(command({"/opt/lead", "to {host} and {host}", "$(x); `y`", "{hosts}", "{host}"}),
                         host_of("n1"), "the bootstrap");
  EXPECT_EQ(way.argv, (std::vector<std::string>{"/opt/lead", "to n1 and n1", "$(x); `y`", "{hosts}", "n1"}));
  EXPECT_EQ(way.program, "lead");
  EXPECT_EQ(way.first_input, "the bootstrap\n");
}

TEST(Way, ssh_takes_the_remote_command_as_a_word) {
  LauncherSpec spec;
  spec.kind = "ssh";
  const Way way = way_to(spec, host_of("n1"), "the bootstrap");
  EXPECT_EQ(way.argv, ssh_command(spec.ssh, host_of("n1"), "the bootstrap"));
  EXPECT_EQ(way.argv.back(), "the bootstrap");
  EXPECT_EQ(way.first_input, "");
  EXPECT_EQ(diagnose(spec, host_of("n1"), false, "exit status 255", "Connection refused").what,
            "connection refused");
}

TEST(Way, slurm_is_a_step_on_the_node) {
  LauncherSpec spec;
  spec.kind = "slurm";
  const Way way = way_to(spec, host_of("n1"), "the bootstrap");
  EXPECT_EQ(way.program, "srun");
  EXPECT_THAT(way.argv, testing::Contains("--nodelist=n1"));
  EXPECT_EQ(way.first_input, "the bootstrap\n");
}

TEST(Diagnose, the_end_of_a_command_is_told_by_how_far_it_got) {
  const LauncherSpec spec = command({"kubectl", "exec", "-i", "{host}", "--", "sh"});
  const Diagnosis early = diagnose(spec, host_of("pod-1"), false, "exit status 1", "no such pod");
  EXPECT_EQ(early.what, "kubectl ended (exit status 1) before a shell could answer");
  EXPECT_EQ(early.remedy, "`kubectl exec -i pod-1 -- sh` must start a shell there that reads its stdin");
  EXPECT_EQ(diagnose(spec, host_of("pod-1"), true, "exit status 137", "").what,
            "the agent, or kubectl on the way to it, ended (exit status 137)");
}

TEST(Diagnose, knows_what_srun_says) {
  LauncherSpec spec;
  spec.kind = "slurm";
  const char* known = "srun: error: Unable to confirm allocation for job 9: Invalid job id specified";
  EXPECT_EQ(diagnose(spec, host_of("n1"), false, "exit status 1", known).what, "the allocation has ended");
  EXPECT_EQ(diagnose(spec, host_of("n1"), false, "exit status 1", "srun: error: else").what,
            "srun ended (exit status 1) before a shell could answer");
}

TEST(RemedyOfMissing, names_the_key_or_the_package) {
  EXPECT_THAT(remedy_of_missing(command({"x"})), HasSubstr("launcher.template"));
  LauncherSpec spec;
  spec.kind = "ssh";
  EXPECT_THAT(remedy_of_missing(spec), HasSubstr("ssh.program"));
  spec.kind = "slurm";
  EXPECT_THAT(remedy_of_missing(spec), HasSubstr("Slurm"));
}

}  // namespace
}  // namespace wisp::launcher
