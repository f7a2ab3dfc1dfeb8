#include "runtime/endpoint.h"

#include <arpa/inet.h>

#include <charconv>

#include "base/error.h"

namespace wisp::runtime {

namespace {

constexpr std::string_view kIpc = "ipc://";
constexpr std::string_view kTcp = "tcp://";

std::optional<in_addr> v4_of(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ? std::optional(address) : std::nullopt;
}

std::optional<in6_addr> v6_of(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1 ? std::optional(address) : std::nullopt;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && port > 0 ? std::optional(port) : std::nullopt;
}

// The host and, behind a colon, the port; false if there is a colon and no port behind it.
bool split(std::string_view text, Endpoint& endpoint) {
  std::size_t end = text.find(':');
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos) return false;
    endpoint.host = text.substr(1, end - 1);
    ++end;
    if (end == text.size()) return true;
    if (text[end] != ':') return false;
  } else if (end == std::string_view::npos || text.find(':', end + 1) != std::string_view::npos) {
    endpoint.host = text;  // no port: no colon, or those of an IPv6 address
    return true;
  } else {
    endpoint.host = text.substr(0, end);
  }
  endpoint.port = port_of(text.substr(end + 1));
  return endpoint.port.has_value();
}

}  // namespace

Endpoint Endpoint::parse(const std::string& text, const std::string& purpose) {
  const auto refuse = [&](const std::string& why) {
    return Error(purpose + " " + text + ": " + why, Fault::kHost);
  };
  Endpoint endpoint;
  if (text.starts_with(kIpc)) {
    endpoint.kind = Kind::kIpc;
    endpoint.path = text.substr(kIpc.size());
    if (!endpoint.path.starts_with('/')) throw refuse("the path of a socket begins with /");
    if (endpoint.path.find('\0') != std::string::npos) throw refuse("the path of a socket has no zero byte");
    if (endpoint.path.size() > kPathMax) {
      throw refuse("the path of a socket has room for " + std::to_string(kPathMax) + " bytes, this one has " +
                   std::to_string(endpoint.path.size()));
    }
  } else if (text.starts_with(kTcp)) {
    if (!split(std::string_view(text).substr(kTcp.size()), endpoint))
      throw refuse("a port is a number from 1 to 65535");
  } else {
    throw refuse("it is neither ipc:///path nor tcp://address:port");
  }
  return endpoint;
}

std::optional<std::string> why_not_connectable(const Endpoint& endpoint) {
  if (endpoint.kind == Endpoint::Kind::kIpc) return std::nullopt;
  if (!endpoint.port) return "it has no port";
  if (endpoint.host == "localhost") return std::nullopt;
  const auto v4 = v4_of(endpoint.host);
  const auto v6 = v6_of(endpoint.host);
  if (!v4 && !v6) return "it is not an IPv4 or IPv6 address";
  if ((v4 && v4->s_addr == INADDR_ANY) || (v6 && IN6_IS_ADDR_UNSPECIFIED(&*v6)))
    return "this address is for listening everywhere; nobody can connect to it";
  return std::nullopt;
}

std::string tcp_text(const std::string& host, std::uint16_t port) {
  // zmq_bind knows no names but those of interfaces.
  const std::string address = host == "localhost"                   ? "127.0.0.1"
                              : host.find(':') == std::string::npos ? host
                                                                    : "[" + host + "]";
  return std::string(kTcp) + address + ":" + std::to_string(port);
}

bool is_loopback(const std::string& address) {
  if (const auto v4 = v4_of(address)) return (ntohl(v4->s_addr) >> 24) == 127;
  if (const auto v6 = v6_of(address)) return IN6_IS_ADDR_LOOPBACK(&*v6);
  return address == "localhost";
}

}  // namespace wisp::runtime
