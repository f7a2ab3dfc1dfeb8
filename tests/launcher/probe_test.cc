#include "launcher/probe.h"

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::launcher {
namespace {

using testing::HasSubstr;

TEST(ParseFacts, among_the_noise_of_a_login) {
  const auto facts = parse_facts(
      "Welcome!\r\n\nwisp-probe Linux x86_64\r\nwisp-reached 192.0.2.1 50000 192.0.2.7 22\n"
      "wisp-libc glibc 2.36\nwisp-has tar\nyou have mail\nwisp-has rsync\nwisp-folder "
      "/home/me\nwisp-writable\n"
      "wisp-bundle 0123abcd\nwisp-sshd MaxStartups 10:30:100\nwisp-sshd MAXSESSIONS 4\n"
      "wisp-space my disk 264212084 12870036 1024 14% /home of me\nwisp-done\n");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->machine, "Linux x86_64");
  EXPECT_EQ(facts->address, "192.0.2.7");
  EXPECT_EQ(facts->libc, "2.36");
  EXPECT_EQ(facts->tools, (std::set<std::string>{"rsync", "tar"}));
  EXPECT_EQ(facts->folder, "/home/me");
  EXPECT_TRUE(facts->writable);
  EXPECT_EQ(facts->free_bytes, 1024u * 1024u);
  EXPECT_EQ(facts->bundles, std::set<std::string>{"0123abcd"});
  EXPECT_EQ(facts->sshd,
            (std::map<std::string, std::string>{{"maxstartups", "10:30:100"}, {"maxsessions", "4"}}));
}

TEST(ParseFacts, what_a_host_does_not_say_is_unknown) {
  const auto facts = parse_facts("wisp-probe Linux x86_64\nwisp-libc \nwisp-space \nwisp-done\n");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->libc, "");
  EXPECT_FALSE(facts->free_bytes);
  EXPECT_FALSE(facts->writable);
  EXPECT_FALSE(parse_facts("wisp-probe Linux x86_64\nwisp-libc glibc 2.36\n")) << "it was cut off";
  EXPECT_FALSE(parse_facts(""));
}

// The ssh client is replaced by a script, which is handed the remote command.
class ProbeTest : public testing::Test {
 protected:
  const Probe& probed(const std::string& script) {
    spec_.ssh.program = {"/bin/sh", "-c", script, "sh"};
    spec_.deploy.workdir = "/";
    return run();
  }

  const Probe& run() {
    if (spec_.kind == "local") spec_.kind = "ssh";
    HostSpec host;
    host.name = "node1";
    probe_.emplace(spec_, host);
    probe_->open(std::chrono::steady_clock::now());
    while (!probe_->closed()) {
      std::vector<pollfd> fds;
      probe_->add_descriptors(fds);
      ::poll(fds.data(), fds.size(), 20);
      probe_->step(std::chrono::steady_clock::now());
    }
    return *probe_;
  }

  LauncherSpec spec_;
  std::optional<Probe> probe_;
};

TEST_F(ProbeTest, this_machine_says_what_it_is) {
  const auto& facts = probed("for last; do :; done; eval \"$last\"").facts();
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->machine, this_machine());
  EXPECT_EQ(facts->folder, "/");
  EXPECT_TRUE(facts->tools.contains("tar"));
  EXPECT_GT(facts->free_bytes.value_or(0), 0u);
}

TEST_F(ProbeTest, a_refusal_is_quoted_and_told_by_its_step) {
  const auto& failure = probed("echo 'ml@node1: Permission denied (publickey).' >&2; exit 255").failure();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->diagnosis.step, SshStep::kLogin);
  EXPECT_EQ(failure->diagnosis.what, "login refused");
  EXPECT_EQ(failure->words, "ml@node1: Permission denied (publickey).");
}

TEST_F(ProbeTest, a_shell_that_answers_something_else) {
  const auto& failure = probed("echo 'This account is not available.'; exit 1").failure();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->diagnosis.step, SshStep::kShell);
  EXPECT_THAT(failure->diagnosis.what, HasSubstr("before /bin/sh could answer"));
}

TEST_F(ProbeTest, one_that_never_answers_is_given_up) {
  spec_.timeouts.start = std::chrono::milliseconds(100);
  const auto& failure = probed("exec sleep 1000").failure();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->diagnosis.what, "no answer within 100ms");
}

TEST_F(ProbeTest, a_shell_that_reads_ahead_is_not_told_before_it_asks) {
  spec_.kind = "command";
  spec_.command = {"/bin/dash", "-s", "{host}"};
  spec_.deploy.workdir = "/";
  const auto& facts = run().facts();
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->folder, "/");
  EXPECT_TRUE(facts->writable || ::geteuid() != 0);
}

TEST_F(ProbeTest, a_missing_ssh_client) {
  spec_.ssh.program = {"no-such-ssh"};
  const auto& failure = run().failure();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->diagnosis.step, SshStep::kClient);
  EXPECT_THAT(failure->diagnosis.what, HasSubstr("cannot start no-such-ssh"));
}

}  // namespace
}  // namespace wisp::launcher
