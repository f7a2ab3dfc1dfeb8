#include "cli/doctor.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;
using Result = Check::Result;

launcher::Checkup healthy() {
  launcher::Checkup checkup;
  checkup.host = "node1";
  launcher::HostFacts facts;
  facts.address = "192.0.2.7";
  facts.machine = launcher::this_machine();
  facts.libc = "2.36";
  facts.folder = "/home/me";
  facts.writable = true;
  facts.free_bytes = std::uint64_t{5} << 30;
  facts.tools = {"tar", "gzip", "head", "mktemp"};
  checkup.facts = facts;
  checkup.has_program = false;
  checkup.agent.emplace();
  return checkup;
}

Check check_of(const launcher::Checkup& checkup, const std::string& name) {
  const std::vector<Check> checks = checks_of(checkup, "2.34", "~/wisp");
  const auto found =
      std::find_if(checks.begin(), checks.end(), [&](const Check& each) { return each.name == name; });
  EXPECT_NE(found, checks.end()) << name;
  return *found;
}

TEST(Doctor, a_healthy_host) {
  std::vector<std::string> names;
  for (const Check& each : checks_of(healthy(), "2.34", "~/wisp")) {
    EXPECT_EQ(each.result, Result::kOk) << each.name << ": " << each.detail;
    EXPECT_EQ(each.remedy, "");
    names.push_back(each.name);
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"ssh", "name", "connection", "host key", "login", "shell", "machine",
                                      "libc", "tools", "disk", "sshd", "program", "agent", "clock"}));
}

TEST(Doctor, what_comes_after_a_failed_step_was_not_reached) {
  launcher::Checkup checkup;
  checkup.host = "node1";
  checkup.failure =
      launcher::ProbeFailure{{launcher::SshStep::kHostKey, "unknown host key", "log in once by hand"},
                             "Host key verification failed."};
  EXPECT_EQ(check_of(checkup, "connection").result, Result::kOk);
  const Check failed = check_of(checkup, "host key");
  EXPECT_EQ(failed.result, Result::kFail);
  EXPECT_EQ(failed.detail, "unknown host key: Host key verification failed.");
  EXPECT_EQ(failed.remedy, "log in once by hand");
  for (const char* later : {"login", "shell", "machine", "sshd", "program", "agent", "clock"})
    EXPECT_EQ(check_of(checkup, later).result, Result::kSkipped) << later;
}

TEST(Doctor, which_programs_are_there) {
  launcher::Checkup checkup = healthy();
  EXPECT_EQ(check_of(checkup, "program").detail, "this version was brought");
  checkup.has_program = true;
  checkup.facts->bundles = {"0123", "4567", "89ab"};
  EXPECT_EQ(check_of(checkup, "program").detail, "this version was there; 2 of other versions");
  checkup.has_program.reset();
  EXPECT_EQ(check_of(checkup, "program").result, Result::kSkipped);
}

TEST(Doctor, what_sshd_says_of_its_limits) {
  launcher::Checkup checkup = healthy();
  checkup.facts->sshd = {{"maxsessions", "4"}, {"maxstartups", "10:30:100"}, {"allowtcpforwarding", "no"}};
  EXPECT_EQ(check_of(checkup, "sshd").detail, "allowtcpforwarding no, maxsessions 4, maxstartups 10:30:100");
  EXPECT_EQ(check_of(checkup, "sshd").result, Result::kOk);
  for (const Check& each : checks_of(checkup, "2.34", "~/wisp", true)) {
    if (each.name != "sshd") continue;
    EXPECT_EQ(each.result, Result::kFail);
    EXPECT_EQ(each.detail, "its sshd_config says AllowTcpForwarding no");
  }
}

TEST(Doctor, an_old_or_unknown_c_library) {
  launcher::Checkup checkup = healthy();
  checkup.agent.reset();
  checkup.facts->libc = "2.31";
  EXPECT_EQ(check_of(checkup, "libc").result, Result::kFail);
  EXPECT_EQ(check_of(checkup, "libc").detail, "glibc 2.31, but this wisp needs 2.34");
  EXPECT_EQ(check_of(checkup, "agent").result, Result::kSkipped);
  checkup.facts->libc = "";
  EXPECT_EQ(check_of(checkup, "libc").result, Result::kWarn);
}

TEST(Doctor, space) {
  launcher::Checkup checkup = healthy();
  checkup.facts->free_bytes = 600u << 20;
  EXPECT_EQ(check_of(checkup, "disk").result, Result::kWarn);
  EXPECT_EQ(check_of(checkup, "disk").detail, "600 MiB free in /home/me");
  checkup.facts->free_bytes = 1;
  EXPECT_EQ(check_of(checkup, "disk").result, Result::kFail);
  checkup.facts->free_bytes.reset();
  EXPECT_EQ(check_of(checkup, "disk").result, Result::kWarn);
  checkup.facts->writable = false;
  EXPECT_EQ(check_of(checkup, "disk").result, Result::kFail);
  EXPECT_THAT(check_of(checkup, "disk").remedy, HasSubstr("deploy.workdir (~/wisp)"));
}

TEST(Doctor, machine_tools_clock_and_agent) {
  launcher::Checkup checkup = healthy();
  checkup.agent->clock_offset = std::chrono::milliseconds(-1500);
  EXPECT_EQ(check_of(checkup, "clock").result, Result::kWarn);
  EXPECT_EQ(check_of(checkup, "clock").detail, "-1500 ms from this machine's");
  checkup.agent.reset();
  checkup.agent_failure = "the agent ended (exit status 1) | no such library";
  EXPECT_EQ(check_of(checkup, "agent").result, Result::kFail);
  EXPECT_THAT(check_of(checkup, "agent").detail, HasSubstr("no such library"));
  EXPECT_NE(check_of(checkup, "agent").remedy, "");
  checkup.facts->tools = {"rsync"};
  EXPECT_EQ(check_of(checkup, "tools").detail, "there is no tar, no gzip, no head, no mktemp");
  checkup.facts->machine = "Linux sparc64";
  EXPECT_EQ(check_of(checkup, "machine").result, Result::kFail);
}

TEST(Doctor, remedies_stand_below_their_rows) {
  EXPECT_EQ(checks_table({{"local", "disk", Result::kOk, "5 MiB free", ""},
                          {"node1", "name", Result::kFail, "unknown\nhost", "check its name"},
                          {"node1", "login", Result::kSkipped, "not reached", ""}}),
            "HOST   CHECK  RESULT  DETAIL\n"
            "local  disk   ok      5 MiB free\n"
            "node1  name   fail    unknown\\nhost\n"
            "    check its name\n");
}

TEST(Doctor, this_machine) {
  const test::Scratch scratch;
  GlobalOptions options = scratch.options();
  options.state_dir = (scratch.folder() / "not/yet").string();
  const std::vector<Check> checks = local_checks(options, (scratch.folder() / "run").string());
  ASSERT_EQ(checks.size(), 3u);
  EXPECT_THAT(checks[1].detail, HasSubstr("free in " + scratch.folder().string()));
  EXPECT_EQ(checks[2].result, Result::kOk) << checks[2].detail;
  EXPECT_TRUE(std::filesystem::is_empty(scratch.folder() / "run"));
  const std::vector<Check> bad = local_checks(options, std::string(120, 'x'));
  EXPECT_EQ(bad[2].result, Result::kFail);
  EXPECT_THAT(bad[2].remedy, HasSubstr("WISP_RUNTIME_DIR"));
}

}  // namespace
}  // namespace wisp::cli
