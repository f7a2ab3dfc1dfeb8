#include "tests/support/loopback_sshd.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace wisp::test {
namespace {

constexpr const char* kSshd = "/usr/sbin/sshd";
constexpr int kPortTries = 50;

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
  ::chmod(path.c_str(), 0600);
}

// Reads the server's log until it listens; false if it ended instead.
bool listens(int log) {
  std::string text;
  char c = 0;
  while (::read(log, &c, 1) == 1) {
    text.push_back(c);
    if (text.find("Server listening on") != std::string::npos && c == '\n') return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> LoopbackSshd::why_not() {
  if (::access(kSshd, X_OK) != 0) return "there is no /usr/sbin/sshd (package openssh-server)";
  if (std::system("command -v ssh ssh-keygen >/dev/null 2>&1") != 0) return "there is no ssh client";
  return std::nullopt;
}

LoopbackSshd::LoopbackSshd(int hosts, const std::string& more) {
  if (::geteuid() == 0)
    ::mkdir("/run/sshd", 0755);  // sshd wants it of root, and starts without an init system here
  for (const char* each : {"client_key", "other_key"}) make_key(each);
  write_file(folder_.path() / "authorized_keys", public_key("client_key"));
  for (int i = 1; i <= hosts; ++i) {
    Server server;
    server.name = "n" + std::to_string(i);
    server.address = "127.0.0." + std::to_string(10 + i);
    make_key(server.name + "_host_key");
    start(server, more);
    servers_.push_back(server);
  }
  write_client_files();
}

LoopbackSshd::~LoopbackSshd() {
  for (const Server& server : servers_) {
    ::kill(server.pid, SIGTERM);
    ::waitpid(server.pid, nullptr, 0);
    ::close(server.log);
  }
}

void LoopbackSshd::make_key(const std::string& name) {
  const std::string command =
      "ssh-keygen -q -t ed25519 -N '' -C wisp-test -f '" + (folder_.path() / name).string() + "'";
  if (std::system(command.c_str()) != 0) throw std::runtime_error(command);
}

std::string LoopbackSshd::public_key(const std::string& name) const {
  std::ifstream file(folder_.path() / (name + ".pub"));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Below the ports that the kernel gives to clients, and different ones for tests that run at once.
void LoopbackSshd::start(Server& server, const std::string& more) {
  for (int i = 0; i < kPortTries; ++i) {
    server.port = static_cast<std::uint16_t>(20'000 + (::getpid() * 7 + i * 97) % 10'000);
    if (try_start(server, more)) return;
  }
  throw std::runtime_error("sshd does not start on " + server.address);
}

bool LoopbackSshd::try_start(Server& server, const std::string& more) {
  const std::filesystem::path base = folder_.path() / server.name;
  write_file(base.string() + ".conf", "ListenAddress " + server.address + "\nPort " +
                                          std::to_string(server.port) + "\nHostKey " + base.string() +
                                          "_host_key\nPidFile none" + "\nAuthorizedKeysFile " +
                                          (folder_.path() / "authorized_keys").string() +
                                          "\nUsePAM no\nStrictModes no\nPasswordAuthentication no\n"
                                          "KbdInteractiveAuthentication no\nPermitRootLogin yes\nUseDNS no\n"
                                          "MaxStartups 200\nMaxSessions 200\nLogLevel INFO\n" +
                                          more);
  const std::string config = base.string() + ".conf";
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  server.pid = ::fork();
  if (server.pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], STDERR_FILENO);
    ::execl(kSshd, kSshd, "-D", "-e", "-f", config.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  server.log = ends[0];
  if (listens(server.log)) return true;
  ::waitpid(server.pid, nullptr, 0);
  ::close(server.log);
  return false;
}

void LoopbackSshd::write_client_files() const {
  const std::string dir = folder_.path().string();
  const auto host = [&](const std::string& name, const Server& server, int port, const std::string& known,
                        const std::string& key) {
    return "Host " + name + "\n  HostName " + server.address + "\n  Port " + std::to_string(port) +
           "\n  UserKnownHostsFile " + dir + "/" + known + "\n  IdentityFile " + dir + "/" + key + "\n";
  };
  std::string config;
  std::string known;
  for (const Server& server : servers_) {
    config += host(server.name, server, server.port, "known_hosts", "client_key");
    known += "[" + server.address + "]:" + std::to_string(server.port) + " " +
             public_key(server.name + "_host_key");
  }
  const Server& first = servers_.front();
  config += host("nokey", first, first.port, "known_hosts", "other_key");
  config += host("wronghost", first, first.port, "wrong_hosts", "client_key");
  config += host("newhost", first, first.port, "no_hosts", "client_key");
  config += host("closed", first, 1, "known_hosts", "client_key");
  config += "Host *\n  IdentitiesOnly yes\n  IdentityAgent none\n  GlobalKnownHostsFile /dev/null\n";
  config += "  StrictHostKeyChecking yes\n  KexAlgorithms curve25519-sha256\n";
  write_file(folder_.path() / "ssh_config", config);
  write_file(folder_.path() / "known_hosts", known);
  write_file(folder_.path() / "no_hosts", "");
  write_file(folder_.path() / "wrong_hosts",
             "[" + first.address + "]:" + std::to_string(first.port) + " " + public_key("other_key"));
}

}  // namespace wisp::test
