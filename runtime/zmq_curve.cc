#include "runtime/zmq_curve.h"

#include <algorithm>
#include <cstring>

#include <zmq.hpp>

#include "base/check.h"
#include "base/error.h"
#include "base/hash.h"
#include "runtime/zap.h"

namespace wisp::runtime {

namespace {

constexpr int kZapEnforceDomain = 93;  // ZMQ_ZAP_ENFORCE_DOMAIN: honoured by 4.3.4, absent from its header
constexpr int kOutcomes = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                          ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;

// What became of the first connection whose events the socket tells, or nothing within `deadline`.
int outcome(zmq::socket_t& events, std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    events.set(zmq::sockopt::rcvtimeo, std::max(0, static_cast<int>(left.count())));
    try {
      zmq::message_t event;
      if (!events.recv(event)) return 0;
      std::uint16_t kind = 0;
      WISP_CHECK(event.size() >= sizeof kind, "an event of libzmq begins with its kind");
      std::memcpy(&kind, event.data(), sizeof kind);
      return kind;
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
    }
  }
}

// Ends the events before the socket that tells them is gone, which libzmq asks for.
class Watched {
 public:
  Watched(zmq::context_t& context, zmq::socket_type type)
      : socket_(context, type), events_(context, zmq::socket_type::pair) {
    const std::string endpoint = "inproc://watched-" + random_hex(16);  // libzmq gives names free late
    if (zmq_socket_monitor(socket_.handle(), endpoint.c_str(), kOutcomes) != 0) throw zmq::error_t();
    events_.connect(endpoint);
  }
  ~Watched() { zmq_socket_monitor(socket_.handle(), nullptr, 0); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  zmq::socket_t& socket() { return socket_; }
  zmq::socket_t& events() { return events_; }

 private:
  zmq::socket_t socket_;
  zmq::socket_t events_;
};

// As the door tells it: who is refused for now only sees its connection end.
int knock(zmq::context_t& context, const CurveKeys& keys, std::chrono::milliseconds deadline) {
  Watched door(context, zmq::socket_type::pull);
  door.socket().set(zmq::sockopt::linger, 0);
  be_guarded(door.socket(), keys);
  door.socket().bind("tcp://127.0.0.1:*");
  zmq::socket_t stranger(context, zmq::socket_type::push);
  stranger.set(zmq::sockopt::linger, 0);
  introduce(stranger, CurveKeys::make(), keys.public_key);
  stranger.connect(door.socket().get(zmq::sockopt::last_endpoint));
  return outcome(door.events(), deadline);
}

}  // namespace

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

void be_guarded(zmq::socket_t& socket, const CurveKeys& keys) {
  const int enforce = 1;
  socket.set(zmq::sockopt::curve_server, true);
  socket.set(zmq::sockopt::curve_secretkey, keys.secret_key);
  socket.set(zmq::sockopt::zap_domain, std::string(ZapGate::kDomain));
  if (zmq_setsockopt(socket.handle(), kZapEnforceDomain, &enforce, sizeof enforce) != 0) throw zmq::error_t();
}

void introduce(zmq::socket_t& socket, const CurveKeys& keys, const std::string& public_key) {
  socket.set(zmq::sockopt::curve_serverkey, public_key);
  socket.set(zmq::sockopt::curve_publickey, keys.public_key);
  socket.set(zmq::sockopt::curve_secretkey, keys.secret_key);
}

void require_strangers_to_be_refused(zmq::context_t& context, const CurveKeys& keys,
                                     std::chrono::milliseconds deadline) {
  const int became = knock(context, keys, deadline);
  if (became == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) return;
  const std::string what = became == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? "a key that nobody knows was let in"
                           : became == 0                           ? "a key that nobody knows got no answer"
                                         : "a key that nobody knows was not turned away by the gatekeeper";
  int major = 0;
  int minor = 0;
  int patch = 0;
  zmq_version(&major, &minor, &patch);
  throw Error("refusing to listen: " + what + " when this process tried its own protection (libzmq " +
                  std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch) +
                  "); install another libzmq, or set network.security: plaintext where everybody who reaches "
                  "the job's addresses is trusted",
              Fault::kHost);
}

}  // namespace wisp::runtime
