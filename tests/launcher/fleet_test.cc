// What concerns several hosts, the start, and its failures. What any single host does:
// tests/contract/launcher_test.cc.
#include "launcher/fleet.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "base/error.h"
#include "tests/launcher/fleet_events.h"
#include "tests/support/loopback_sshd.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using test::shell;
using testing::HasSubstr;

// Runs start_hosts() and returns what it says when it fails.
std::string failure_of(Fleet& fleet) {
  try {
    fleet.start_hosts();
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kHost);
    return error.what();
  }
}

std::string script(const test::TemporaryFolder& folder, const std::string& name, const std::string& text) {
  const std::filesystem::path path = folder.path() / name;
  SystemDisk().write_text(path, "#!/bin/sh\n" + text + "\n", 0700);
  return path.string();
}

TEST(LocalFleet, an_agent_that_can_not_start_is_named) {
  FleetOptions options;
  options.local_agent = {"/no/such/agent"};
  Fleet fleet(LauncherSpec(), options, [](const Event&) {});
  EXPECT_THAT(failure_of(fleet),
              HasSubstr("cannot start on local: cannot start /no/such/agent: No such file"));
}

TEST(LocalFleet, an_agent_that_crashes_is_quoted) {
  FleetOptions options;
  options.local_agent = {"/bin/sh", "-c", "echo 'libfoo.so: no such library' >&2; exit 9"};
  Fleet fleet(LauncherSpec(), options, [](const Event&) {});
  const std::string text = failure_of(fleet);
  EXPECT_THAT(text, HasSubstr("the agent ended (exit status 9)"));
  EXPECT_THAT(text, HasSubstr("libfoo.so: no such library"));
}

TEST(LocalFleet, an_agent_that_speaks_nonsense_is_refused) {
  FleetOptions options;
  options.local_agent = {"/bin/sh", "-c", "echo welcome to this machine; exec sleep 1000"};
  Fleet fleet(LauncherSpec(), options, [](const Event&) {});
  EXPECT_THAT(failure_of(fleet), HasSubstr("nonsense"));
}

TEST(LocalFleet, waiting_is_told_and_ends) {
  LauncherSpec spec;
  spec.timeouts.start = 1'500ms;
  FleetOptions options;
  options.local_agent = {"/bin/sleep", "1000"};
  std::vector<std::string> told;
  options.progress = [&](const std::string& text) { told.push_back(text); };
  options.progress_after = 100ms;
  Fleet fleet(spec, options, [](const Event&) {});
  EXPECT_THAT(failure_of(fleet), HasSubstr("timeout while agent started, no answer yet"));
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.front(), "waiting for local: agent started, no answer yet (0 s of 1 s)");
}

TEST(LocalFleet, an_unknown_host_is_an_error) {
  Fleet fleet(LauncherSpec(), test::test_options(), [](const Event&) {});
  EXPECT_THROW(fleet.start("elsewhere", shell("a", "true")), Error);
  EXPECT_THROW(fleet.start("local", shell("../a", "true")), Error);
}

TEST(LocalFleet, stopping_before_the_start_ends_the_start) {
  Fleet fleet(LauncherSpec(), test::test_options(), [](const Event&) {});
  fleet.stop(0ms);
  EXPECT_NE(failure_of(fleet), "");
}

// The driver in a process of its own, so that it can be killed.
TEST(LocalFleet, everything_ends_when_the_driver_is_killed) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t driver = ::fork();
  if (driver == 0) {
    test::FleetEvents events;
    Fleet fleet(LauncherSpec(), test::test_options(), events.handler());
    fleet.start_hosts();
    fleet.start("local", shell("child", "trap '' TERM; while :; do sleep 1; done"));
    const std::int64_t pids[2] = {fleet.host("local").agent_pid, events.started("child").pid};
    if (::write(ends[1], pids, sizeof(pids)) < 0) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  std::int64_t pids[2] = {0, 0};
  ASSERT_EQ(::read(ends[0], pids, sizeof(pids)), static_cast<ssize_t>(sizeof(pids)));
  ::close(ends[0]);
  ::close(ends[1]);
  ::kill(driver, SIGKILL);
  ::waitpid(driver, nullptr, 0);
  for (const std::int64_t pid : pids) EXPECT_TRUE(test::ends_within(pid, 15s));
}

