// The agent as its driver sees it: a program with two pipes.
#include "launcher/agent.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "launcher/child.h"
#include "launcher/log_copies.h"
#include "launcher/messages.h"
#include "launcher/wire.h"
#include "tests/launcher/fleet_events.h"
#include "tests/launcher/log_lines.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using message::Down;
using message::Up;

class AgentTest : public testing::Test {
 protected:
  AgentTest() {
    ::signal(SIGPIPE, SIG_IGN);
    Command command;
    command.argv = {WISP_TEST_AGENT};
    agent_ = start_child(command);
  }
  ~AgentTest() override {
    ::kill(agent_.pid, SIGKILL);
    ::waitpid(agent_.pid, nullptr, 0);
  }

  template <class Body>
  void send(Down kind, const Body& body) {
    queue_.push_frame(pack_message(kind, body));
    while (!queue_.empty()) ASSERT_TRUE(queue_.flush(agent_.in.get()));
  }

  void hello(std::chrono::milliseconds silence_max = 0ms) {
    send(Down::kHello, message::Hello{message::kProtocol, folder_.path().string(), silence_max});
    EXPECT_EQ(next<message::Greeting>(Up::kGreeting).pid, agent_.pid);
  }

  void start(const std::string& name, const std::string& script, const std::string& input = "") {
    message::Start what;
    what.process = name;
    what.program = "/bin/sh";
    what.arguments = {"-c", script};
    what.input = Bytes::copy(std::as_bytes(std::span(input)));
    send(Down::kStart, what);
  }

  // The next report of a kind; others are passed over.
  template <class Body>
  Body next(Up wanted) {
    for (;;) {
      const std::optional<Bytes> bytes = reader_.next();
      if (!bytes) {
        if (!read()) throw std::runtime_error("the agent ended");
        continue;
      }
      Unpacker unpacker(*bytes);
      Up kind{};
      unpack(unpacker, kind);
      if (kind == wanted) return unpack_body<Body>(unpacker);
    }
  }

  bool read() {
    pollfd fd{agent_.out.get(), POLLIN, 0};
    ::poll(&fd, 1, 30'000);
    std::vector<std::byte> bytes;
    const bool more = read_some(agent_.out.get(), bytes, 65536) == ReadResult::kData;
    reader_.feed(bytes);
    return more;
  }

  Ended wait_for_end() {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(agent_.pid), &info, WEXITED | WNOWAIT);
    return reap(agent_.pid).value();
  }

  test::TemporaryFolder folder_;
  Child agent_;
  SendQueue queue_;
  FrameReader reader_;
};

TEST_F(AgentTest, says_who_it_is_and_what_time_it_is) {
  send(Down::kHello, message::Hello{message::kProtocol, folder_.path().string(), 0ms});
  const auto greeting = next<message::Greeting>(Up::kGreeting);
  EXPECT_EQ(greeting.workdir, folder_.path());
  EXPECT_FALSE(greeting.hostname.empty());
  EXPECT_GE(greeting.cores, 1u);
  const auto before = std::chrono::system_clock::now().time_since_epoch();
  send(Down::kPing, message::Ping{std::chrono::microseconds(42)});
  const auto pong = next<message::Pong>(Up::kPong);
  EXPECT_EQ(pong.echo.count(), 42);
  EXPECT_GE(pong.time + 1ms, before);
}

TEST_F(AgentTest, says_which_limit_of_memory_ended_a_process) {
  hello();
  start("words", "echo 'FATAL ERROR: OUT OF MEMORY' >&2; kill -ABRT $$");
  EXPECT_THAT(next<message::Exited>(Up::kExited).memory, testing::MatchesRegex("the (host has|limit of) .*"));
  start("no-words", "kill -ABRT $$");
  EXPECT_EQ(next<message::Exited>(Up::kExited).memory, "");
  start("well", "echo 'out of memory' >&2");
  EXPECT_EQ(next<message::Exited>(Up::kExited).memory, "") << "it has ended well";
  start("killed", "kill -KILL $$");
  EXPECT_EQ(next<message::Exited>(Up::kExited).memory, "") << "the kernel has killed nothing";
  message::Start limited;
  limited.process = "limited";
  limited.program = "/bin/sh";
  limited.arguments = {"-c", "echo 'std::bad_alloc' >&2; ulimit -d; nice; exit 3"};
  limited.memory_max = 64u << 20;
  limited.nice = 7;
  send(Down::kStart, limited);
  std::vector<std::string> out;
  while (out.size() < 2) {
    const auto line = next<message::Line>(Up::kLine);
    if (line.level == "out") out.push_back(line.text);
  }
  const std::string nice = std::to_string(::getpriority(PRIO_PROCESS, 0) + 7);
  EXPECT_THAT(out, testing::ElementsAre("65536", nice));
  EXPECT_EQ(next<message::Exited>(Up::kExited).memory, "its own limit is 64MiB");
}

