#include "runtime/zmq_context.h"

#include <sys/resource.h>

#include <zmq.hpp>

#include "base/check.h"
#include "base/error.h"

namespace wisp::runtime {

namespace {

constexpr std::uint32_t kSocketsPerPeer = 2;  // one PUSH a channel
constexpr std::uint32_t kSocketsOwn = 128;    // PULLs, wakers, the gatekeeper's, strangers to be fenced
// A PUSH is an event file and a connection; what the peer's PUSH connects to is one more.
constexpr std::uint32_t kFilesPerPeer = 6;
constexpr std::uint32_t kFilesOwn = 512;
constexpr std::uint32_t kSocketsLimit = 65'535;  // libzmq's

// At the limit libzmq's I/O thread spins on connections that it can't accept.
void make_room_for_files(std::uint32_t peers_max) {
  const rlim_t needed = static_cast<rlim_t>(kFilesPerPeer) * peers_max + kFilesOwn;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return;
  if (limit.rlim_max < needed) {
    throw Error("a node with " + std::to_string(peers_max) + " peers needs " + std::to_string(needed) +
                    " open files, and this process may have " + std::to_string(limit.rlim_max) +
                    "; raise its hard limit (ulimit -Hn)",
                Fault::kHost);
  }
  limit.rlim_cur = needed;
  const int raised = ::setrlimit(RLIMIT_NOFILE, &limit);
  WISP_CHECK(raised == 0, "a soft limit may be raised up to the hard one");
}

void leave_no_core() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit.rlim_cur = 0;
  ::setrlimit(RLIMIT_CORE, &limit);
}

int sockets_for(std::uint32_t peers_max) {
  if (peers_max > (kSocketsLimit - kSocketsOwn) / kSocketsPerPeer)
    throw Error(std::to_string(peers_max) + " peers are more than one node can have", Fault::kHost);
  return static_cast<int>(kSocketsPerPeer * peers_max + kSocketsOwn);
}

}  // namespace

ZmqContext::ZmqContext(std::uint32_t peers_max, std::optional<CurveKeys> keys,
                       const std::map<NodeId, std::string>& allowed)
    : keys_(std::move(keys)) {
  const int sockets = sockets_for(peers_max);
  make_room_for_files(peers_max);
  handle_ = std::make_unique<zmq::context_t>();
  handle_->set(zmq::ctxopt::max_sockets, sockets);
  if (!keys_) return;
  try {
    leave_no_core();
    gate_ = std::make_unique<ZapGate>(handle_->handle(), allowed);  // before any socket is bound
    require_strangers_to_be_refused(*handle_, *keys_);
  } catch (const zmq::error_t& error) {
    end();
    throw Error(std::string("cannot set up the node's sockets: ") + error.what(), Fault::kHost);
  } catch (...) {  // ~ZmqContext will not run
    end();
    throw;
  }
}

ZmqContext::~ZmqContext() { end(); }

void ZmqContext::allow(NodeId node, const std::string& public_key) {
  std::lock_guard lock(mutex_);
  if (gate_) gate_->allow(node, public_key);
}

void ZmqContext::forbid(NodeId node) {
  std::lock_guard lock(mutex_);
  if (gate_) gate_->forbid(node);
}

void ZmqContext::enter() {
  std::lock_guard lock(mutex_);
  WISP_CHECK(handle_ != nullptr, "a channel opens while the context is there");
  ++channels_;
}

void ZmqContext::leave() {
  {
    std::lock_guard lock(mutex_);
    if (--channels_ > 0) return;
  }
  end();
}

void ZmqContext::end() {
  if (handle_ == nullptr) return;
  handle_->shutdown();  // ends the gate's receive
  {
    std::lock_guard lock(mutex_);
    gate_.reset();
  }
  handle_.reset();
}

}  // namespace wisp::runtime
