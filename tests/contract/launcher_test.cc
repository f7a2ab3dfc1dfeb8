// What every way to start hosts promises. A new one is one more line at the end.
#include <signal.h>

#include <gtest/gtest.h>

#include "base/disk.h"
#include "base/error.h"
#include "base/log.h"
#include "launcher/fleet.h"
#include "tests/launcher/fleet_events.h"
#include "tests/support/loopback_sshd.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using test::shell;

class LauncherContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    LauncherSpec spec;
    spec.kind = GetParam();
    spec.deploy.workdir = (folder_.path() / "workdir").string();
    if (spec.kind == "ssh") {
      if (const auto why = test::LoopbackSshd::why_not()) GTEST_SKIP() << *why;
      sshd_ = std::make_unique<test::LoopbackSshd>(1);
      spec.ssh.config_file = sshd_->config().string();
      spec.hosts.resize(1);
      spec.hosts[0].name = "n1";
    }
    if (spec.kind == "command") {
      spec.command = {"/usr/bin/env", "WISP_HOST={host}", "sh"};
      spec.hosts.resize(1);
      spec.hosts[0].name = "one";
      spec.hosts[0].address = "127.0.0.1";
    }
    fleet_ = std::make_unique<Fleet>(spec, test::test_options(), events_.handler());
    fleet_->start_hosts();
    host_ = fleet_->hosts().at(0).name;
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<test::LoopbackSshd> sshd_;
  test::FleetEvents events_;
  std::unique_ptr<Fleet> fleet_;
  std::string host_;
};

TEST_P(LauncherContract, knows_its_host) {
  const HostInfo& info = fleet_->host(host_);
  EXPECT_GT(info.agent_pid, 0);
  EXPECT_GE(info.cores, 1u);
  EXPECT_EQ(info.workdir, (folder_.path() / "workdir").string());
  EXPECT_LT(std::abs(info.clock_offset.count()), 60'000'000);
  EXPECT_EQ(info.local, GetParam() == "local");
  if (!info.local) {
    EXPECT_EQ(info.address, GetParam() == "ssh" ? "127.0.0.11" : "127.0.0.1");
    EXPECT_FALSE(info.driver_address.empty());
  }
}

TEST_P(LauncherContract, statuses_and_signals_come_back) {
  fleet_->start(host_, shell("seven", "exit 7"));
  fleet_->start(host_, shell("killed", "kill -9 $$"));
  Process missing;
  missing.name = "missing";
  missing.program = "no-such-program";
  fleet_->start(host_, missing);
  EXPECT_EQ(events_.exited("seven").status, 7);
  EXPECT_EQ(describe(events_.exited("seven")), "exit status 7");
  EXPECT_EQ(events_.exited("killed").signal, SIGKILL);
  EXPECT_EQ(describe(events_.exited("killed")), "killed by signal 9 (Killed)");
  const Exited refused = events_.exited("missing");
  EXPECT_EQ(refused.status, 127);
  EXPECT_EQ(describe(refused), "cannot start no-such-program: No such file or directory");
}

TEST_P(LauncherContract, lines_come_back_in_order_before_the_exit) {
  Process process = shell("talker", "echo one; echo two; printf 'three without newline'; echo bad >&2");
  process.attempt = 4;
  fleet_->start(host_, process);
  EXPECT_EQ(events_.exited("talker").attempt, 4u);
  std::vector<std::string> out;
  for (const Line& line : events_.all<Line>()) {
    EXPECT_EQ(line.host, host_);
    EXPECT_EQ(line.actor, "talker");
    EXPECT_EQ(line.attempt, 4u);
    EXPECT_FALSE(line.round);
    if (line.level == "out") out.push_back(line.text);
  }
  EXPECT_EQ(out, (std::vector<std::string>{"one", "two", "three without newline"}));
  EXPECT_EQ(events_.line("bad").level, "err");
}

TEST_P(LauncherContract, structured_lines_are_told_from_raw_ones) {
  const std::string structured = format_node_line(NodeLine{"guest-3", Level::kWarn, 1840, "far from home"});
  Process process = shell("node", "cat >&2 & sleep 1000");
  process.program = "/bin/sh";
  process.arguments = {"-c", "head -c \"$1\" >&2; echo raw >&2; printf '\\036garbage\\n' >&2", "sh",
                       std::to_string(structured.size())};
  process.input = Bytes::copy(std::as_bytes(std::span(structured)));
  fleet_->start(host_, process);
  events_.exited("node");
  const Line line = events_.line("far from home");
  EXPECT_EQ(line.process, "node");
  EXPECT_EQ(line.actor, "guest-3");
  EXPECT_EQ(line.level, "warn");
  EXPECT_EQ(line.round, 1840u);
  EXPECT_EQ(events_.line("raw").actor, "node");
  EXPECT_EQ(events_.line("\x1egarbage").level, "err");
}

TEST_P(LauncherContract, long_lines_come_in_pieces) {
  fleet_->start(host_, shell("long", "printf '%020000d\\n' 7"));
  events_.exited("long");
  std::vector<std::size_t> sizes;
  for (const Line& line : events_.all<Line>()) sizes.push_back(line.text.size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{8192, 8192, 20000 - 2 * 8192}));
}

