#include "launcher/agent.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <thread>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "launcher/checkpoint_copies.h"
#include "launcher/child.h"
#include "launcher/data_store.h"
#include "launcher/folders.h"
#include "launcher/lines.h"
#include "launcher/log_copies.h"
#include "launcher/memory.h"
#include "launcher/messages.h"
#include "launcher/rsync.h"
#include "launcher/wire.h"
#include "launcher/working_folder.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using message::Down;
using message::Up;

constexpr auto kGraceWithoutDriver = 2s;
constexpr auto kKillPatience = 3s;             // a process that KILL does not end in this time never ends
constexpr std::size_t kBacklogMax = 4u << 20;  // bytes for the driver, above which processes have to wait
constexpr std::size_t kReadSize = 64u << 10;
constexpr std::size_t kDrainMax = 8u << 20;  // what is still read of a process that has ended
constexpr auto kLeavePatience = 1s;          // for the driver to take the last reports

struct Running {
  message::Start what;
  Child child;
  LineSplitter out;
  LineSplitter err;
  SendQueue input;
  LastDays known;
};

// Processes whose parent we are, also those that came to us when theirs ended.
std::vector<pid_t> children() {
  std::ifstream file(fmt::format("/proc/self/task/{}/children", ::getpid()));
  std::vector<pid_t> found;
  for (pid_t pid = 0; file >> pid;) found.push_back(pid);
  return found;
}

class Agent {
 public:
  Agent() {
    set_nonblocking(STDIN_FILENO);
    set_nonblocking(STDOUT_FILENO);
    ::signal(SIGPIPE, SIG_IGN);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // what a process leaves behind comes to us and ends with us
    sigset_t set;
    ::sigemptyset(&set);
    for (const int each : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, each);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_.reset(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!signals_) throw Error(fmt::format("signalfd: {}", std::strerror(errno)));
  }

  int run() {
    while (!finished()) {
      wait();
      read_signals();
      read_commands();
      exchange_with_processes();
      if (logs_) replay_logs();
      send_reports();
      check_deadlines();
    }
    return leave();
  }

 private:
  template <class Body>
  void report(Up kind, const Body& body) {
    if (driver_there_) reports_.push_frame(pack_message(kind, body));
  }

  void send_reports() {
    if (driver_there_ && !reports_.flush(STDOUT_FILENO)) driver_gone();
  }

  void driver_gone() {
    driver_there_ = false;
    reports_.clear();
    begin_stop(kGraceWithoutDriver);
  }

  void read_commands() {
    if (!driver_there_) return;
    std::vector<std::byte> bytes;
    const ReadResult result = read_some(STDIN_FILENO, bytes, 4 * kReadSize);
    if (result == ReadResult::kData) heard_ = Steady::now();
    try {
      commands_.feed(bytes);
      while (const std::optional<Bytes> next = commands_.next()) obey(*next);
    } catch (const Error& error) {  // nothing behind it can be trusted
      report(Up::kFailed, message::Failed{error.what()});
      begin_stop(kGraceWithoutDriver);
      return;
    }
    if (result == ReadResult::kEnd) driver_gone();
  }

