#include "launcher/checkup.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "tests/launcher/fleet_events.h"
#include "tests/support/loopback_sshd.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kOld = "2.2";  // every C library is newer

TEST(Unfit, says_the_first_reason) {
  HostFacts facts;
  facts.machine = this_machine();
  facts.libc = "2.36";
  facts.tools = {"tar", "gzip", "head", "mktemp"};
  facts.writable = true;
  EXPECT_EQ(unfit(facts, "2.36"), "");
  EXPECT_EQ(unfit(facts, "2.37"), "its C library is too old");
  facts.libc = "";
  EXPECT_EQ(unfit(facts, "2.37"), "") << "the agent will tell";
  facts.writable = false;
  EXPECT_EQ(unfit(facts, kOld), "its work directory can't be written");
  facts.tools.erase("tar");
  EXPECT_EQ(unfit(facts, kOld), "there is no tar");
  facts.machine = "Linux sparc64";
  EXPECT_EQ(unfit(facts, kOld), "it is another kind of machine");
}

class CheckupTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = test::LoopbackSshd::why_not()) GTEST_SKIP() << *why;
    sshd_ = std::make_unique<test::LoopbackSshd>(2);
  }

  std::vector<Checkup> examined(const std::vector<std::string>& hosts, const std::string& libc = kOld) {
    LauncherSpec spec;
    spec.kind = "ssh";
    spec.ssh.config_file = sshd_->config().string();
    spec.ssh.max_parallel = 2;
    spec.deploy.workdir = (folder_.path() / "workdir").string();
    for (const std::string& name : hosts) {
      spec.hosts.emplace_back();
      spec.hosts.back().name = name;
    }
    return examine(spec, libc, options_);
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<test::LoopbackSshd> sshd_;
  FleetOptions options_ = test::test_options();
};

TEST_F(CheckupTest, good_and_bad_hosts_in_their_order) {
  const std::vector<Checkup> found = examined({"n1", "closed", "n2", "nokey", "nowhere.invalid", "newhost"});
  ASSERT_EQ(found.size(), 6u);
  for (const std::size_t good : {0u, 2u}) {
    ASSERT_TRUE(found[good].facts);
    ASSERT_TRUE(found[good].agent) << found[good].agent_failure;
    EXPECT_GT(found[good].agent->cores, 0u);
    EXPECT_FALSE(found[good].failure);
  }
  EXPECT_EQ(found[2].facts->address, "127.0.0.12");
  EXPECT_EQ(found[0].facts->folder, folder_.path()) << "the nearest that is there";
  EXPECT_EQ(found[1].failure->diagnosis.step, SshStep::kConnection);
  EXPECT_EQ(found[3].failure->diagnosis.step, SshStep::kLogin);
  EXPECT_THAT(found[3].failure->words, HasSubstr("Permission denied"));
  EXPECT_EQ(found[4].failure->diagnosis.step, SshStep::kName);
  EXPECT_EQ(found[5].failure->diagnosis.step, SshStep::kHostKey);
}

TEST_F(CheckupTest, an_unfit_host_is_sent_nothing) {
  const std::vector<Checkup> found = examined({"n1"}, "99.0");
  EXPECT_TRUE(found[0].facts);
  EXPECT_FALSE(found[0].agent);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "workdir"));
}

TEST_F(CheckupTest, an_agent_that_can_not_run_there_is_quoted) {
  options_.program = folder_.path() / "broken";
  SystemDisk().write_text(options_.program, "#!/bin/sh\necho 'libfoo.so: no such library' >&2; exit 1\n",
                          0700);
  const std::vector<Checkup> found = examined({"n1"});
  EXPECT_FALSE(found[0].agent);
  EXPECT_THAT(found[0].agent_failure,
              HasSubstr("the agent ended (exit status 1) | libfoo.so: no such library"));
}

TEST_F(CheckupTest, what_is_waited_for_is_told) {
  std::vector<std::string> told;
  options_.progress = [&](const std::string& text) { told.push_back(text); };
  options_.progress_after = std::chrono::milliseconds(0);
  examined({"n1", "n2"});
  ASSERT_THAT(told, testing::Not(IsEmpty()));
  EXPECT_THAT(told.front(), HasSubstr("waiting for n1: ssh connecting (0 s of 60 s), and for 1 more"));
}

}  // namespace
}  // namespace wisp::launcher