class SshFleet : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = test::LoopbackSshd::why_not()) GTEST_SKIP() << *why;
  }

  void sshd(int hosts, const std::string& more = "") {
    sshd_ = std::make_unique<test::LoopbackSshd>(hosts, more);
  }

  LauncherSpec spec(const std::vector<std::string>& hosts) {
    LauncherSpec spec;
    spec.kind = "ssh";
    spec.ssh.config_file = sshd_->config().string();
    spec.deploy.workdir = (folder_.path() / "workdir").string();
    for (const std::string& each : hosts) spec.hosts.emplace_back().name = each;
    return spec;
  }

  std::string failure(const std::vector<std::string>& hosts) {
    Fleet fleet(spec(hosts), test::test_options(), events_.handler());
    return failure_of(fleet);
  }

  std::size_t bundles() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each :
         std::filesystem::directory_iterator(folder_.path() / "workdir" / "bundles")) {
      ++count;
    }
    return count;
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<test::LoopbackSshd> sshd_;
  test::FleetEvents events_;
};

TEST_F(SshFleet, starts_cold_on_two_hosts_at_once_and_warm_afterwards) {
  sshd(2);
  for (int i = 0; i < 2; ++i) {
    Fleet fleet(spec({"n1", "n2"}), test::test_options(), events_.handler());
    fleet.start_hosts();
    EXPECT_EQ(fleet.host("n1").address, "127.0.0.11");
    EXPECT_EQ(fleet.host("n2").address, "127.0.0.12");
    fleet.start("n2", shell("far", "echo \"$SSH_CONNECTION\"; readlink /proc/$PPID/exe"));
    events_.exited("far");
    fleet.stop(1s);
    EXPECT_EQ(bundles(), 1u);  // the two share a folder: one unpacked it, nothing half-made is left
  }
  bool from_bundle = false;
  for (const Line& line : events_.all<Line>()) {
    from_bundle = from_bundle || line.text.starts_with((folder_.path() / "workdir" / "bundles").string());
  }
  EXPECT_TRUE(from_bundle);
}

TEST_F(SshFleet, one_at_a_time_works_too) {
  sshd(2);
  LauncherSpec two = spec({"n1", "n2"});
  two.ssh.max_parallel = 1;
  Fleet fleet(two, test::test_options(), events_.handler());
  fleet.start_hosts();
  EXPECT_EQ(fleet.hosts().size(), 2u);
}

TEST_F(SshFleet, an_unknown_host_is_named) {
  sshd(1);
  const std::string text = failure({"nowhere.invalid"});
  EXPECT_THAT(text, HasSubstr("cannot start on nowhere.invalid: unknown host"));
  EXPECT_THAT(text, HasSubstr("Could not resolve hostname"));
  EXPECT_THAT(text, HasSubstr("hosts.nowhere.invalid.ssh.hostname"));
}

TEST_F(SshFleet, a_closed_port_is_named) {
  sshd(1);
  EXPECT_THAT(failure({"closed"}), HasSubstr("cannot start on closed: connection refused"));
}

TEST_F(SshFleet, a_refused_login_is_named) {
  sshd(1);
  const std::string text = failure({"nokey"});
  EXPECT_THAT(text, HasSubstr("cannot start on nokey: login refused"));
  EXPECT_THAT(text, HasSubstr("Permission denied (publickey)"));
  EXPECT_THAT(text, HasSubstr("ssh -o BatchMode=yes nokey true"));
}

TEST_F(SshFleet, host_keys_are_the_users_to_decide) {
  sshd(1);
  EXPECT_THAT(failure({"wronghost"}), HasSubstr("the host key has changed"));
  EXPECT_THAT(failure({"newhost"}), HasSubstr("unknown host key"));
}

TEST_F(SshFleet, all_that_fail_are_named_and_the_rest_is_stopped) {
  sshd(1);
  const std::string text = failure({"closed", "n1", "nokey"});
  EXPECT_THAT(text, HasSubstr("cannot start on 2 of 3 hosts"));
  EXPECT_THAT(text, HasSubstr("closed: connection refused"));
  EXPECT_THAT(text, HasSubstr("nokey: login refused"));
}

TEST_F(SshFleet, a_missing_ssh_program_is_named) {
  sshd(1);
  LauncherSpec one = spec({"n1"});
  one.ssh.program = {"no-such-ssh"};
  Fleet fleet(one, test::test_options(), events_.handler());
  EXPECT_THAT(failure_of(fleet), HasSubstr("cannot start no-such-ssh: No such file or directory"));
}

