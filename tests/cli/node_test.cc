// node_main() in a child process, as an agent starts it, with a driver in this one.
#include "cli/node.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/job.h"
#include "actors/worker.h"
#include "base/log.h"
#include "base/process.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

constexpr std::chrono::seconds kHang{30};

// Forks at once, so make it before anything that has threads. It ends when its stdin does.
class NodeProcess {
 public:
  NodeProcess() {
    auto [input, to] = make_pipe();
    auto [from, output] = make_pipe();
    pid_ = ::fork();
    if (pid_ == 0) {
      to.reset();
      from.reset();
      ::dup2(input.get(), STDIN_FILENO);
      ::dup2(output.get(), STDERR_FILENO);
      input.reset();
      ::_exit(node_main());
    }
    to_ = std::move(to);
    from_ = std::move(from);
  }
  ~NodeProcess() {
    if (pid_ > 0) (void)status();
  }
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;

  void write(const Bytes& input) { EXPECT_TRUE(write_all(to_.get(), input.span())); }
  void end_input() { to_.reset(); }
  // Its exit status, as soon as it has ended; -1 if something else ended it.
  int status() {
    int status = 0;
    std::array<char, 4096> buffer{};
    for (ssize_t got; (got = ::read(from_.get(), buffer.data(), buffer.size())) > 0;) {
      said_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    to_.reset();
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  const std::string& said() const { return said_; }

 private:
  pid_t pid_ = -1;
  Descriptor to_;
  Descriptor from_;
  std::string said_;
};

class NodeTest : public testing::Test {
 protected:
  std::string socket(int node) const {
    return "ipc://" + (scratch_.folder() / std::to_string(node)).string();
  }
  runtime::NodeParameters parameters() const {
    runtime::NodeParameters parameters;
    parameters.name = "worker-0";
    parameters.run = 77;
    parameters.network.self = 1;
    parameters.network.binds = {socket(1)};
    parameters.driver = runtime::Address(socket(0), "");
    parameters.fingerprint = "this job";
    return parameters;
  }
  // The driver of `fingerprint`, which expects worker-0 as node 1.
  void start_driver(const std::string& fingerprint) {
    runtime::ZmqOptions network;
    network.binds = {socket(0)};
    runtime::SystemOptions options;
    options.run = 77;
    options.fingerprint = fingerprint;
    options.clock = &clock_;
    options.make_log = [](const std::string&) { return std::make_unique<SilentLog>(); };
    options.on_failure = [](const std::string& why) { ADD_FAILURE() << why; };
    system_ = std::make_unique<runtime::System>(options, test::inventory().registry(),
                                                runtime::ZmqSockets(network).data());
    ASSERT_EQ(system_->expect("worker-0"), 1u);
  }

  const test::Scratch scratch_;
  const SystemClock clock_;
  NodeProcess node_;
  std::unique_ptr<runtime::System> system_;
};

TEST_F(NodeTest, joins_and_serves_until_it_is_told_to_stop) {
  start_driver("this job");
  node_.write(node_input(parameters()));
  system_->wait_for({1}, kHang, [](const auto&) {});
  (void)system_
      ->spawn<actors::Worker<double>>(runtime::Options("w").on("worker-0"), actors::WorkerParameters())
      .get(kHang);
  system_->stop(1);
  EXPECT_EQ(node_.status(), 0);
  EXPECT_EQ(node_.said(), "");
}

TEST_F(NodeTest, says_why_it_could_not_join) {
  start_driver("another job");
  node_.write(node_input(parameters()));
  EXPECT_EQ(node_.status(), 69);
  const auto said = parse_node_line(node_.said());
  ASSERT_TRUE(said);
  EXPECT_EQ(said->actor, "worker-0");
  EXPECT_EQ(said->level, Level::kError);
  EXPECT_THAT(said->text, HasSubstr("cannot join the driver at " + socket(0)));
  EXPECT_THAT(said->text, HasSubstr("another job"));
}

TEST_F(NodeTest, ends_with_its_agent) {
  node_.write(node_input(parameters()));  // to a driver that is not there
  node_.end_input();
  EXPECT_EQ(node_.status(), 71);
}

TEST_F(NodeTest, does_not_start_without_parameters) {
  node_.end_input();
  EXPECT_EQ(node_.status(), 78);
  const auto said = parse_node_line(node_.said());
  ASSERT_TRUE(said);
  EXPECT_EQ(said->actor, "node");
  EXPECT_EQ(said->text, "no parameters on stdin");
}

TEST_F(NodeTest, does_not_start_with_half_of_them) {
  const Bytes whole = node_input(parameters());
  node_.write(whole.slice(0, whole.size() - 1));
  node_.end_input();
  EXPECT_EQ(node_.status(), 78);
  EXPECT_THAT(node_.said(), HasSubstr("cut short"));
}

TEST_F(NodeTest, does_not_believe_in_a_size_beyond_reason) {
  node_.write(Bytes(std::vector<std::byte>(4, std::byte{0xff})));
  EXPECT_EQ(node_.status(), 78);
}

TEST(NodeInput, is_its_size_and_the_parameters) {
  runtime::NodeParameters parameters;
  parameters.name = "master";
  parameters.threads = 3;
  parameters.network.keys = runtime::CurveKeys();
  parameters.network.keys->secret_key = "secret";
  const Bytes input = node_input(parameters);
  std::uint32_t size = 0;
  std::memcpy(&size, input.data(), sizeof size);
  ASSERT_EQ(input.size(), 4 + size);
  const auto arrived = unpack<runtime::NodeParameters>(input.slice(4, size));
  EXPECT_EQ(arrived.name, "master");
  EXPECT_EQ(arrived.threads, 3u);
  EXPECT_EQ(arrived.network.keys->secret_key, "secret");
}

}  // namespace
}  // namespace wisp::cli
