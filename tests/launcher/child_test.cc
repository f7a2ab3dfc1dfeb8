#include "launcher/child.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "launcher/wire.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

std::string read_all(const Descriptor& fd) {
  std::vector<std::byte> bytes;
  pollfd wanted{fd.get(), POLLIN, 0};
  do {
    ::poll(&wanted, 1, -1);
  } while (read_some(fd.get(), bytes, 4096) != ReadResult::kEnd);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Ended wait_for_end(pid_t pid) {
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  return reap(pid).value();
}

Command shell(const std::string& script) {
  Command command;
  command.argv = {"sh", "-c", script};
  return command;
}

TEST(Child, has_its_streams_environment_and_folder) {
  const test::TemporaryFolder folder;
  Command command = shell("read line; echo \"$line $WISP_X $(pwd)\"; echo oops >&2; exit 3");
  command.environment["WISP_X"] = "a 'b' $(c)";
  command.folder = folder.path().string();
  const Child child = start_child(command);
  ASSERT_TRUE(write_all(child.in.get(), std::string_view("hello\n")));
  EXPECT_EQ(read_all(child.out), "hello a 'b' $(c) " + folder.path().string() + "\n");
  EXPECT_EQ(read_all(child.err), "oops\n");
  const Ended ended = wait_for_end(child.pid);
  EXPECT_EQ(ended.status, 3);
  EXPECT_EQ(describe(ended), "exit status 3");
}

TEST(Child, tells_a_signal_from_a_status) {
  const Child child = start_child(shell("kill -9 $$"));
  const Ended ended = wait_for_end(child.pid);
  EXPECT_EQ(ended.signal, SIGKILL);
  EXPECT_EQ(describe(ended), "signal 9 (Killed)");
}

TEST(Child, leads_its_own_group_or_session) {
  const Child group = start_child(shell("read line"));
  EXPECT_EQ(::getpgid(group.pid), group.pid);
  Command command = shell("read line");
  command.group = Group::kSession;
  const Child session = start_child(command);
  EXPECT_EQ(::getsid(session.pid), session.pid);
  for (const pid_t pid : {group.pid, session.pid}) {
    ::kill(pid, SIGKILL);
    wait_for_end(pid);
  }
}

TEST(Child, that_can_not_start_says_why) {
  const test::TemporaryFolder folder;
  const auto status_of = [](const Command& command) {
    try {
      start_child(command);
      return 0;
    } catch (const StartError& error) {
      EXPECT_NE(std::string(error.what()).find("cannot start"), std::string::npos);
      return error.status;
    }
  };
  Command command;
  command.argv = {"/no/such/program"};
  EXPECT_EQ(status_of(command), 127);
  command.argv = {folder.path().string()};
  EXPECT_EQ(status_of(command), 126);
  command = shell("true");
  command.folder = "/no/such/folder";
  EXPECT_EQ(status_of(command), 127);
}

TEST(Child, starts_with_default_signals) {
  ::signal(SIGPIPE, SIG_IGN);
  const Child child = start_child(shell("kill -PIPE $$; exit 0"));
  EXPECT_EQ(wait_for_end(child.pid).signal, SIGPIPE);
}

TEST(Child, inherits_no_other_descriptor) {
  const Child child = start_child(shell("ls /proc/self/fd | wc -l"));
  EXPECT_EQ(std::stoi(read_all(child.out)), 4);  // three, and the folder that ls reads
  wait_for_end(child.pid);
}

}  // namespace
}  // namespace wisp::launcher