  void obey(const Bytes& bytes) {
    Unpacker unpacker(bytes);
    Down kind{};
    unpack(unpacker, kind);
    if (!store_ && kind != Down::kHello) throw DecodeError("a command before Hello");
    switch (kind) {
      case Down::kHello:
        return greet(unpack_body<message::Hello>(unpacker));
      case Down::kAskFile:
        return report(Up::kFile, store_->find(unpack_body<message::AskFile>(unpacker)));
      case Down::kPutFile:
        if (const auto file = store_->put(unpack_body<message::PutFile>(unpacker))) report(Up::kFile, *file);
        return;
      case Down::kStart:
        return start(unpack_body<message::Start>(unpacker));
      case Down::kSignal:
        return signal(unpack_body<message::Signal>(unpacker));
      case Down::kStop:
        asked_ = true;
        return begin_stop(unpack_body<message::Stop>(unpacker).grace);
      case Down::kPing:
        return report(Up::kPong, message::Pong{unpack_body<message::Ping>(unpacker).time, wire_time()});
      case Down::kPlace:
        return place(unpack_body<message::Place>(unpacker));
      case Down::kKeepCheckpoint:
        return report(Up::kFile, keep_checkpoint(workdir_, unpack_body<message::KeepCheckpoint>(unpacker)));
      case Down::kRemoveAtEnd:
        to_remove_.emplace_back(unpack_body<message::RemoveAtEnd>(unpacker).path);
        return;
      case Down::kKeepLogs:
        return logs_->keep(unpack_body<message::KeepLogs>(unpacker));
      case Down::kSendLogs:
        return logs_->replay(unpack_body<message::SendLogs>(unpacker));
      case Down::kForgetLogs:
        return logs_->forget(unpack_body<message::ForgetLogs>(unpacker));
    }
    throw DecodeError(fmt::format("unknown command {}", static_cast<std::uint32_t>(kind)));
  }

  void greet(const message::Hello& hello) {
    if (hello.protocol != message::kProtocol) {
      throw Error(
          fmt::format("the driver speaks version {}, this agent {}", hello.protocol, message::kProtocol));
    }
    silence_max_ = hello.silence_max;
    workdir_ = expand_home(hello.workdir);
    store_.emplace(workdir_);
    logs_.emplace(workdir_);
    forget_old_checkpoints(workdir_, kKeptMax);
    char hostname[256] = "";
    ::gethostname(hostname, sizeof(hostname) - 1);
    const char* connection = std::getenv("SSH_CONNECTION");
    report(Up::kGreeting,
           message::Greeting{message::kProtocol, ::getpid(), hostname, std::thread::hardware_concurrency(),
                             connection == nullptr ? "" : connection, workdir_.string(), own_addresses(),
                             !find_program("rsync").empty()});
  }

  void place(const message::Place& wanted) {
    const message::File made = make_working_folder(workdir_, wanted);
    if (made.present) working_folders_.emplace_back(made.path);
    report(Up::kFile, made);
  }

  void replay_logs() {
    while (reports_.size() < kBacklogMax) {
      const auto next = logs_->next_replayed();
      if (!next) return;
      if (const auto* line = std::get_if<message::Line>(&*next)) report(Up::kLine, *line);
      if (const auto* sent = std::get_if<message::LogsSent>(&*next)) report(Up::kLogsSent, *sent);
    }
  }

  void start(const message::Start& what) {
    const auto refuse = [&](const std::string& why, int status) {
      report(Up::kExited, message::Exited{what.process, what.attempt, 0, status, 0, why, ""});
    };
    if (!is_name(what.process)) return refuse("impossible name", 126);
    if (stopping_) return refuse("the agent is stopping", 126);
    if (running_.contains(what.process)) return refuse("one of this name is running already", 126);
    Command command;
    command.argv.push_back(what.program.empty() ? self_executable().string() : what.program);
    command.argv.insert(command.argv.end(), what.arguments.begin(), what.arguments.end());
    command.environment = what.environment;
    command.folder = what.folder;
    command.memory_max = what.memory_max;
    command.nice = what.nice;
    command.dies_with_parent = true;
    try {
      LastDays known{memory_.kills(), "", what.memory_max};
      Running running{what, start_child(command), LineSplitter(), LineSplitter(), SendQueue(), known};
      running.input.push_raw(what.input);
      report(Up::kStarted, message::Started{what.process, what.attempt, running.child.pid});
      running_.emplace(what.process, std::move(running));
    } catch (const StartError& error) {
      refuse(error.what(), error.status);
    } catch (const Error& error) {  // no descriptors left
      refuse(error.what(), 126);
    }
  }