TEST_F(AgentTest, ends_with_its_stdin_and_ends_what_it_started) {
  hello();
  start("child", "sleep 1000 & echo $!; wait");
  const auto started = next<message::Started>(Up::kStarted);
  const std::int64_t grandchild = std::stoll(next<message::Line>(Up::kLine).text);
  agent_.in.reset();
  EXPECT_EQ(wait_for_end().status, 0);
  EXPECT_FALSE(test::alive(started.pid));
  EXPECT_FALSE(test::alive(grandchild));
}

TEST_F(AgentTest, ends_what_ignores_TERM_or_left_its_group) {
  hello();
  start("stubborn",
        "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1000; done'; echo no");
  const auto started = next<message::Started>(Up::kStarted);
  const std::int64_t daemon = std::stoll(next<message::Line>(Up::kLine).text);
  send(Down::kStop, message::Stop{50ms});
  EXPECT_TRUE(next<message::Stopped>(Up::kStopped).survivors.empty());
  EXPECT_EQ(wait_for_end().status, 0);
  EXPECT_FALSE(test::alive(started.pid));
  EXPECT_FALSE(test::alive(daemon));
}

TEST_F(AgentTest, a_shorter_grace_shortens_a_longer_one) {
  hello();
  start("stubborn", "trap '' TERM; echo ready; while :; do sleep 1; done");
  EXPECT_EQ(next<message::Line>(Up::kLine).text, "ready");
  send(Down::kStop, message::Stop{1h});
  send(Down::kStop, message::Stop{0ms});
  EXPECT_EQ(next<message::Exited>(Up::kExited).signal, SIGKILL);
  EXPECT_EQ(wait_for_end().status, 0);
}

TEST_F(AgentTest, what_a_process_leaves_in_its_group_ends_with_it) {
  hello();
  start("leaver", "sleep 1000 & echo $!; exit 5");
  const std::int64_t left = std::stoll(next<message::Line>(Up::kLine).text);
  EXPECT_EQ(next<message::Exited>(Up::kExited).status, 5);
  EXPECT_TRUE(test::ends_within(left, 10s));
}

TEST_F(AgentTest, its_children_see_its_death) {
  hello();
  start("child", "cat; echo gone > seen; exec sleep 1000");
  const auto started = next<message::Started>(Up::kStarted);
  ::kill(agent_.pid, SIGKILL);
  EXPECT_TRUE(test::ends_within(started.pid, 10s));
}

TEST_F(AgentTest, input_is_written_and_stdin_stays_open) {
  hello();
  const std::string input(300'000, 'x');
  start("reader", "head -c 300000 | wc -c; read rest; echo end", input);
  EXPECT_EQ(std::stoi(next<message::Line>(Up::kLine).text), 300'000);
  send(Down::kSignal, message::Signal{"reader", SIGTERM});
  EXPECT_EQ(next<message::Exited>(Up::kExited).signal, SIGTERM);  // it was still waiting for its stdin
}

TEST_F(AgentTest, nonsense_ends_it) {
  hello();
  ASSERT_TRUE(write_all(agent_.in.get(), std::string_view("\x05\0\0\0abcde", 9)));
  EXPECT_FALSE(next<message::Failed>(Up::kFailed).text.empty());
  EXPECT_EQ(wait_for_end().status, 0);
}

TEST_F(AgentTest, a_command_before_hello_ends_it) {
  send(Down::kStart, message::Start());
  EXPECT_FALSE(next<message::Failed>(Up::kFailed).text.empty());
  wait_for_end();
}

TEST_F(AgentTest, silence_ends_it) {
  hello(100ms);
  start("child", "echo ready; sleep 1000");
  const auto started = next<message::Started>(Up::kStarted);
  EXPECT_EQ(wait_for_end().status, 0);
  EXPECT_FALSE(test::alive(started.pid));
}

TEST_F(AgentTest, keeps_a_copy_of_the_lines_until_the_driver_has_them) {
  hello();
  send(Down::kKeepLogs, message::KeepLogs{"0123abcd", "n1", "text", 1 << 20, 5});
  start("talker", "echo hello");
  EXPECT_EQ(next<message::Line>(Up::kLine).text, "hello");
  next<message::Exited>(Up::kExited);
  const auto copy = folder_.path() / "logs/0123abcd/n1/talker/1.log";
  EXPECT_NE(SystemDisk().read_text(copy).find(" talker#1@n1 out | hello\n"), std::string::npos);
  send(Down::kStop, message::Stop{1s});
  next<message::Stopped>(Up::kStopped);
  EXPECT_TRUE(std::filesystem::exists(copy));
  send(Down::kForgetLogs, message::ForgetLogs{"0123abcd", "n1"});
  EXPECT_EQ(wait_for_end().status, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "logs"));
}

TEST_F(AgentTest, a_copy_that_its_driver_did_not_take_is_sent_to_the_next_one) {
  {
    LogCopies copies(folder_.path(), {"0123abcd", "n1", "text", 300, 5});
    for (int i = 0; i < 9; ++i) copies.append(test::line_of("a", "line " + std::to_string(i)));
  }
  hello();
  send(Down::kSendLogs, message::SendLogs{"0123abcd", "n1", {}});
  for (int i = 0; i < 9; ++i) {
    const auto line = next<message::Line>(Up::kLine);
    EXPECT_EQ(line.text, "line " + std::to_string(i));
    EXPECT_EQ(line.level, "info");
  }
  const auto sent = next<message::LogsSent>(Up::kLogsSent);
  EXPECT_EQ(sent.lines, 9u);
  EXPECT_EQ(sent.writer, 0);
  send(Down::kForgetLogs, message::ForgetLogs{"0123abcd", "n1"});
  agent_.in.reset();
  wait_for_end();
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "logs"));
}

