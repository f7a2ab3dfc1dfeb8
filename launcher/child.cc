#include "launcher/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <linux/close_range.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "launcher/wire.h"

namespace wisp::launcher {
namespace {

// Where a standard stream of this process is closed, a pipe may get its number; the child's dup2 would then
// destroy it.
void above_standard_streams(Descriptor& fd) {
  if (fd.get() > STDERR_FILENO) return;
  const int higher = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (higher < 0) throw Error(fmt::format("fcntl: {}", std::strerror(errno)));
  fd.reset(higher);
}

struct Pipe {
  Descriptor read;
  Descriptor write;
  Pipe() {
    std::tie(read, write) = make_pipe();
    above_standard_streams(read);
    above_standard_streams(write);
  }
};

// argv and environ as execve wants them. Built before fork: afterwards nothing may allocate.
class ExecArguments {
 public:
  explicit ExecArguments(const Command& command) : words_(command.argv) {
    for (char** each = environ; *each != nullptr; ++each) {
      const std::string_view entry(*each);
      const std::string name(entry.substr(0, entry.find('=')));
      if (!command.environment.contains(name)) variables_.emplace_back(entry);
    }
    for (const auto& [name, value] : command.environment) variables_.push_back(name + "=" + value);
    for (std::string& word : words_) argv_.push_back(word.data());
    for (std::string& variable : variables_) environment_.push_back(variable.data());
    argv_.push_back(nullptr);
    environment_.push_back(nullptr);
  }
  char** argv() { return argv_.data(); }
  char** environment() { return environment_.data(); }

 private:
  std::vector<std::string> words_;
  std::vector<std::string> variables_;
  std::vector<char*> argv_;
  std::vector<char*> environment_;
};

void default_signals() {
  for (const int each : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGUSR1, SIGUSR2}) {
    ::signal(each, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Between fork and exec: only what is safe in a copy of a process with threads.
[[noreturn]] void become(const Command& command, ExecArguments& arguments, pid_t parent, int in, int out,
                         int err, int failure) {
  if (command.group == Group::kSession) {
    ::setsid();
  } else {
    ::setpgid(0, 0);
  }
  bool ready =
      ::dup2(in, STDIN_FILENO) >= 0 && ::dup2(out, STDOUT_FILENO) >= 0 && ::dup2(err, STDERR_FILENO) >= 0;
  if (command.dies_with_parent) {
    ready = ready && ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
    if (::getppid() != parent) ::_exit(1);  // it died before prctl
  }
  if (command.memory_max > 0) {
    const rlimit limit{command.memory_max, command.memory_max};
    ready = ready && ::setrlimit(RLIMIT_DATA, &limit) == 0;
  }
  if (command.nice != 0) {
    const int mine = ::getpriority(PRIO_PROCESS, 0);
    ready = ready && ::setpriority(PRIO_PROCESS, 0, mine + command.nice) == 0;
  }
  if (!command.folder.empty()) ready = ready && ::chdir(command.folder.c_str()) == 0;
  ::close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);  // also what others opened without that flag
  if (ready) {
    default_signals();
    ::execvpe(arguments.argv()[0], arguments.argv(), arguments.environment());
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(failure, &error, sizeof(error));
  ::_exit(127);
}

// What the child says before exec; its silence means that the program runs.
int exec_error(int fd) {
  int error = 0;
  ssize_t count = 0;
  do {
    count = ::read(fd, &error, sizeof(error));
  } while (count < 0 && errno == EINTR);
  return count == sizeof(error) ? error : 0;
}

}  // namespace

Child start_child(const Command& command) {
  ExecArguments arguments(command);
  Pipe in;
  Pipe out;
  Pipe err;
  Pipe failure;
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0)
    throw StartError(fmt::format("cannot start {}: {}", command.argv[0], std::strerror(errno)), 126);
  if (pid == 0) {
    become(command, arguments, parent, in.read.get(), out.write.get(), err.write.get(), failure.write.get());
  }
  if (command.group == Group::kOwn)
    ::setpgid(pid, pid);  // both sides, so that it is true for both from here on
  failure.write.reset();
  if (const int error = exec_error(failure.read.get()); error != 0) {
    ::waitpid(pid, nullptr, 0);
    const std::string where = command.folder.empty() ? "" : fmt::format(" in {}", command.folder);
    throw StartError(fmt::format("cannot start {}{}: {}", command.argv[0], where, std::strerror(error)),
                     error == ENOENT ? 127 : 126);
  }
  set_nonblocking(in.write.get());
  set_nonblocking(out.read.get());
  set_nonblocking(err.read.get());
  return Child{pid, std::move(in.write), std::move(out.read), std::move(err.read)};
}

std::optional<Ended> reap(pid_t pid) {
  int status = 0;
  const pid_t found = ::waitpid(pid, &status, WNOHANG);
  if (found == 0) return std::nullopt;
  if (found < 0) return Ended{};  // somebody else took its status
  if (WIFSIGNALED(status)) return Ended{0, WTERMSIG(status)};
  return Ended{WEXITSTATUS(status), 0};
}

std::string describe(const Ended& ended) {
  if (ended.signal != 0) return fmt::format("signal {} ({})", ended.signal, ::strsignal(ended.signal));
  return fmt::format("exit status {}", ended.status);
}

}  // namespace wisp::launcher