TEST_F(SshFleet, a_full_or_forbidden_workdir_is_named) {
  sshd(1);
  LauncherSpec one = spec({"n1"});
  SystemDisk().write_text(folder_.path() / "file", "");
  one.deploy.workdir = (folder_.path() / "file").string();
  Fleet fleet(one, test::test_options(), events_.handler());
  EXPECT_THAT(failure_of(fleet), HasSubstr("n1: cannot make the folder " + one.deploy.workdir + "/bundles"));
}

TEST_F(SshFleet, a_program_that_can_not_run_there_is_quoted) {
  sshd(1);
  FleetOptions options;
  options.program = script(folder_, "broken", "echo 'version GLIBC_2.99 not found' >&2; exit 1");
  Fleet fleet(spec({"n1"}), options, events_.handler());
  const std::string text = failure_of(fleet);
  EXPECT_THAT(text, HasSubstr("the agent ended (exit status 1)"));
  EXPECT_THAT(text, HasSubstr("GLIBC_2.99 not found"));
}

TEST_F(SshFleet, what_a_login_prints_does_not_disturb) {
  sshd(1, "ForceCommand echo Welcome; printf 'wisp-ready no newline'; eval \"$SSH_ORIGINAL_COMMAND\"\n");
  Fleet fleet(spec({"n1"}), test::test_options(), events_.handler());
  fleet.start_hosts();
  fleet.start("n1", shell("a", "echo hello"));
  EXPECT_EQ(events_.line("hello").host, "n1");
}

TEST_F(SshFleet, a_login_that_never_answers_is_given_up) {
  sshd(1, "ForceCommand sleep 1000\n");
  LauncherSpec one = spec({"n1"});
  one.timeouts.start = 2s;
  Fleet fleet(one, test::test_options(), events_.handler());
  EXPECT_THAT(failure_of(fleet), HasSubstr("n1: timeout while ssh connecting"));
}

TEST_F(SshFleet, a_killed_ssh_client_leaves_nothing_on_the_host) {
  sshd(2);
  LauncherSpec two = spec({"n1", "n2"});
  // The clients write down who they are, to be found by this test.
  two.ssh.program = {
      script(folder_, "ssh", "echo $$ >> " + (folder_.path() / "pids").string() + "\nexec ssh \"$@\"")};
  two.ssh.max_parallel = 1;  // in the order of the hosts
  Fleet fleet(two, test::test_options(), events_.handler());
  fleet.start_hosts();
  fleet.start("n1", shell("child", "trap '' TERM; while :; do sleep 1; done"));
  fleet.start("n2", shell("other", "sleep 1000"));
  const std::int64_t child = events_.started("child").pid;
  const std::int64_t other = events_.started("other").pid;
  const std::int64_t agent = fleet.host("n1").agent_pid;
  ::kill(std::stoi(SystemDisk().read_text(folder_.path() / "pids")), SIGKILL);
  const HostLost lost = events_.wait<HostLost>();
  EXPECT_EQ(lost.host, "n1");
  EXPECT_THAT(lost.cause, HasSubstr("the ssh connection ended (signal 9 (Killed))"));
  EXPECT_TRUE(test::ends_within(child, 15s));
  EXPECT_TRUE(test::ends_within(agent, 15s));
  EXPECT_TRUE(test::alive(other));
  EXPECT_THROW(fleet.stop(1s), Error);  // n1's end can't be asked for any more
  EXPECT_FALSE(test::alive(other));
  EXPECT_NO_THROW(fleet.stop(1s));
}

TEST_F(SshFleet, a_host_in_doubt_is_lost_unless_its_agent_answers) {
  sshd(2);
  Fleet fleet(spec({"n1", "n2"}), test::test_options(), events_.handler());
  fleet.start_hosts();
  fleet.doubt("n1", 20s);
  const auto end = std::chrono::steady_clock::now() + 15s;
  while (!fleet.is_ready("n1") && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_TRUE(fleet.is_ready("n1"));

  const auto agent = static_cast<pid_t>(fleet.host("n2").agent_pid);
  ::kill(agent, SIGSTOP);
  fleet.doubt("n2", 100ms);
  EXPECT_FALSE(fleet.is_ready("n2"));
  const HostLost lost = events_.wait<HostLost>();
  ::kill(agent, SIGCONT);
  EXPECT_EQ(lost.host, "n2");
  EXPECT_THAT(lost.cause, HasSubstr("n2: it does not answer any more"));
  EXPECT_TRUE(fleet.is_ready("n1"));
  EXPECT_FALSE(fleet.is_ready("n2"));
  EXPECT_TRUE(test::ends_within(agent, 15s));
}

}  // namespace
}  // namespace wisp::launcher