  void signal(const message::Signal& what) {
    for (auto& [name, running] : running_) {
      if (!what.process.empty() && what.process != name) continue;
      ::kill(-running.child.pid, what.signal);
      running.known.killed_by_us = running.known.killed_by_us || what.signal == SIGKILL;
    }
  }

  void signal_groups(int number) { signal(message::Signal{"", number}); }

  void report_line(Running& running, bool is_err, std::string_view text) {
    message::Line line{running.what.process, running.what.attempt,
                       running.what.process, is_err ? "err" : "out",
                       std::nullopt,         "",
                       wire_time()};
    if (is_err && text.starts_with(kNodeLineMark)) {
      if (const auto node = parse_node_line(text); node && is_name(node->actor)) {
        line.actor = node->actor;
        line.level = to_string(node->level);
        line.round = node->round;
        line.text = node->text;
        line.time = std::chrono::duration_cast<std::chrono::microseconds>(node->time.time_since_epoch());
        return pass_on(line);
      }
    }
    line.text = text;
    if (is_err) running.known.last_error = text;
    pass_on(line);
  }

  void pass_on(const message::Line& line) {
    const auto warning = logs_->add(line);
    if (warning) report(Up::kLine, *warning);
    report(Up::kLine, line);
  }

  // Reads one stream of a process, at most `size_max` bytes; closes it at its end.
  void read_output(Running& running, bool is_err, std::size_t size_max) {
    Descriptor& fd = is_err ? running.child.err : running.child.out;
    LineSplitter& lines = is_err ? running.err : running.out;
    const auto sink = [&](std::string_view text) { report_line(running, is_err, text); };
    std::size_t total = 0;
    while (fd && total < size_max) {
      std::vector<std::byte> bytes;
      const ReadResult result = read_some(fd.get(), bytes, kReadSize);
      lines.feed(bytes, sink);
      total += bytes.size();
      if (result == ReadResult::kNothing) return;
      if (result == ReadResult::kEnd) {
        lines.finish(sink);
        fd.reset();
      }
    }
  }

  void exchange_with_processes() {
    for (auto& [name, running] : running_) {
      if (running.child.in && !running.input.empty() && !running.input.flush(running.child.in.get())) {
        running.child.in.reset();
        running.input.clear();
      }
      if (reports_.size() >= kBacklogMax) continue;
      read_output(running, false, kReadSize);
      read_output(running, true, kReadSize);
    }
  }

  void bury(std::map<std::string, Running>::iterator at) {
    Running& running = at->second;
    const pid_t pid = running.child.pid;
    ::kill(-pid,
           SIGKILL);  // its group, while the unreaped leader still keeps the number from being used again
    const Ended ended = reap(pid).value_or(Ended{});
    for (const bool is_err : {false, true}) {
      read_output(running, is_err, kDrainMax);
      (is_err ? running.err : running.out).finish([&](std::string_view text) {
        report_line(running, is_err, text);
      });
    }
    report(Up::kExited, message::Exited{running.what.process, running.what.attempt, pid, ended.status,
                                        ended.signal, "", exhausted(memory_, running.known, ended)});
    running_.erase(at);
  }

  void reap_children() {
    for (;;) {
      siginfo_t info{};
      if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
      auto at = running_.begin();
      while (at != running_.end() && at->second.child.pid != info.si_pid) ++at;
      if (at != running_.end()) {
        bury(at);
      } else {
        reap(info.si_pid);
      }
    }
  }

  void wait() {
    std::vector<pollfd> fds{{signals_.get(), POLLIN, 0}};
    if (driver_there_) {
      fds.push_back({STDIN_FILENO, POLLIN, 0});
      fds.push_back({STDOUT_FILENO, static_cast<short>(reports_.empty() ? 0 : POLLOUT), 0});
    }
    for (const auto& [name, running] : running_) {
      const Child& child = running.child;
      if (child.in && !running.input.empty()) fds.push_back({child.in.get(), POLLOUT, 0});
      if (reports_.size() >= kBacklogMax) continue;
      if (child.out) fds.push_back({child.out.get(), POLLIN, 0});
      if (child.err) fds.push_back({child.err.get(), POLLIN, 0});
    }
    ::poll(fds.data(), fds.size(), timeout());
  }

