#include "runtime/zmq_transport.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>

#include <zmq.hpp>

#include "base/check.h"
#include "base/error.h"
#include "base/hash.h"
#include "runtime/socket_lock.h"
#include "runtime/zmq_tap.h"

// The thread sanitizer does not see how libzmq, which is not instrumented, hands a frame from one thread to
// another.
#if defined(__SANITIZE_THREAD__)
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace wisp::runtime {

namespace {

constexpr int kQueueMax = 65'536;               // frames queued at a peer's socket: a fuse, not a window
constexpr std::size_t kCopyMax = 8192;          // bytes up to which copying beats sharing
constexpr std::uint64_t kControlMax = 1 << 20;  // bytes of a frame on the control channel
constexpr int kBacklogMax = 4096;               // connections that wait to be accepted
// A port that is said exactly may be that of a node that has just ended.
constexpr std::chrono::seconds kBindWithin{2};
constexpr std::chrono::milliseconds kBindAgain{20};

#if defined(__SANITIZE_THREAD__)
char hand_over_point;
void before_hand_over() { __tsan_release(&hand_over_point); }
void after_hand_over() { __tsan_acquire(&hand_over_point); }
#else
void before_hand_over() {}
void after_hand_over() {}
#endif

// Left as libzmq has it: ZMQ_HEARTBEAT_*, which takes a peer that is slow to read for dead and throws its
// frames away (runtime/heart.h is ours); ZMQ_IMMEDIATE, so that frames for a peer that is yet to come, or to
// come back, wait for it. The link resends what was lost and drops what came twice, and frames say which
// incarnation they are for; with IMMEDIATE it would have to ask again and again until there is a connection.
void set_common_options(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::ipv6, true);
  socket.set(zmq::sockopt::handshake_ivl, 3000);  // how long a silent connection holds a file
  socket.set(zmq::sockopt::connect_timeout, 2000);
  socket.set(zmq::sockopt::tcp_maxrt, 10'000);
  socket.set(zmq::sockopt::reconnect_ivl, 20);
  socket.set(zmq::sockopt::reconnect_ivl_max, 2000);
}

void release_bytes(void*, void* hint) {
  after_hand_over();
  delete static_cast<Bytes*>(hint);
}

zmq::message_t to_message(const Bytes& frame) {
  if (frame.size() < kCopyMax) return zmq::message_t(frame.data(), frame.size());
  auto* share = new Bytes(frame);  // given back by the I/O thread
  return zmq::message_t(const_cast<std::byte*>(share->data()), share->size(), release_bytes, share);
}

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

void check_ports(std::uint16_t first, std::uint16_t last) {
  if (first > 0 && first <= last && last <= ZmqOptions::kPortMax) return;
  throw Error("network.ports: " + std::to_string(first) + "-" + std::to_string(last) +
                  " is not a range within 1-" + std::to_string(ZmqOptions::kPortMax) +
                  "; the ports above are given to outgoing connections",
              Fault::kConfig);
}

Error taken(const std::string& endpoint) {
  return Error("cannot bind " + endpoint + ": somebody listens there already", Fault::kHost);
}

class ZmqTransport : public Transport {
 public:
  ZmqTransport(std::shared_ptr<ZmqContext> context, const ZmqOptions& options, Channel channel)
      : context_(std::move(context)), channel_(channel) {
    context_->enter();
    try {
      open(options);
    } catch (const zmq::error_t& error) {
      end(0);
      throw Error(std::string("cannot set up the node's sockets: ") + error.what(), Fault::kHost);
    }
  }
  ~ZmqTransport() override { end(0); }

  // Listens there too; what others connect to.
  std::string bind(const std::string& text, const ZmqOptions& options) {
    const Endpoint endpoint = Endpoint::parse(text, "cannot bind");
    if (endpoint.kind == Endpoint::Kind::kIpc) {
      locks_.push_back(std::make_unique<SocketLock>(endpoint.path));
      if (!bind_at(text)) throw taken(text);
      return text;
    }
    if (!context_->keys() && !options.plaintext_off_loopback && !is_loopback(endpoint.host)) {
      throw Error("refusing to bind " + text +
                      " in plaintext: it is not loopback; set network.security: curve, or "
                      "plaintext where everybody who reaches this address is trusted",
                  Fault::kConfig);
    }
    if (!endpoint.port) return bind_free_port(endpoint.host, options.port_first, options.port_last);
    check_ports(*endpoint.port, *endpoint.port);
    const std::string exact = tcp_text(endpoint.host, *endpoint.port);
    const auto end = std::chrono::steady_clock::now() + kBindWithin;
    while (!bind_at(exact)) {
      if (std::chrono::steady_clock::now() >= end) throw taken(exact);
      std::this_thread::sleep_for(kBindAgain);
    }
    return exact;
  }
  void set_address(Address address) { address_ = std::move(address); }

  Address address() const override { return address_; }

  void allow(NodeId peer, const std::string& public_key) override { context_->allow(peer, public_key); }
  void forbid(NodeId peer) override { context_->forbid(peer); }

  void connect(NodeId peer, const Address& address) override {
    check_owner();
    const std::string& text = address.on(channel_);
    const std::string purpose = "cannot connect to node " + std::to_string(peer) + " at";
    const Endpoint endpoint = Endpoint::parse(text, purpose);
    if (const auto why = why_not_connectable(endpoint))
      throw Error(purpose + " " + text + ": " + *why, Fault::kHost);
    pushes_.erase(peer);
    try {
      pushes_.emplace(peer, connected(text, address.public_key));
    } catch (const zmq::error_t& error) {
      throw Error(purpose + " " + text + ": " + error.what(), Fault::kHost);
    }
  }

  void disconnect(NodeId peer) override {
    check_owner();
    pushes_.erase(peer);
  }

  SendResult send(NodeId peer, const Bytes& frame) override {
    check_owner();
    const auto found = pushes_.find(peer);
    if (found == pushes_.end()) return SendResult::kUnknown;
    if (frame.size() > frame_max_) throw too_long(peer, frame.size());
    zmq::message_t message = to_message(frame);
    before_hand_over();
    for (;;) {
      try {
        return found->second.send(message, zmq::send_flags::dontwait) ? SendResult::kQueued
                                                                      : SendResult::kFull;
      } catch (const zmq::error_t& error) {
        if (error.num() != EINTR) throw Error(std::string("cannot send to a node: ") + error.what());
      }
    }
  }

  std::optional<Received> receive(std::optional<std::chrono::milliseconds> wait) override {
    check_owner();
    zmq::message_t message;
    if (!take(message, wait)) return std::nullopt;
    after_hand_over();
    if (message.size() == 0) {  // wake()
      woken_.exchange(false);   // an exchange, so that what the waker did before is seen
      return std::nullopt;
    }
    Received received;
    if (context_->keys()) {
      received.authenticated = authenticated_sender(message);
      if (!received.authenticated) return std::nullopt;
    }
    auto owner = std::make_shared<zmq::message_t>(std::move(message));
    const std::span<const std::byte> view(static_cast<const std::byte*>(owner->data()), owner->size());
    received.frame = Bytes(std::move(owner), view);
    return received;
  }

  void wake() override {
    if (woken_.exchange(true)) return;  // one is on its way
    std::lock_guard lock(wake_mutex_);
    if (!waker_) return;
    zmq::message_t nothing;
    for (;;) {
      try {
        waker_.send(nothing, zmq::send_flags::dontwait);
        return;
      } catch (const zmq::error_t& error) {
        if (error.num() != EINTR) throw Error(std::string("cannot wake a node: ") + error.what());
      }
    }
  }

  std::unique_ptr<Tap> open_tap(const std::string& endpoint, const TapLimits& limits) override {
    return open_zmq_tap(context_, endpoint, limits);
  }

  void hand_over() override { owner_ = std::thread::id(); }

  void close(std::chrono::milliseconds linger) override {
    check_owner();
    end(to_int(linger));
  }

 private:
  static int to_int(std::chrono::milliseconds time) {
    return static_cast<int>(std::clamp<std::int64_t>(time.count(), 0, std::numeric_limits<int>::max()));
  }

  // Two threads at one socket end in lost frames or an abort inside libzmq, some of the time.
  void check_owner() {
    const std::thread::id self = std::this_thread::get_id();
    const std::thread::id owner = owner_.load(std::memory_order_relaxed);
    if (owner == self) return;
    WISP_CHECK(owner == std::thread::id(), "one thread uses a transport");
    owner_.store(self, std::memory_order_relaxed);
  }

  // Its receiver would close the connection at each attempt, and nothing behind it would ever arrive.
  Error too_long(NodeId peer, std::size_t size) const {
    return Error("a message for node " + std::to_string(peer) + " makes a frame of " + std::to_string(size) +
                     " bytes, where nodes take " + std::to_string(frame_max_) +
                     ": set network.max_message above it",
                 Fault::kConfig);
  }

  void open(const ZmqOptions& options) {
    const std::string wake_endpoint =
        channel_ == Channel::kData ? "inproc://wake-data" : "inproc://wake-control";
    pull_ = zmq::socket_t(context_->handle(), zmq::socket_type::pull);
    set_common_options(pull_);
    pull_.set(zmq::sockopt::rcvhwm, kQueueMax);
    frame_max_ =
        channel_ == Channel::kData ? options.message_max : std::min(options.message_max, kControlMax);
    pull_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(frame_max_));
    pull_.set(zmq::sockopt::backlog, std::clamp(static_cast<int>(options.peers_max), 100, kBacklogMax));
    pull_.bind(wake_endpoint);
    waker_ = zmq::socket_t(context_->handle(), zmq::socket_type::push);
    waker_.set(zmq::sockopt::linger, 0);
    waker_.connect(wake_endpoint);
    if (context_->keys()) be_guarded(pull_, *context_->keys());
  }

  zmq::socket_t connected(const std::string& endpoint, const std::string& public_key) {
    zmq::socket_t push(context_->handle(), zmq::socket_type::push);
    set_common_options(push);
    push.set(zmq::sockopt::sndhwm, kQueueMax);
    if (context_->keys()) introduce(push, *context_->keys(), public_key);
    push.connect(endpoint);
    return push;
  }

  // False if it is taken.
  bool bind_at(const std::string& endpoint) {
    try {
      pull_.bind(endpoint);
      return true;
    } catch (const zmq::error_t& error) {
      if (error.num() == EADDRINUSE) return false;
      throw Error("cannot bind " + endpoint + ": " + error.what(), Fault::kHost);
    }
  }

  std::string bind_free_port(const std::string& host, std::uint16_t port_first, std::uint16_t port_last) {
    check_ports(port_first, port_last);
    const unsigned count = static_cast<unsigned>(port_last - port_first) + 1;
    const auto start = static_cast<unsigned>(std::stoul(random_hex(6), nullptr, 16)) % count;
    for (unsigned i = 0; i < count; ++i) {
      const std::string endpoint =
          tcp_text(host, static_cast<std::uint16_t>(port_first + (start + i) % count));
      if (bind_at(endpoint)) return endpoint;
    }
    throw Error("every port of " + std::to_string(port_first) + "-" + std::to_string(port_last) + " on " +
                    host + " is taken; widen network.ports",
                Fault::kHost);
  }

  bool take(zmq::message_t& message, std::optional<std::chrono::milliseconds> wait) {
    const int timeout = wait ? to_int(*wait) : -1;
    try {
      if (timeout != 0 && timeout != timeout_) {
        pull_.set(zmq::sockopt::rcvtimeo, timeout);
        timeout_ = timeout;
      }
      const auto flags = timeout == 0 ? zmq::recv_flags::dontwait : zmq::recv_flags::none;
      return pull_.recv(message, flags) && !drop_multipart(pull_, message);
    } catch (const zmq::error_t& error) {
      if (error.num() == EINTR) return false;
      throw Error(std::string("cannot receive: ") + error.what());
    }
  }

  void end(int linger) {
    if (std::exchange(ended_, true)) return;
    for (auto& [peer, push] : pushes_) push.set(zmq::sockopt::linger, linger);
    pushes_.clear();
    pull_.close();
    {
      std::lock_guard lock(wake_mutex_);
      waker_.close();
    }
    locks_.clear();
    context_->leave();
  }

  const std::shared_ptr<ZmqContext> context_;
  const Channel channel_;
  Address address_;
  std::atomic<std::thread::id> owner_;
  zmq::socket_t pull_;
  std::uint64_t frame_max_ = 0;
  int timeout_ = -1;  // what `pull_` was told last
  std::map<NodeId, zmq::socket_t> pushes_;
  std::vector<std::unique_ptr<SocketLock>> locks_;
  bool ended_ = false;
  std::atomic<bool> woken_{false};
  std::mutex wake_mutex_;
  zmq::socket_t waker_;
};

std::string control_bind(const ZmqOptions& options, std::size_t i) {
  if (!options.control_binds.empty()) return options.control_binds[i];
  const Endpoint data = Endpoint::parse(options.binds[i], "cannot bind");
  if (data.kind == Endpoint::Kind::kIpc) return options.binds[i] + ZmqOptions::kControlSuffix;
  return data.port ? "tcp://[" + data.host + "]" : options.binds[i];  // the same address, any port
}

}  // namespace

ZmqSockets::ZmqSockets(const ZmqOptions& options)
    : context_(std::make_shared<ZmqContext>(options.peers_max, options.keys, options.allowed)) {
  WISP_CHECK(!options.binds.empty(), "a node listens somewhere");
  WISP_CHECK(options.control_binds.empty() || options.control_binds.size() == options.binds.size(),
             "each place to listen for data has one for control");
  auto data = std::make_unique<ZmqTransport>(context_, options, Channel::kData);
  auto control = std::make_unique<ZmqTransport>(context_, options, Channel::kControl);
  for (std::size_t i = 0; i < options.binds.size(); ++i) {
    std::string data_endpoint = data->bind(options.binds[i], options);
    std::string control_endpoint = control->bind(control_bind(options, i), options);
    addresses_.emplace_back(std::move(data_endpoint), options.keys ? options.keys->public_key : "",
                            std::move(control_endpoint));
  }
  data->set_address(addresses_.front());
  control->set_address(addresses_.front());
  data_ = std::move(data);
  control_ = std::move(control);
}

}  // namespace wisp::runtime
