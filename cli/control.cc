#include "cli/control.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace wisp::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kRequestMax = 64u << 10;
constexpr std::size_t kAnswerMax = 1u << 20;
constexpr std::chrono::seconds kRequestPatience{5};
constexpr int kWaiting = 8;  // connections

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof(address.sun_path)) throw Error(text + ": too long for a socket");
  std::memcpy(address.sun_path, text.data(), text.size());
  return address;
}

Descriptor make_socket() {
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) throw Error(fmt::format("socket: {}", std::strerror(errno)));
  return fd;
}

bool is_of_this_user(int connection) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  return ::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

// What comes up to a newline, or to the end; nothing if that is too long or takes too long.
std::optional<std::string> read_line(int fd, std::size_t size_max, std::chrono::milliseconds limit) {
  const auto deadline = steady_clock::now() + limit;
  std::string text;
  while (text.size() < size_max) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
    pollfd source{fd, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&source, 1, static_cast<int>(left.count())) == 0) return std::nullopt;
    char block[4096];
    const ssize_t count = ::read(fd, block, sizeof(block));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return text;
    text.append(block, static_cast<std::size_t>(count));
    const std::size_t newline = text.find('\n');
    if (newline != std::string::npos) return text.substr(0, newline);
  }
  return std::nullopt;
}

}  // namespace

ControlSocket::ControlSocket(const std::filesystem::path& path, Handler handler)
    : path_(path), handler_(std::move(handler)), listener_(make_socket()) {
  const sockaddr_un address = address_of(path_);
  if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::chmod(path_.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(listener_.get(), kWaiting) != 0) {
    throw Error(fmt::format("{}: {}", path_.string(), std::strerror(errno)));
  }
  std::tie(wake_read_, wake_write_) = make_pipe();
  thread_ = std::thread([this] { serve(); });
}

ControlSocket::~ControlSocket() {
  wake_write_.reset();
  thread_.join();
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void ControlSocket::serve() {
  for (;;) {
    pollfd sources[2] = {{listener_.get(), POLLIN, 0}, {wake_read_.get(), POLLIN, 0}};
    if (::poll(sources, 2, -1) < 0) continue;
    if (sources[1].revents != 0) return;
    const Descriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection && is_of_this_user(connection.get())) answer(connection.get());
  }
}

void ControlSocket::answer(int connection) const {
  const auto request = read_line(connection, kRequestMax, kRequestPatience);
  if (!request) return;
  try {
    static_cast<void>(write_all(connection, handler_(*request) + "\n"));
  } catch (const Error&) {  // who asked has gone
  }
}

std::string ask_driver(const std::filesystem::path& path, const std::string& request,
                       std::chrono::milliseconds limit) {
  const Descriptor fd = make_socket();
  const sockaddr_un address = address_of(path);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    throw Error(fmt::format("the driver does not listen at {}: {}", path.string(), std::strerror(errno)),
                Fault::kUnreachable);
  }
  if (!is_of_this_user(fd.get()))
    throw Error(path.string() + ": another user listens there", Fault::kUnreachable);
  std::optional<std::string> answer;
  if (write_all(fd.get(), request + "\n")) answer = read_line(fd.get(), kAnswerMax, limit);
  if (!answer || answer->empty()) {
    throw Error(fmt::format("the driver has not answered within {}", format_duration(limit)),
                Fault::kUnreachable);
  }
  return *answer;
}

}  // namespace wisp::cli
