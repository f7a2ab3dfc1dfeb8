#pragma once
// Sockets that are no node's, for tests of what they can't do.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <zmq.hpp>

#include "base/error.h"
#include "base/process.h"
#include "runtime/zmq_transport.h"

namespace wisp::runtime::test {

inline std::uint16_t port_of(const std::string& endpoint) {
  return static_cast<std::uint16_t>(std::stoul(endpoint.substr(endpoint.rfind(':') + 1)));
}

// A socket that is no node's, and sees what becomes of its connection.
class Outsider {
 public:
  Outsider() : push_(context_, zmq::socket_type::push), events_(context_, zmq::socket_type::pair) {
    push_.set(zmq::sockopt::linger, 0);
    zmq_socket_monitor(push_.handle(), "inproc://events",
                       ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                           ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    events_.set(zmq::sockopt::rcvtimeo, 30'000);
    events_.connect("inproc://events");
  }
  ~Outsider() { zmq_socket_monitor(push_.handle(), nullptr, 0); }
  Outsider(const Outsider&) = delete;
  Outsider& operator=(const Outsider&) = delete;

  void use(const CurveKeys& keys, const std::string& server_key) {
    push_.set(zmq::sockopt::curve_serverkey, server_key);
    push_.set(zmq::sockopt::curve_publickey, keys.public_key);
    push_.set(zmq::sockopt::curve_secretkey, keys.secret_key);
  }
  void connect(const std::string& endpoint) { push_.connect(endpoint); }
  void send(std::string_view text, bool more = false) {
    const auto more_flag = more ? zmq::send_flags::sndmore : zmq::send_flags::none;
    ASSERT_TRUE(push_.send(zmq::buffer(text), more_flag | zmq::send_flags::dontwait));
  }
  // Until the other side has refused the handshake or closed the connection.
  void wait_for_refusal() {
    zmq::message_t event;
    ASSERT_TRUE(events_.recv(event));
    zmq::message_t endpoint;
    ASSERT_TRUE(events_.recv(endpoint));
  }

 private:
  zmq::context_t context_;
  zmq::socket_t push_;
  zmq::socket_t events_;
};

// A connection that speaks what it likes.
class TcpConnection {
 public:
  explicit TcpConnection(std::uint16_t port, const std::string& host = "127.0.0.1")
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw Error("cannot connect to port " + std::to_string(port) + " of " + host);
  }
  // As much of it as the other side takes.
  void send(std::string_view bytes) {
    [[maybe_unused]] const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  // Again and again, until the other side has closed or `size_max` bytes are on their way. How many are.
  std::size_t flood(std::string_view bytes, std::size_t size_max) {
    std::size_t total = 0;
    while (total < size_max) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      total += static_cast<std::size_t>(sent);
    }
    return total;
  }
  // Sends no more, and waits until the other side has closed.
  void finish() {
    ::shutdown(socket_.get(), SHUT_WR);
    wait_for_end();
  }
  void wait_for_end() {
    char ignored[1024];
    while (::recv(socket_.get(), ignored, sizeof ignored, 0) > 0) {
    }
  }

 private:
  Descriptor socket_;
};

}  // namespace wisp::runtime::test
