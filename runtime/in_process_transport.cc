#include "runtime/in_process_transport.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include "base/check.h"

namespace wisp::runtime {

namespace {

constexpr std::size_t kQueueMax = 65'536;  // frames waiting at one node

struct Inbox {
  std::mutex mutex;
  std::condition_variable arrived;
  std::deque<Received> frames;
  bool woken = false;
};

}  // namespace

struct InProcessNetwork::Shared {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Inbox>> inboxes;  // by endpoint; null: its node has gone

  // Where frames for `endpoint` wait, also while its node is yet to come.
  std::shared_ptr<Inbox> inbox(const std::string& endpoint) {
    std::lock_guard lock(mutex);
    const auto [at, fresh] = inboxes.try_emplace(endpoint);
    if (fresh) at->second = std::make_shared<Inbox>();
    return at->second;
  }
};

namespace {

class InProcessTransport : public Transport {
 public:
  InProcessTransport(InProcessNetwork::Shared& shared, NodeId self, Channel channel)
      : shared_(shared),
        self_(self),
        channel_(channel),
        address_("in-process://" + std::to_string(self), "",
                 "in-process://" + std::to_string(self) + "/control"),
        inbox_(shared.inbox(address_.on(channel))) {
    WISP_CHECK(inbox_ != nullptr, "a node's number is never given again");
  }
  ~InProcessTransport() override { leave(); }

  Address address() const override { return address_; }

  void connect(NodeId peer, const Address& address) override { peers_[peer] = address.on(channel_); }
  void disconnect(NodeId peer) override { peers_.erase(peer); }

  SendResult send(NodeId peer, const Bytes& frame) override {
    const auto known = peers_.find(peer);
    if (known == peers_.end()) return SendResult::kUnknown;
    const std::shared_ptr<Inbox> inbox = shared_.inbox(known->second);
    if (inbox == nullptr) return SendResult::kQueued;  // gone: lost, as on any wire
    std::lock_guard lock(inbox->mutex);
    if (inbox->frames.size() >= kQueueMax) return SendResult::kFull;
    inbox->frames.push_back(Received{frame, self_});
    inbox->arrived.notify_one();
    return SendResult::kQueued;
  }

  std::optional<Received> receive(std::optional<std::chrono::milliseconds> wait) override {
    std::unique_lock lock(inbox_->mutex);
    const auto something = [this] { return inbox_->woken || !inbox_->frames.empty(); };
    if (wait) {
      inbox_->arrived.wait_for(lock, *wait, something);
    } else {
      inbox_->arrived.wait(lock, something);
    }
    inbox_->woken = false;
    if (inbox_->frames.empty()) return std::nullopt;
    Received received = std::move(inbox_->frames.front());
    inbox_->frames.pop_front();
    return received;
  }

  void wake() override {
    std::lock_guard lock(inbox_->mutex);
    inbox_->woken = true;
    inbox_->arrived.notify_one();
  }

  void close(std::chrono::milliseconds) override { leave(); }

 private:
  void leave() {
    std::lock_guard lock(shared_.mutex);
    shared_.inboxes[address_.on(channel_)] = nullptr;
  }

  InProcessNetwork::Shared& shared_;
  const NodeId self_;
  const Channel channel_;
  const Address address_;
  const std::shared_ptr<Inbox> inbox_;
  std::map<NodeId, std::string> peers_;
};

}  // namespace

InProcessNetwork::InProcessNetwork() : shared_(std::make_unique<Shared>()) {}
InProcessNetwork::~InProcessNetwork() = default;

std::unique_ptr<Transport> InProcessNetwork::attach(NodeId self, Channel channel) {
  return std::make_unique<InProcessTransport>(*shared_, self, channel);
}

}  // namespace wisp::runtime
