#include "launcher/forward.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <charconv>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "launcher/child.h"
#include "launcher/ssh.h"
#include "launcher/wire.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kReadSize = 64u << 10;
constexpr auto kReapTick = 5ms;
constexpr const char* kOtherPorts =
    "set network.ports to a range that is free on this machine and on all hosts";

// A client that only asks another one, and how it ended.
class Request {
 public:
  explicit Request(const std::vector<std::string>& argv) {
    Command command;
    command.argv = argv;
    command.group = Group::kSession;
    child_ = start_child(command);
    child_.in.reset();
  }
  ~Request() {
    if (child_.pid < 0) return;
    ::kill(child_.pid, SIGKILL);
    while (!reap(child_.pid)) ::poll(nullptr, 0, static_cast<int>(kReapTick / 1ms));
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // Whether it was granted; nothing if that took too long.
  std::optional<bool> granted(std::chrono::milliseconds deadline) {
    const auto end = Steady::now() + deadline;
    while (Steady::now() < end) {
      read();
      if (!child_.out && !child_.err) {
        if (const auto ended = reap(child_.pid)) {
          child_.pid = -1;
          return ended->status == 0 && ended->signal == 0;
        }
      }
      wait(end);
    }
    return std::nullopt;
  }
  const std::string& words() const { return words_; }

 private:
  void read() {
    for (Descriptor* each : {&child_.out, &child_.err}) {
      std::vector<std::byte> bytes;
      if (!*each) continue;
      if (read_some(each->get(), bytes, kReadSize) == ReadResult::kEnd) each->reset();
      words_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
  }
  void wait(Steady::time_point end) {
    std::vector<pollfd> fds;
    for (const Descriptor* each : {&child_.out, &child_.err}) {
      if (*each) fds.push_back({each->get(), POLLIN, 0});
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Steady::now());
    const auto longest = fds.empty() ? std::min<std::chrono::milliseconds>(left, kReapTick) : left;
    ::poll(fds.data(), fds.size(), static_cast<int>(std::max(longest, 0ms).count()));
  }

  Child child_;
  std::string words_;
};

[[noreturn]] void refuse(const HostSpec& host, const std::string& what, const std::string& remedy) {
  throw Error(fmt::format("{}: {}\n    {}", host.name, what, remedy), Fault::kHost);
}

bool is_free_here(std::uint16_t port) {
  const Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// "remote port forwarding failed for listen port 20001"
std::optional<std::uint16_t> refused_there(const std::string& words) {
  constexpr std::string_view kMark = "failed for listen port ";
  const std::size_t at = words.find(kMark);
  if (at == std::string::npos) return std::nullopt;
  std::uint16_t port = 0;
  const char* digits = words.data() + at + kMark.size();
  const auto read = std::from_chars(digits, words.data() + words.size(), port);
  return read.ec == std::errc() ? std::optional(port) : std::nullopt;
}

// ssh does not say why a port there was refused: if any other would do, this one is in use.
[[noreturn]] void explain(const SshSpec& ssh, const HostSpec& host, const std::filesystem::path& socket,
                          const std::string& words, std::chrono::milliseconds deadline) {
  const auto port = refused_there(words);
  if (!port) refuse(host, "ssh forwards no ports", last_words(words, "\n    "));
  const std::vector<Forward> any = {{Forward::Listens::kThere, 0}};
  Request request(ssh_forward_command(ssh, host, socket, any));
  if (request.granted(deadline).value_or(false)) {
    refuse(host, fmt::format("port {} of its 127.0.0.1 is in use", *port), kOtherPorts);
  }
  refuse(host, "its sshd forwards no ports",
         "network.tunnel needs `AllowTcpForwarding yes` in the sshd_config there; or open network.ports "
         "between the hosts, and leave network.tunnel out");
}

}  // namespace

void forward_ports(const SshSpec& ssh, const HostSpec& host, const std::filesystem::path& socket,
                   const std::vector<Forward>& forwards, std::chrono::milliseconds deadline) {
  if (forwards.empty()) return;
  for (const Forward& each : forwards) {
    if (each.listens == Forward::Listens::kHere && !is_free_here(each.port)) {
      refuse(host, fmt::format("port {} of 127.0.0.1 is in use on this machine", each.port), kOtherPorts);
    }
  }
  Request request(ssh_forward_command(ssh, host, socket, forwards));
  const auto granted = request.granted(deadline);
  if (!granted) {
    refuse(host, fmt::format("ssh forwarded no ports within {}", format_duration(deadline)),
           "timeouts.start can be raised");
  }
  if (!*granted) explain(ssh, host, socket, request.words(), deadline);
}

}  // namespace wisp::launcher