TEST_F(AgentTest, lines_that_came_after_the_driver_had_gone_are_in_the_copy) {
  hello();
  send(Down::kKeepLogs, message::KeepLogs{"0123abcd", "n1", "text", 1 << 20, 5});
  start("talker", "trap 'echo last words; exit' TERM; echo ready; while :; do sleep 0.05; done");
  EXPECT_EQ(next<message::Line>(Up::kLine).text, "ready");
  agent_.in.reset();
  wait_for_end();
  EXPECT_NE(
      SystemDisk().read_text(folder_.path() / "logs/0123abcd/n1/talker/1.log").find("out | last words\n"),
      std::string::npos);
}

TEST_F(AgentTest, a_copy_that_can_not_be_written_is_told_and_the_lines_go_on) {
  SystemDisk().write_text(folder_.path() / "logs", "a file");
  hello();
  send(Down::kKeepLogs, message::KeepLogs{"0123abcd", "n1", "text", 1 << 20, 5});
  start("talker", "echo hello; echo world");
  const auto warning = next<message::Line>(Up::kLine);
  EXPECT_EQ(warning.level, "warn");
  EXPECT_NE(warning.text.find("this host keeps no copy of its logs: "), std::string::npos) << warning.text;
  EXPECT_EQ(next<message::Line>(Up::kLine).text, "hello");
  EXPECT_EQ(next<message::Line>(Up::kLine).text, "world");
}

TEST_F(AgentTest, a_line_of_a_node_bears_the_time_of_its_writing) {
  hello();
  start("node", "printf '\\036a\\tinfo\\t-\\t1772331187123456\\thello\\n' >&2");
  const auto line = next<message::Line>(Up::kLine);
  EXPECT_EQ(line.text, "hello");
  EXPECT_EQ(line.time.count(), 1772331187123456);
}

TEST_F(AgentTest, refuses_a_second_process_of_a_name) {
  hello();
  start("twin", "sleep 1000");
  next<message::Started>(Up::kStarted);
  start("twin", "sleep 1000");
  const auto refused = next<message::Exited>(Up::kExited);
  EXPECT_EQ(refused.pid, 0);
  EXPECT_NE(refused.error.find("running already"), std::string::npos);
}

TEST_F(AgentTest, a_flood_of_output_waits_for_the_driver_and_arrives_whole) {
  hello();
  start("flood", "i=0; while [ $i -lt 2000 ]; do printf '%04096d\\n' $i; i=$((i+1)); done");
  for (int i = 0; i < 2000; ++i) {
    const std::string text = next<message::Line>(Up::kLine).text;
    ASSERT_EQ(text.size(), 4096u);
    ASSERT_EQ(std::stoi(text), i);
  }
  EXPECT_EQ(next<message::Exited>(Up::kExited).status, 0);
}

}  // namespace
}  // namespace wisp::launcher
