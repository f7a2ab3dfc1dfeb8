#include "launcher/rsync.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "launcher/child.h"
#include "launcher/ssh.h"
#include "launcher/wire.h"

namespace wisp::launcher {
namespace {

constexpr int kTick = 100;  // ms
constexpr std::size_t kWordsMax = 4096;

// As rsync takes words of the remote shell apart: quotes keep blanks, a quote is doubled.
std::string in_quotes(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? "''" : std::string(1, c);
  return text + "'";
}

// The ssh client with its options: the host and the command are rsync's to add.
std::string remote_shell(const SshSpec& ssh, const HostSpec& host) {
  std::vector<std::string> argv = ssh_command(ssh, host, "");
  argv.resize(argv.size() - 2);
  for (std::string& word : argv) word = in_quotes(word);
  return join(argv, " ");
}

std::string place_of(const HostSpec& host) {
  const std::string& name = host.ssh.hostname.empty() ? host.name : host.ssh.hostname;
  return name.find(':') == std::string::npos ? name : "[" + name + "]";
}

// Ended with this object, whatever happens.
struct Client {
  explicit Client(const std::vector<std::string>& argv) {
    Command command;
    command.argv = argv;
    command.group = Group::kSession;
    child = start_child(command);
    child.in.reset();
  }
  ~Client() {
    if (child.pid < 0) return;
    ::kill(-child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
  }
  Child child;
};

void read(Descriptor& from, std::string* into) {
  std::vector<std::byte> bytes;
  if (from && read_some(from.get(), bytes, kWordsMax) == ReadResult::kEnd) from.reset();
  if (into == nullptr) return;
  into->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (into->size() > kWordsMax) into->erase(0, into->size() - kWordsMax);
}

}  // namespace

std::filesystem::path find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (const std::string& folder : split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
    const std::filesystem::path program = std::filesystem::path(folder) / name;
    if (!folder.empty() && ::access(program.c_str(), X_OK) == 0) return program;
  }
  return {};
}

std::vector<std::string> rsync_command(const LauncherSpec& spec, const HostSpec& host,
                                       const std::vector<std::string>& sources, const std::string& target) {
  const auto patience = std::chrono::ceil<std::chrono::seconds>(spec.timeouts.start).count();
  std::vector<std::string> argv = {"rsync",      "--recursive",        "--copy-links",
                                   "--perms",    "--chmod=D0700,Fgo=", "--checksum",
                                   "--compress", "--protect-args"};
  argv.push_back(fmt::format("--timeout={}", patience));
  argv.insert(argv.end(), {"--rsh", remote_shell(spec.ssh, host), "--"});
  for (const std::string& each : sources)
    argv.push_back(std::filesystem::path(each + "/.").lexically_normal().parent_path().string());
  argv.push_back(place_of(host) + ":" + target + "/");
  return argv;
}

void run_rsync(const std::string& host, const std::vector<std::string>& command,
               const std::function<void()>& check) {
  Client client(command);
  Child& child = client.child;
  std::string words;
  while (child.out || child.err) {
    pollfd fds[2] = {{child.out.get(), POLLIN, 0}, {child.err.get(), POLLIN, 0}};
    ::poll(fds, 2, kTick);
    read(child.out, nullptr);
    read(child.err, &words);
    check();
  }
  int status = 0;
  ::waitpid(std::exchange(child.pid, -1), &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  const Ended ended{WIFEXITED(status) ? WEXITSTATUS(status) : 0, WIFSIGNALED(status) ? WTERMSIG(status) : 0};
  throw Error(fmt::format("{}: rsync failed ({})\n    {}\n    deploy.kind: tar does without it", host,
                          describe(ended), last_words(words, "\n    ")),
              Fault::kHost);
}

}  // namespace wisp::launcher
