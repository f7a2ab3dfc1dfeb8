#include "launcher/ssh.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::launcher {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

HostSpec host_of(const std::string& name) {
  HostSpec host;
  host.name = name;
  return host;
}

TEST(SshCommand, ends_in_the_host_and_one_constant_string) {
  const std::vector<std::string> argv = ssh_command(SshSpec(), host_of("node1"), bootstrap_command());
  EXPECT_EQ(argv.front(), "ssh");
  const std::vector<std::string> tail(argv.end() - 3, argv.end());
  EXPECT_THAT(tail, ElementsAre("--", "node1", std::string(bootstrap_command())));
}

TEST(SshCommand, takes_the_job_files_words_before_ours) {
  SshSpec ssh;
  ssh.program = {"ip", "netns", "exec", "x", "ssh"};
  ssh.config_file = "/etc/config";
  ssh.options["ServerAliveInterval"] = "30";
  HostSpec host = host_of("node3");
  host.ssh = {"node3.lab", 2222, "ml", "bastion"};
  const std::vector<std::string> argv = ssh_command(ssh, host, bootstrap_command());
  const std::vector<std::string> head(argv.begin(), argv.begin() + 9);
  EXPECT_THAT(head, ElementsAre("ip", "netns", "exec", "x", "ssh", "-F", "/etc/config", "-o",
                                "ServerAliveInterval=30"));
  const auto has = [&](const std::string& a, const std::string& b) {
    const auto at = std::find(argv.begin(), argv.end(), a);
    return at != argv.end() && at[1] == b;
  };
  EXPECT_TRUE(has("-p", "2222"));
  EXPECT_TRUE(has("-l", "ml"));
  EXPECT_TRUE(has("-J", "bastion"));
  EXPECT_EQ(argv[argv.size() - 2], "node3.lab");
}

std::string line_of(const std::vector<std::string>& argv) {
  std::string line;
  for (const std::string& each : argv) line += each + " ";
  return line;
}

// ssh keeps the first it sees of an option.
TEST(SshCommand, shares_its_connection_for_as_long_as_it_lasts_whatever_the_job_file_says) {
  SshSpec ssh;
  ssh.options["ControlPersist"] = "10m";
  ssh.options["ControlPath"] = "/tmp/x";
  const std::string line = line_of(ssh_command(ssh, host_of("node1"), "true", "/run/100%/ssh0"));
  EXPECT_THAT(line, testing::StartsWith("ssh -o ControlMaster=yes -o ControlPath=\"/run/100%%/ssh0\" "
                                        "-o ControlPersist=no -o ControlPath=/tmp/x "));
  EXPECT_THAT(line_of(ssh_command(ssh, host_of("node1"), "true")),
              HasSubstr("-o ControlMaster=no -o ControlPath=none"));
}

TEST(SshCommand, asks_for_ports_at_the_shared_connection) {
  HostSpec host = host_of("node1");
  host.ssh.hostname = "fd00::12";
  const std::string line = line_of(ssh_forward_command(
      SshSpec(), host, "/run/ssh0",
      {{Forward::Listens::kHere, 20001}, {Forward::Listens::kThere, 20002}, {Forward::Listens::kThere, 0}}));
  EXPECT_THAT(line, testing::StartsWith("ssh -F none -o ControlPath=\"/run/ssh0\" "));
  EXPECT_THAT(line, testing::EndsWith("-O forward -L 127.0.0.1:20001:127.0.0.1:20001 "
                                      "-R 127.0.0.1:20002:127.0.0.1:20002 -R 127.0.0.1:0:127.0.0.1:9 "
                                      "-- fd00::12 "));
  EXPECT_THAT(line, Not(HasSubstr("ClearAllForwardings")));
}

TEST(SshCommand, never_decides_about_host_keys_and_never_asks) {
  const std::vector<std::string> argv = ssh_command(SshSpec(), host_of("node1"), bootstrap_command());
  EXPECT_THAT(argv, Not(testing::Contains(HasSubstr("StrictHostKeyChecking"))));
  EXPECT_THAT(argv, testing::Contains("BatchMode=yes"));
  EXPECT_THAT(argv, testing::Contains("ServerAliveInterval=5"));
  EXPECT_THAT(argv, testing::Contains("ServerAliveCountMax=3"));
}

TEST(SshCommand, remote_commands_pass_through_any_login_shell) {
  for (const std::string_view each : {bootstrap_command(), probe_command()}) {
    const std::string text(each);
    EXPECT_TRUE(text.starts_with("exec /bin/sh -c '"));
    EXPECT_TRUE(text.ends_with("'"));
    const std::string inner = text.substr(17, text.size() - 18);
    EXPECT_EQ(inner.find_first_of("'\n\\!"), std::string::npos);
  }
}

TEST(DiagnoseSsh, knows_what_ssh_says) {
  const HostSpec host = host_of("node2");
  const auto what = [&](const char* words) {
    return diagnose_ssh(host, false, "exit status 255", words).what;
  };
  EXPECT_EQ(what("ssh: Could not resolve hostname node2: Name or service not known"), "unknown host");
  EXPECT_EQ(what("ssh: connect to host node2 port 22: Connection refused"), "connection refused");
  EXPECT_EQ(what("ml@node2: Permission denied (publickey)."), "login refused");
  EXPECT_EQ(what("Host key verification failed."), "unknown host key");
  EXPECT_EQ(what("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed."),
            "the host key has changed");
  EXPECT_EQ(what("ssh: connect to host node2 port 22: Connection timed out"), "timeout");
  EXPECT_EQ(what("Connection timed out during banner exchange"), "timeout");
  EXPECT_EQ(what("kex_exchange_identification: Connection closed by remote host"),
            "the connection was closed before the login");
  EXPECT_EQ(what(""), "ssh ended (exit status 255) before /bin/sh could answer");
  EXPECT_EQ(diagnose_ssh(host, true, "exit status 3", "").what, "the agent ended (exit status 3)");
  EXPECT_EQ(diagnose_ssh(host, true, "exit status 255", "Connection to node2 closed by remote host.").what,
            "the ssh connection ended (exit status 255)");
  EXPECT_EQ(diagnose_ssh(host, true, "exit status 255", "").what, "the agent was killed");
}

TEST(DiagnoseSsh, tells_the_step) {
  const auto step = [](const char* words) {
    return diagnose_ssh(host_of("node2"), false, "exit status 255", words).step;
  };
  EXPECT_EQ(step("Could not resolve hostname node2"), SshStep::kName);
  EXPECT_EQ(step("Connection refused"), SshStep::kConnection);
  EXPECT_EQ(step("Host key verification failed."), SshStep::kHostKey);
  EXPECT_EQ(step("Permission denied (publickey)."), SshStep::kLogin);
  EXPECT_EQ(step("Can't open user config file x"), SshStep::kClient);
  EXPECT_EQ(step("This account is not available."), SshStep::kShell);
}

TEST(LastWords, are_few_and_safe) {
  EXPECT_EQ(last_words("one \r\n\ntwo\n", " | "), "one | two");
  EXPECT_EQ(last_words("\x1b[2J", "\n"), "\\x1b[2J");
  EXPECT_EQ(last_words("0\n1\n2\n3\n4\n5\n6\n7\n8\n", ""), "12345678");
}

TEST(DiagnoseSsh, gives_a_remedy_with_the_hosts_name) {
  EXPECT_THAT(diagnose_ssh(host_of("node2"), false, "", "Permission denied").remedy,
              HasSubstr("hosts.node2.ssh.user"));
}

}  // namespace
}  // namespace wisp::launcher
