#include "runtime/zmq_transport.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <charconv>
#include <mutex>
#include <utility>

#include <zmq.hpp>

#include "base/check.h"
#include "base/error.h"
#include "base/hash.h"
#include "runtime/zap.h"

namespace wisp::runtime {

namespace {

constexpr const char* kWakeEndpoint = "inproc://wake";
constexpr int kQueueMax = 65'536;       // frames queued at a peer's socket: a fuse, not a window
constexpr std::size_t kCopyMax = 4096;  // bytes up to which copying beats sharing
constexpr int kZapEnforceDomain = 93;   // ZMQ_ZAP_ENFORCE_DOMAIN: honoured by 4.3.4, absent from its header

void set_option(zmq::socket_t& socket, int option, int value) {
  if (zmq_setsockopt(socket.handle(), option, &value, sizeof value) != 0) throw zmq::error_t();
}

void set_common_options(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::ipv6, true);
  socket.set(zmq::sockopt::handshake_ivl, 3000);
  socket.set(zmq::sockopt::connect_timeout, 2000);
  socket.set(zmq::sockopt::tcp_maxrt, 10'000);
  socket.set(zmq::sockopt::reconnect_ivl, 20);
  socket.set(zmq::sockopt::reconnect_ivl_max, 2000);
}

void release_bytes(void*, void* hint) { delete static_cast<Bytes*>(hint); }

zmq::message_t to_message(const Bytes& frame) {
  if (frame.size() <= kCopyMax) return zmq::message_t(frame.data(), frame.size());
  auto* share = new Bytes(frame);  // given back by the I/O thread
  return zmq::message_t(const_cast<std::byte*>(share->data()), share->size(), release_bytes, share);
}

std::string bind_failure(const std::string& endpoint, const zmq::error_t& error) {
  return "cannot bind " + endpoint + ": " + error.what();
}

// "tcp://[::1]" -> "::1"
std::string host_of(const std::string& bind) {
  std::string host = bind.substr(std::string("tcp://").size());
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return host;
}

// As zmq_bind takes it, which knows no names but those of interfaces.
std::string bindable(const std::string& host) {
  if (host == "localhost") return "127.0.0.1";
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (inet_pton(AF_INET6, address.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return address == "localhost";
}

CurveKeys CurveKeys::make() {
  char public_key[41];
  char secret_key[41];
  const int made = zmq_curve_keypair(public_key, secret_key);
  WISP_CHECK(made == 0, "libzmq is built with CURVE");
  CurveKeys keys;
  keys.public_key = public_key;
  keys.secret_key = secret_key;
  return keys;
}

struct ZmqTransport::Sockets {
  explicit Sockets(ZmqOptions transport_options) : options(std::move(transport_options)) {}

  ~Sockets() { close(0); }

  // Not in the constructor: if it throws, close() must end the gate before the context goes.
  void open() {
    context.set(zmq::ctxopt::max_sockets, static_cast<int>(options.peers_max) + 16);
    if (options.keys) gate = std::make_unique<ZapGate>(context.handle(), options.allowed);
    pull = zmq::socket_t(context, zmq::socket_type::pull);
    set_common_options(pull);
    pull.set(zmq::sockopt::rcvhwm, kQueueMax);
    pull.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(options.message_max));
    pull.bind(kWakeEndpoint);
    waker = zmq::socket_t(context, zmq::socket_type::push);
    waker.set(zmq::sockopt::linger, 0);
    waker.connect(kWakeEndpoint);
    if (options.keys) serve_curve();
    for (const std::string& bind : options.binds) endpoints.push_back(bind_one(bind));
  }

  void close(int linger) {
    if (std::exchange(closed, true)) return;
    for (auto& [peer, push] : pushes) push.set(zmq::sockopt::linger, linger);
    pushes.clear();
    pull.close();
    {
      std::lock_guard lock(wake_mutex);
      waker.close();
    }
    context.shutdown();  // ends the gate's receive
    gate.reset();
    context.close();  // waits for what lingers
    for (const std::string& endpoint : endpoints) {
      if (endpoint.starts_with("ipc://")) ::unlink(endpoint.c_str() + 6);
    }
  }

  void serve_curve() {
    pull.set(zmq::sockopt::curve_server, true);
    pull.set(zmq::sockopt::curve_secretkey, options.keys->secret_key);
    pull.set(zmq::sockopt::zap_domain, std::string(ZapGate::kDomain));
    set_option(pull, kZapEnforceDomain, 1);
  }

  std::string bind_one(const std::string& bind) {
    if (!bind.starts_with("tcp://")) return bind_exactly(bind);
    const std::string host = host_of(bind);
    if (!options.keys && !options.plaintext_off_loopback && !is_loopback(host)) {
      throw Error("refusing to bind " + bind +
                      " in plaintext: it is not loopback; set network.security: curve, or "
                      "plaintext where everybody who reaches this address is trusted",
                  Fault::kConfig);
    }
    const unsigned count = static_cast<unsigned>(options.port_last - options.port_first) + 1;
    const auto first = static_cast<unsigned>(std::stoul(random_hex(6), nullptr, 16)) % count;
    for (unsigned i = 0; i < count; ++i) {
      const unsigned port = options.port_first + (first + i) % count;
      const std::string endpoint = "tcp://" + bindable(host) + ":" + std::to_string(port);
      try {
        pull.bind(endpoint);
        return endpoint;
      } catch (const zmq::error_t& error) {
        if (error.num() != EADDRINUSE) throw Error(bind_failure(endpoint, error), Fault::kHost);
      }
    }
    throw Error("every port of " + std::to_string(options.port_first) + "-" +
                    std::to_string(options.port_last) + " on " + host + " is taken; widen network.ports",
                Fault::kHost);
  }

  std::string bind_exactly(const std::string& endpoint) {
    try {
      pull.bind(endpoint);
    } catch (const zmq::error_t& error) {
      throw Error(bind_failure(endpoint, error), Fault::kHost);
    }
    return endpoint;
  }

  ZmqOptions options;
  zmq::context_t context{1};
  std::unique_ptr<ZapGate> gate;
  zmq::socket_t pull;
  std::mutex wake_mutex;
  zmq::socket_t waker;
  std::map<NodeId, zmq::socket_t> pushes;
  std::vector<std::string> endpoints;
  bool closed = false;
};

ZmqTransport::ZmqTransport(ZmqOptions options) : sockets_(std::make_unique<Sockets>(std::move(options))) {
  try {
    sockets_->open();
  } catch (const zmq::error_t& error) {
    throw Error(std::string("cannot set up the node's sockets: ") + error.what(), Fault::kHost);
  }
}
ZmqTransport::~ZmqTransport() = default;

Address ZmqTransport::address() const {
  const auto& keys = sockets_->options.keys;
  return Address(sockets_->endpoints.front(), keys ? keys->public_key : "");
}

const std::vector<std::string>& ZmqTransport::endpoints() const { return sockets_->endpoints; }

void ZmqTransport::allow(NodeId node, const std::string& public_key) {
  if (sockets_->gate) sockets_->gate->allow(node, public_key);
}

void ZmqTransport::connect(NodeId peer, const Address& address) {
  zmq::socket_t push(sockets_->context, zmq::socket_type::push);
  try {
    set_common_options(push);
    push.set(zmq::sockopt::sndhwm, kQueueMax);
    if (sockets_->options.keys) {
      push.set(zmq::sockopt::curve_serverkey, address.public_key);
      push.set(zmq::sockopt::curve_publickey, sockets_->options.keys->public_key);
      push.set(zmq::sockopt::curve_secretkey, sockets_->options.keys->secret_key);
    }
    push.connect(address.endpoint);
  } catch (const zmq::error_t& error) {
    throw Error(
        "cannot connect to node " + std::to_string(peer) + " at " + address.endpoint + ": " + error.what(),
        Fault::kHost);
  }
  sockets_->pushes.insert_or_assign(peer, std::move(push));
}

void ZmqTransport::disconnect(NodeId peer) { sockets_->pushes.erase(peer); }

SendResult ZmqTransport::send(NodeId peer, const Bytes& frame) {
  const auto found = sockets_->pushes.find(peer);
  if (found == sockets_->pushes.end()) return SendResult::kUnknown;
  zmq::message_t message = to_message(frame);
  for (;;) {
    try {
      return found->second.send(message, zmq::send_flags::dontwait) ? SendResult::kQueued : SendResult::kFull;
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw Error(std::string("cannot send to a node: ") + error.what());
    }
  }
}

namespace {

// Frames are single: the rest of a multipart message is drained, and all of it dropped.
bool drop_multipart(zmq::socket_t& pull, const zmq::message_t& first) {
  if (!first.more()) return false;
  zmq::message_t rest;
  while (pull.recv(rest, zmq::recv_flags::dontwait) && rest.more()) {
  }
  return true;
}

std::optional<NodeId> authenticated_sender(const zmq::message_t& message) {
  const char* user = zmq_msg_gets(message.handle(), "User-Id");
  if (user == nullptr) return std::nullopt;
  const std::string_view text(user);
  NodeId node = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), node);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return node;
}

}  // namespace

std::optional<Received> ZmqTransport::receive(std::optional<std::chrono::milliseconds> wait) {
  auto message = std::make_shared<zmq::message_t>();
  try {
    zmq::recv_result_t got = sockets_->pull.recv(*message, zmq::recv_flags::dontwait);
    if (!got && !(wait && wait->count() == 0)) {
      sockets_->pull.set(zmq::sockopt::rcvtimeo, wait ? static_cast<int>(wait->count()) : -1);
      got = sockets_->pull.recv(*message);
    }
    if (!got || drop_multipart(sockets_->pull, *message)) return std::nullopt;
  } catch (const zmq::error_t& error) {
    if (error.num() == EINTR) return std::nullopt;
    throw Error(std::string("cannot receive: ") + error.what());
  }
  if (message->size() == 0) return std::nullopt;  // wake()
  Received received;
  received.authenticated = authenticated_sender(*message);
  if (sockets_->options.keys && !received.authenticated) return std::nullopt;
  const std::span<const std::byte> view(static_cast<const std::byte*>(message->data()), message->size());
  received.frame = Bytes(std::move(message), view);
  return received;
}

void ZmqTransport::wake() {
  std::lock_guard lock(sockets_->wake_mutex);
  if (!sockets_->waker) return;
  zmq::message_t nothing;
  while (true) {
    try {
      sockets_->waker.send(nothing, zmq::send_flags::dontwait);  // full: a wake is on its way anyway
      return;
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw Error(std::string("cannot wake a node: ") + error.what());
    }
  }
}

void ZmqTransport::close(std::chrono::milliseconds linger) {
  sockets_->close(static_cast<int>(linger.count()));
}

}  // namespace wisp::runtime