TEST_P(LauncherContract, environment_and_arguments_arrive_as_they_are) {
  Process process = shell("env", "printf '%s\\n' \"$WISP_A\" \"$1\"");
  process.environment["WISP_A"] = "$(touch x); 'q' \"d\" \\";
  process.arguments.insert(process.arguments.end(), {"sh", "`touch y` * ?"});
  process.folder = folder_.path().string();
  fleet_->start(host_, process);
  EXPECT_EQ(events_.line("$(touch x); 'q' \"d\" \\").level, "out");
  EXPECT_EQ(events_.line("`touch y` * ?").level, "out");
  events_.exited("env");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "x"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "y"));
}

TEST_P(LauncherContract, a_signal_reaches_one_or_all) {
  for (const char* name : {"a", "b", "c"}) fleet_->start(host_, shell(name, "sleep 1000"));
  for (const char* name : {"a", "b", "c"}) events_.started(name);
  fleet_->signal(host_, "b", SIGUSR1);
  EXPECT_EQ(events_.exited("b").signal, SIGUSR1);
  EXPECT_EQ(events_.all<Exited>().size(), 1u);
  fleet_->signal_all(SIGTERM);
  EXPECT_EQ(events_.exited("a").signal, SIGTERM);
  EXPECT_EQ(events_.exited("c").signal, SIGTERM);
}

TEST_P(LauncherContract, content_is_sent_once) {
  std::string text(3'000'000, 'x');
  for (std::size_t i = 0; i < text.size(); i += 1000) text[i] = static_cast<char>('a' + i / 1000 % 26);
  const Bytes content = Bytes::copy(std::as_bytes(std::span(text)));
  const std::string path = fleet_->put_bytes(host_, content);
  EXPECT_EQ(SystemDisk().read_text(path), text);
  const auto written = std::filesystem::last_write_time(path);
  EXPECT_EQ(fleet_->put_bytes(host_, content), path);
  EXPECT_EQ(std::filesystem::last_write_time(path), written);
  EXPECT_EQ(SystemDisk().read_text(fleet_->put_bytes(host_, Bytes())), "");
}

TEST_P(LauncherContract, a_file_is_sent_unless_it_is_here) {
  const std::filesystem::path file = folder_.path() / "rows";
  SystemDisk().write_text(file, "1 2:3\n");
  const std::string path = fleet_->put_file(host_, file);
  EXPECT_EQ(SystemDisk().read_text(path), "1 2:3\n");
  EXPECT_EQ(path == file, GetParam() == "local");
  EXPECT_THROW(fleet_->put_file(host_, folder_.path() / "missing"), Error);
}

TEST_P(LauncherContract, a_folder_that_can_not_be_written_is_named) {
  SystemDisk().make_folders(folder_.path() / "workdir");
  SystemDisk().write_text(folder_.path() / "workdir" / "data", "a file where the folder should be");
  try {
    fleet_->put_bytes(host_, Bytes::copy(std::as_bytes(std::span("x"))));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kHost);
    EXPECT_NE(std::string(error.what()).find("workdir/data"), std::string::npos) << error.what();
  }
}

TEST_P(LauncherContract, stop_ends_all_even_what_ignores_it) {
  fleet_->start(host_, shell("stubborn", "trap '' TERM; echo ready; while :; do sleep 1; done"));
  fleet_->start(host_, shell("polite", "echo ready too; exec sleep 1000"));
  events_.line("ready");
  events_.line("ready too");
  const std::int64_t agent = fleet_->host(host_).agent_pid;
  fleet_->stop(300ms);
  EXPECT_EQ(events_.exited("stubborn").signal, SIGKILL);
  EXPECT_EQ(events_.exited("polite").signal, SIGTERM);
  EXPECT_FALSE(test::alive(agent));
  EXPECT_TRUE(events_.all<HostLost>().empty());
  fleet_->stop(0ms);  // nothing left to do
  fleet_->start(host_, shell("late", "true"));
  EXPECT_EQ(events_.exited("late").pid, 0);
}

TEST_P(LauncherContract, the_end_of_an_agent_is_reported) {
  fleet_->start(host_, shell("child", "sleep 1000"));
  const Started started = events_.started("child");
  ::kill(static_cast<pid_t>(fleet_->host(host_).agent_pid), SIGKILL);
  const HostLost lost = events_.wait<HostLost>();
  EXPECT_EQ(lost.host, host_);
  EXPECT_NE(lost.cause.find(host_), std::string::npos);
  EXPECT_TRUE(test::ends_within(started.pid, 15s));
  EXPECT_THROW(fleet_->put_bytes(host_, Bytes()), Error);
}

TEST_P(LauncherContract, the_destructor_leaves_nothing) {
  fleet_->start(host_, shell("child", "sleep 1000"));
  const Started started = events_.started("child");
  fleet_.reset();
  EXPECT_FALSE(test::alive(started.pid));
}

INSTANTIATE_TEST_SUITE_P(Launchers, LauncherContract, testing::Values("local", "ssh", "command"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace wisp::launcher
