#include "launcher/reach.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"
#include "base/ip.h"

namespace wisp::launcher {
namespace {

constexpr int kBacklog = 512;
constexpr std::chrono::seconds kReachMax{3};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const std::string& address, std::uint16_t port) {
  const auto bytes = parse_ip(address);
  if (!bytes) throw Error(fmt::format("{} is no IPv4 or IPv6 address", address), Fault::kHost);
  SocketAddress made;
  if (bytes->size() == 4) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&made.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    std::memcpy(&v4->sin_addr, bytes->data(), bytes->size());
    made.size = sizeof *v4;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&made.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    std::memcpy(&v6->sin6_addr, bytes->data(), bytes->size());
    made.size = sizeof *v6;
  }
  return made;
}

Descriptor open_socket(const SocketAddress& address, int more) {
  return Descriptor(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | more, 0));
}

// 0: it is none.
std::uint16_t port_of(const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? port : std::uint16_t{0};
}

void print_line(const std::string& text) {
  std::puts(text.c_str());
  std::fflush(stdout);
}

int listen_until_the_end(const std::string& address, std::uint16_t first, std::uint16_t last) {
  try {
    const PortListener listener(address, first, last);
    print_line(std::to_string(listener.port()));
    char ignored[64];
    while (::read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
    }
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

}  // namespace

PortListener::PortListener(const std::string& address, std::uint16_t first, std::uint16_t last) {
  for (unsigned port = first; port <= last; ++port) {
    const SocketAddress at = to_socket_address(address, static_cast<std::uint16_t>(port));
    socket_ = open_socket(at, 0);
    if (::bind(socket_.get(), at.get(), at.size) == 0 && ::listen(socket_.get(), kBacklog) == 0) {
      port_ = static_cast<std::uint16_t>(port);
      return;
    }
    if (errno != EADDRINUSE && errno != EACCES)
      throw Error(fmt::format("cannot listen at {}: {}", address, std::strerror(errno)), Fault::kHost);
  }
  throw Error(fmt::format("every port of {}-{} on {} is taken", first, last, address), Fault::kHost);
}

std::string why_not_reached(const std::string& address, std::uint16_t port,
                            std::chrono::milliseconds deadline) {
  const SocketAddress to = to_socket_address(address, port);
  const Descriptor socket = open_socket(to, SOCK_NONBLOCK);
  if (!socket) return std::strerror(errno);
  if (::connect(socket.get(), to.get(), to.size) == 0) return "";
  if (errno != EINPROGRESS) return std::strerror(errno);
  pollfd fd{socket.get(), POLLOUT, 0};
  if (::poll(&fd, 1, static_cast<int>(deadline.count())) != 1) return "no answer";
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? "" : std::strerror(error);
}

int reach_main(const std::vector<std::string>& words) {
  const std::uint16_t port = words.size() > 2 ? port_of(words[2]) : std::uint16_t{0};
  const std::uint16_t last = words.size() == 4 ? port_of(words[3]) : std::uint16_t{0};
  if (port != 0 && last != 0 && words[0] == "listen") return listen_until_the_end(words[1], port, last);
  if (words.size() != 3 || port == 0 || words[0] != "connect" || !parse_ip(words[1])) {
    std::fputs("this is started by wisp doctor, not by people\n", stderr);
    return 2;
  }
  const std::string why = why_not_reached(words[1], port, kReachMax);
  print_line(why.empty() ? "reached" : why);
  return 0;
}

}  // namespace wisp::launcher
