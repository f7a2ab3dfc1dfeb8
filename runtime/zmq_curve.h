#pragma once
// CURVE: the keys of a node, how its sockets are told of them, and the proof that strangers are turned away.
#include <chrono>
#include <string>

namespace zmq {
class context_t;
class socket_t;
}  // namespace zmq

namespace wisp::runtime {

// A CURVE key pair as Z85 text, made for one node of one run. The secret half travels over stdin only.
struct CurveKeys {
  CurveKeys() = default;
  std::string public_key;
  std::string secret_key;
  static CurveKeys make();
  template <class F>
  void fields(F& f) {
    f(public_key, secret_key);
  }
};

// A socket that is about to bind: whoever connects is put before the gatekeeper of the context
// (runtime/zap.h), and nobody gets in where there is none.
void be_guarded(zmq::socket_t& socket, const CurveKeys& keys);
// A socket that is about to connect to the node with `public_key`.
void introduce(zmq::socket_t& socket, const CurveKeys& keys, const std::string& public_key);

// Knocks with a key that nobody knows at a guarded socket of this context, bound to a free port of 127.0.0.1
// for as long as that takes (some milliseconds). Throws Error (kHost) if it is let in, or if it is not turned
// away by the gatekeeper within `deadline`: then the process must not listen.
void require_strangers_to_be_refused(zmq::context_t& context, const CurveKeys& keys,
                                     std::chrono::milliseconds deadline = std::chrono::seconds(10));

}  // namespace wisp::runtime
