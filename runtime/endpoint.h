#pragma once
// Endpoint: where a node listens, as text that we check ourselves: libzmq takes a port of 99999 in silence.
#include <cstdint>
#include <optional>
#include <string>

namespace wisp::runtime {

struct Endpoint {
  enum class Kind : std::uint8_t { kIpc, kTcp };
  static constexpr std::size_t kPathMax = 107;  // bytes, what a socket's path has room for

  Kind kind = Kind::kTcp;
  std::string path;                   // ipc: absolute, at most kPathMax bytes
  std::string host;                   // tcp: without brackets; not checked by parsing
  std::optional<std::uint16_t> port;  // tcp: from 1

  // "ipc:///path", "tcp://host" or "tcp://host:port", an IPv6 address in brackets where a port follows it.
  // Throws Error (kHost): "<purpose> <text>: <why it is none>".
  static Endpoint parse(const std::string& text, const std::string& purpose);
};

// Nothing, or why nobody can connect to it. Only addresses are taken, not names, but for localhost: libzmq
// would look a name up in its I/O thread, where all connections wait for the answer.
std::optional<std::string> why_not_connectable(const Endpoint& endpoint);

// As zmq takes it for connecting and binding.
std::string tcp_text(const std::string& host, std::uint16_t port);

// Whether an address, without brackets or port, is this machine's loopback. Names other than "localhost" are
// not.
bool is_loopback(const std::string& address);

}  // namespace wisp::runtime
