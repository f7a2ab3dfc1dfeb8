#pragma once
// A driver in this process, and nodes that are processes of their own.
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/process.h"
#include "base/text.h"
#include "tests/runtime/nodes.h"
#include "tests/runtime/real_node.h"

namespace wisp::runtime::real {

using Time = std::chrono::steady_clock::time_point;
inline Time now() { return std::chrono::steady_clock::now(); }
inline double seconds_since(Time begin) { return std::chrono::duration<double>(now() - begin).count(); }

// tools/soak.sh sets WISP_SOAK: how often, with the limits that people have. Without it a short form.
inline std::optional<std::uint64_t> soak() {
  const char* text = std::getenv("WISP_SOAK");
  return text == nullptr ? std::nullopt : std::optional<std::uint64_t>(std::strtoull(text, nullptr, 10));
}
inline FailureLimits limits() {
  FailureLimits limits;
  if (soak()) return limits;
  limits.interval = std::chrono::milliseconds(50);
  limits.suspect = std::chrono::milliseconds(300);
  limits.dead = std::chrono::milliseconds(1000);
  return limits;
}
// By which a machine that is busy with other things may be late.
inline std::chrono::milliseconds lateness() { return std::chrono::milliseconds(soak() ? 500 : 5000); }

// A node's process. What it says is kept in a file. Killed at the end, if it has not ended by then.
class NodeProcess {
 public:
  NodeProcess(const NodeOrder& order, std::filesystem::path log) : log_(std::move(log)) {
    auto [input, to] = make_pipe();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                     0600);
    std::string program = WISP_TEST_NODE;
    char* arguments[] = {program.data(), nullptr};
    const int error = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw Error("cannot start " + program + ": " + std::strerror(error));
    to_ = std::move(to);
    const Bytes packed = pack(order);
    const auto size = static_cast<std::uint32_t>(packed.size());
    (void)write_all(to_.get(), std::as_bytes(std::span(&size, 1)));
    (void)write_all(to_.get(), packed.span());
    pidfd_ = watch_process(pid_);
  }
  ~NodeProcess() {
    if (status_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int signal) const { ::kill(pid_, signal); }
  // Waits for its end: its exit status, or minus the signal that killed it. None if that takes longer.
  std::optional<int> wait(std::chrono::milliseconds deadline) {
    if (status_) return status_;
    pollfd ended{pidfd_.get(), POLLIN, 0};
    if (::poll(&ended, 1, static_cast<int>(deadline.count())) != 1) return std::nullopt;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return status_;
  }
  std::string said() const {
    std::ostringstream text;
    text << std::ifstream(log_).rdbuf();
    return std::move(text).str();
  }

 private:
  const std::filesystem::path log_;
  pid_t pid_ = -1;
  Descriptor to_;
  Descriptor pidfd_;
  std::optional<int> status_;
};

// What the driver's heart has told, and when.
class Health {
 public:
  enum class What : std::uint8_t { kSuspect, kWell, kDead };
  void tell(What what, NodeId node) {
    std::lock_guard lock(mutex_);
    told_.push_back(Told{what, node, now()});
    changed_.notify_all();
  }
  // The first time that it is told of the node, waiting for it until then.
  std::optional<Time> first(What what, NodeId node, Time deadline) {
    std::unique_lock lock(mutex_);
    for (;;) {
      for (const Told& each : told_) {
        if (each.what == what && each.node == node) return each.at;
      }
      if (changed_.wait_until(lock, deadline) == std::cv_status::timeout) return std::nullopt;
    }
  }
  std::size_t count(What what) const {
    std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count(told_, what, &Told::what));
  }

 private:
  struct Told {
    What what;
    NodeId node;
    Time at;
  };
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Told> told_;
};

enum class Wire : std::uint8_t { kIpc, kTcp, kCurve };
inline std::string wire_name(const testing::TestParamInfo<Wire>& info) {
  return info.param == Wire::kIpc ? "Ipc" : info.param == Wire::kTcp ? "Tcp" : "Curve";
}