  int timeout() const {
    auto until = Steady::time_point::max();
    if (stopping_) until = killed_ ? std::min(give_up_at_, Steady::now() + 20ms) : kill_at_;
    if (waits_for_driver()) until = std::min(until, heard_ + silence_max_);
    if (until == Steady::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
  }

  void read_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof(info)) == sizeof(info)) {
      if (info.ssi_signo != SIGCHLD) begin_stop(kGraceWithoutDriver);
    }
    reap_children();
  }

  void begin_stop(std::chrono::milliseconds grace) {
    const auto at = Steady::now() + std::clamp(grace, 0ms, std::chrono::milliseconds(24h));
    if (!stopping_) signal_groups(SIGTERM);
    kill_at_ = stopping_ ? std::min(kill_at_, at) : at;
    stopping_ = true;
  }

  // One that stops has a deadline already.
  bool waits_for_driver() const { return silence_max_ > 0ms && driver_there_ && !stopping_; }

  void check_deadlines() {
    const auto now = Steady::now();
    if (waits_for_driver() && now > heard_ + silence_max_) driver_gone();
    if (stopping_ && !killed_ && (now >= kill_at_ || running_.empty())) {
      killed_ = true;
      give_up_at_ = now + kKillPatience;
    }
    if (killed_) {
      signal_groups(SIGKILL);
      for (const pid_t pid : children()) ::kill(pid, SIGKILL);
    }
  }

  bool finished() const {
    return killed_ && (Steady::now() >= give_up_at_ || (running_.empty() && children().empty()));
  }

  // A driver that has not asked for this end may start another agent here, and go on with what there is.
  void remove_what_goes_with_the_job() {
    if (driver_there_ && !asked_) return;
    for (const std::filesystem::path& each : to_remove_) {
      std::error_code ignored;
      if (each.is_absolute()) std::filesystem::remove_all(each, ignored);
    }
  }

  int leave() {
    remove_what_goes_with_the_job();
    for (const std::filesystem::path& each : working_folders_) {
      std::error_code is_in_use;
      std::filesystem::remove(each, is_in_use);  // an empty one tells nobody anything, whatever cleanup says
    }
    message::Stopped stopped;
    for (const auto& [name, running] : running_) stopped.survivors.push_back(name);
    report(Up::kStopped, stopped);
    const auto deadline = Steady::now() + kLeavePatience;
    while (driver_there_ && (!reports_.empty() || (logs_ && logs_->kept())) && Steady::now() < deadline) {
      pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0},
                       {STDOUT_FILENO, static_cast<short>(reports_.empty() ? 0 : POLLOUT), 0}};
      ::poll(fds, 2, 100);
      send_reports();
      read_commands();
    }
    return running_.empty() ? 0 : 1;
  }

  const MemoryWatch memory_;
  Descriptor signals_;
  FrameReader commands_;
  SendQueue reports_;
  std::filesystem::path workdir_;
  std::optional<DataStore> store_;
  std::map<std::string, Running> running_;
  std::vector<std::filesystem::path> to_remove_;
  std::vector<std::filesystem::path> working_folders_;  // that were made
  std::optional<HostLogs> logs_;
  bool driver_there_ = true;
  Steady::time_point heard_ = Steady::now();
  std::chrono::milliseconds silence_max_{0};
  bool stopping_ = false;
  bool asked_ = false;  // by the driver
  Steady::time_point kill_at_;
  bool killed_ = false;
  Steady::time_point give_up_at_;
};

}  // namespace

int run_agent() {
  if (::isatty(STDIN_FILENO)) {
    std::fputs("an agent is started by launchers, not by people\n", stderr);
    return 2;
  }
  return Agent().run();
}

}  // namespace wisp::launcher
