#include "runtime/zap.h"

#include <mutex>
#include <thread>
#include <vector>

#include <zmq.hpp>

#include "base/check.h"
#include "base/error.h"

namespace wisp::runtime {

struct ZapGate::State {
  std::mutex mutex;
  std::map<std::string, NodeId> nodes;  // by raw public key
  void* socket = nullptr;
  std::thread thread;
};

namespace {

std::string raw_key(const std::string& z85) {
  std::string key(32, '\0');
  if (z85.size() != 40 ||
      zmq_z85_decode(reinterpret_cast<std::uint8_t*>(key.data()), z85.c_str()) == nullptr) {
    throw Error("a node's public key is not 40 characters of Z85");
  }
  return key;
}

// The parts of one request, or none when the context ends.
std::vector<std::string> receive_parts(void* socket) {
  std::vector<std::string> parts;
  for (bool more = true; more;) {
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (zmq_msg_recv(&message, socket, 0) < 0) {
      if (zmq_errno() != EINTR) {
        zmq_msg_close(&message);
        return {};
      }
    }
    parts.emplace_back(static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message));
    more = zmq_msg_more(&message) != 0;
    zmq_msg_close(&message);
  }
  return parts;
}

void send_parts(void* socket, const std::vector<std::string>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    zmq_send(socket, parts[i].data(), parts[i].size(), i + 1 < parts.size() ? ZMQ_SNDMORE : 0);
  }
}

}  // namespace

ZapGate::ZapGate(void* context, const std::map<NodeId, std::string>& allowed)
    : state_(std::make_unique<State>()) {
  for (const auto& [node, key] : allowed) state_->nodes[raw_key(key)] = node;
  state_->socket = zmq_socket(context, ZMQ_REP);
  WISP_CHECK(state_->socket != nullptr, "a fresh context has room for the gate's socket");
  const int bound = zmq_bind(state_->socket, "inproc://zeromq.zap.01");
  WISP_CHECK(bound == 0, "one gate a context");
  state_->thread = std::thread([state = state_.get()] {
    // version, request id, domain, address, identity, mechanism, credentials
    for (std::vector<std::string> request; !(request = receive_parts(state->socket)).empty();) {
      std::string user;
      if (request.size() == 7 && request[2] == kDomain && request[5] == "CURVE") {
        std::lock_guard lock(state->mutex);
        const auto found = state->nodes.find(request[6]);
        if (found != state->nodes.end()) user = std::to_string(found->second);
      }
      const std::string id = request.size() > 1 ? request[1] : "";
      if (user.empty()) {  // libzmq 4.3.4 closes the connection only at the end of ZMQ_HANDSHAKE_IVL
        send_parts(state->socket, {"1.0", id, "300", "not a node of this run", "", ""});
      } else {
        send_parts(state->socket, {"1.0", id, "200", "", user, ""});
      }
    }
    const int linger = 0;
    zmq_setsockopt(state->socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_close(state->socket);
  });
}

ZapGate::~ZapGate() { state_->thread.join(); }

void ZapGate::allow(NodeId node, const std::string& public_key) {
  const std::string key = raw_key(public_key);
  std::lock_guard lock(state_->mutex);
  const auto found = state_->nodes.find(key);
  if (found != state_->nodes.end() && found->second == node) return;
  std::erase_if(state_->nodes, [node](const auto& each) { return each.second == node; });
  state_->nodes[key] = node;
}

void ZapGate::forbid(NodeId node) {
  std::lock_guard lock(state_->mutex);
  std::erase_if(state_->nodes, [node](const auto& each) { return each.second == node; });
}

}  // namespace wisp::runtime