class Cluster {
 public:
  explicit Cluster(Wire wire, FailureLimits failure = limits()) : wire_(wire), failure_(failure) {
    register_all(registry_);
    ZmqOptions network;
    network.binds = {bind(0)};
    if (wire_ == Wire::kCurve) network.keys = keys(0);
    sockets_.emplace(network);
    address_ = sockets_->addresses().front();
    SystemOptions options;
    options.run = test::kRun;
    options.clock = &clock_;
    options.make_log = journal_.logs();
    options.failure = failure_;
    options.on_failure = [](const std::string& why) { ADD_FAILURE() << why; };
    options.on_suspect = [this](NodeId node, std::chrono::nanoseconds) {
      health_.tell(Health::What::kSuspect, node);
    };
    options.on_well = [this](NodeId node, std::chrono::nanoseconds) {
      health_.tell(Health::What::kWell, node);
    };
    options.on_dead = [this](NodeId node, const std::string&) { health_.tell(Health::What::kDead, node); };
    system_ = std::make_unique<System>(std::move(options), registry_, sockets_->data(), sockets_->control());
  }

  ~Cluster() {
    if (!testing::Test::HasFailure() && std::uncaught_exceptions() == 0) return;
    for (const auto& [node, process] : processes_) {
      const auto status = process->wait(std::chrono::milliseconds(0));
      std::printf("node %u: %s\n%s", node, status ? ("status " + std::to_string(*status)).c_str() : "alive",
                  process->said().c_str());
    }
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  System& system() { return *system_; }
  Health& health() { return health_; }
  const std::filesystem::path& folder() const { return folder_.path(); }
  NodeProcess& process(NodeId node) { return *processes_.at(node); }
  // Nodes that are started after the first call for it let it in, and so does the driver.
  const CurveKeys& keys(NodeId node) {
    const auto [at, is_new] = keys_.try_emplace(node);
    if (!is_new) return at->second;
    at->second = CurveKeys::make();
    public_keys_[node] = at->second.public_key;
    if (sockets_) sockets_->allow(node, at->second.public_key);
    return at->second;
  }

  NodeId start(const std::string& name, unsigned threads = 0,
               std::chrono::milliseconds delay = std::chrono::milliseconds(0)) {
    const NodeId node = system_->expect(name);
    launch(node, name, threads, delay);
    return node;
  }
  // The same, of whose key nobody that runs has heard before, over CURVE.
  NodeId start_late(const std::string& name, unsigned threads = 0) {
    const CurveKeys own = CurveKeys::make();
    const NodeId node = system_->expect(name, "", own.public_key);
    keys_[node] = own;
    public_keys_[node] = own.public_key;
    launch(node, name, threads, std::chrono::milliseconds(0));
    return node;
  }
  // The second half of start(), for a node that is expected.
  void launch(NodeId node, const std::string& name, unsigned threads, std::chrono::milliseconds delay) {
    NodeOrder order;
    order.parameters.name = name;
    order.parameters.run = test::kRun;
    order.parameters.network.self = node;
    order.parameters.network.binds = {bind(node)};
    if (wire_ == Wire::kCurve) {
      order.parameters.network.keys = keys(node);
      order.parameters.network.allowed = public_keys_;
    }
    order.parameters.driver = address_;
    order.parameters.threads = threads;
    order.parameters.failure = failure_;
    order.delay = delay;
    processes_[node] = std::make_unique<NodeProcess>(order, folder() / (std::to_string(node) + ".log"));
  }
  void wait_for(const std::vector<NodeId>& nodes) {
    system_->wait_for(nodes, test::kHang, [](const auto&) {});
  }
  // As an agent does when it has waited for the process.
  void report_end(NodeId node) {
    const auto status = process(node).wait(test::kHang);
    ASSERT_TRUE(status) << "node " << node << " has not ended";
    system_->lose(node, *status < 0 ? "killed by signal " + std::to_string(-*status)
                                    : "exit status " + std::to_string(*status));
  }
  // The driver leaves without a word.
  void end_driver() { system_.reset(); }

 private:
  std::string bind(NodeId node) const {
    if (wire_ != Wire::kIpc) return "tcp://" + test::own_loopback();
    return "ipc://" + (folder() / std::to_string(node)).string();
  }

  const Wire wire_;
  const FailureLimits failure_;
  const test::TempFolder folder_;
  const SystemClock clock_;
  Registry registry_;
  test::Journal journal_;
  Health health_;
  std::map<NodeId, CurveKeys> keys_;
  std::map<NodeId, std::string> public_keys_;
  std::optional<ZmqSockets> sockets_;
  Address address_;
  std::unique_ptr<System> system_;
  std::map<NodeId, std::unique_ptr<NodeProcess>> processes_;
};

}  // namespace wisp::runtime::real
