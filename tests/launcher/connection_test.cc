// What a connection takes from a bootstrap that misbehaves; the ordinary course is in fleet_test.cc.
#include "launcher/connection.h"

#include <unistd.h>

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/process.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using testing::HasSubstr;

// Steps a connection until it has closed, and returns why.
std::string end_of(Connection& connection) {
  std::vector<Event> events;
  connection.open(std::chrono::steady_clock::now());
  while (!connection.closed()) {
    std::vector<pollfd> fds;
    connection.add_descriptors(fds);
    ::poll(fds.data(), fds.size(), 20);
    connection.step(std::chrono::steady_clock::now(), events);
  }
  EXPECT_TRUE(events.empty());
  EXPECT_TRUE(connection.verified());
  return connection.failure().value_or("");
}

// The ssh client is replaced by a script.
std::string end_with(const std::string& script) {
  ConnectionSettings settings;
  settings.spec.kind = "ssh";
  settings.bundle.libc = "2.36";
  settings.spec.ssh.program = {"/bin/sh", "-c", script, "sh"};
  HostSpec host;
  host.name = "node1";
  Connection connection(settings, host);
  EXPECT_EQ(connection.waiting_for({}), "waiting for its turn");
  return end_of(connection);
}

TEST(Connection, another_kind_of_machine_is_refused) {
  EXPECT_THAT(end_with("echo wisp-boot 1 Linux sparc64; cat"),
              HasSubstr("it is Linux sparc64, this machine is Linux"));
}

TEST(Connection, an_older_c_library_is_refused) {
  EXPECT_THAT(end_with("echo wisp-boot 1 $(uname -s) $(uname -m) glibc 2.4; cat"),
              HasSubstr("its C library is too old: glibc 2.4, and this wisp needs 2.36"));
  EXPECT_THAT(end_with("echo wisp-boot 1 $(uname -s) $(uname -m) glibc 2.36; echo wisp-fail so far; cat"),
              testing::StartsWith("node1: so far"));
  EXPECT_THAT(end_with("echo wisp-boot 1 $(uname -s) $(uname -m); echo wisp-fail so far; cat"),
              testing::StartsWith("node1: so far"));
}

TEST(Connection, a_failed_bootstrap_is_quoted) {
  EXPECT_EQ(end_with("echo noise; echo wisp-fail there is no tar on this host; exit 73"),
            "node1: there is no tar on this host");
}

TEST(Connection, a_shell_that_does_not_answer_is_told_from_a_refused_login) {
  EXPECT_THAT(end_with("echo 'This account is not available.'; exit 1"),
              HasSubstr("ssh ended (exit status 1) before /bin/sh could answer"));
}

// Another program leads to the host.
std::string end_by_command(const std::vector<std::string>& command) {
  ConnectionSettings settings;
  settings.spec.kind = "command";
  settings.spec.command = command;
  HostSpec host;
  host.name = "node1";
  Connection connection(settings, host);
  return end_of(connection);
}

TEST(Connection, a_command_is_named_with_its_last_words) {
  EXPECT_EQ(
      end_by_command({"/bin/sh", "-c", "echo \"no pod $0\" >&2; exit 1", "{host}"}),
      "node1: sh ended (exit status 1) before a shell could answer\n"
      "    no pod node1\n"
      "    `/bin/sh -c echo \"no pod $0\" >&2; exit 1 node1` must start a shell there that reads its stdin");
  EXPECT_THAT(
      end_by_command({"no-such-carrier", "{host}"}),
      HasSubstr("node1: cannot start no-such-carrier: No such file or directory\n    install it, or"));
}

TEST(Connection, a_shell_behind_a_command_reads_the_bootstrap) {
  EXPECT_THAT(end_by_command({"/bin/sh", "-c", "read -r line; echo \"wisp-fail ${line%% *} $0\"", "{host}"}),
              HasSubstr("node1: exec node1"));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr const char* kFaketime = "";  // their runtime must be the first library
#else
constexpr const char* kFaketime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
#endif

TEST(Connection, measures_a_clock_that_is_an_hour_off) {
  if (::access(kFaketime, R_OK) != 0) GTEST_SKIP() << "there is no libfaketime";
  const test::TemporaryFolder workdir;
  ConnectionSettings settings;
  settings.spec.kind = "ssh";
  settings.spec.deploy.workdir = workdir.path().string();
  settings.spec.ssh.program = {
      "/bin/sh", "-c",
      "echo wisp-boot 1 $(uname -s) $(uname -m); read w; read b; read n; echo wisp-ready; "
      "export LD_PRELOAD=\"$0\" FAKETIME=+3600s DONT_FAKE_MONOTONIC=1; exec \"$1\"",
      kFaketime, WISP_TEST_AGENT};
  HostSpec host;
  host.name = "node1";
  Connection connection(settings, host);
  std::vector<Event> events;
  connection.open(std::chrono::steady_clock::now());
  const auto step_until = [&](const std::function<bool()>& done) {
    while (!done() && !connection.closed()) {
      std::vector<pollfd> fds;
      connection.add_descriptors(fds);
      ::poll(fds.data(), fds.size(), 20);
      connection.step(std::chrono::steady_clock::now(), events);
    }
  };
  step_until([&] { return connection.stage() == Connection::Stage::kReady; });
  EXPECT_EQ(connection.failure().value_or(""), "");
  EXPECT_LT(std::chrono::abs(connection.info().clock_offset - std::chrono::hours(1)),
            std::chrono::seconds(1));
  connection.stop(std::chrono::milliseconds(0));
  step_until([] { return false; });
  EXPECT_TRUE(connection.verified());
}

TEST(Connection, endless_noise_is_given_up) {
  EXPECT_THAT(end_with("exec yes n | tr -d '\\n'"), HasSubstr("prints without end"));
}

TEST(Connection, what_ssh_prints_can_not_reach_the_terminal_raw) {
  const std::string text = end_with("printf '\\033[2Jred\\007\\n' >&2; exit 255");
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_THAT(text, HasSubstr("\\x1b[2Jred"));
}

}  // namespace
}  // namespace wisp::launcher
