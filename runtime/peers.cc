#include "runtime/peers.h"

#include <algorithm>

#include "base/check.h"
#include "runtime/node.h"

namespace wisp::runtime {

namespace {
constexpr std::size_t kPeersMax = 65'536;
constexpr std::uint64_t kLargeMessage = 64 << 10;  // bytes: its share of the window returns at once

// A quarter of the window, but for large messages.
Charge much_of(Charge window) {
  return {std::max<std::uint64_t>(1, window.messages / 4),
          std::clamp<std::uint64_t>(window.bytes / 4, 1, kLargeMessage)};
}
constexpr std::size_t kLostMax = 64;  // of whom it is known why and where they were
constexpr std::chrono::milliseconds kFenceEvery{100};
constexpr std::chrono::seconds kFenceFor{5};  // of silence, until it is hung up
}  // namespace

// A locked addition costs as much as all the rest of it.
std::uint64_t Drained::List::add(std::atomic<std::uint64_t>& sum, std::uint64_t more, bool threads) {
  if (threads) return sum.fetch_add(more, std::memory_order_acq_rel);
  const std::uint64_t before = sum.load(std::memory_order_relaxed);
  sum.store(before + more, std::memory_order_relaxed);
  return before;
}

bool Drained::List::add(Drained& drained, Charge charge) {
  const bool threads = threads_.load(std::memory_order_relaxed);
  const std::uint64_t all_bytes = add(drained.bytes_, charge.bytes, threads) + charge.bytes;
  const std::uint64_t before = add(drained.messages_, charge.messages, threads);
  if (before == 0) {  // it is not on the list yet
    drained.next_ = first_.load(std::memory_order_relaxed);
    while (!first_.compare_exchange_weak(drained.next_, &drained, std::memory_order_release,
                                         std::memory_order_relaxed)) {
    }
  }
  return all_bytes >= much_.bytes || before + charge.messages >= much_.messages;
}

void DrainNote::pay() {
  if (node_->drained(*drained_, charge_)) node_->wake_if_parked();
}

struct Peers::Peer final : FrameSink {
  Peer(Peers& all, NodeId peer_id, const LinkOptions& options)
      : peers(all), id(peer_id), link(options), drained(all.drained_for(peer_id)) {}

  bool emit(const Bytes& frame) override {
    // Counted first: who has the frame, or what came of it, sees that it was sent.
    peers.sent_bytes_.fetch_add(frame.size(), std::memory_order_relaxed);
    if (peers.transport_.send(id, frame) == SendResult::kQueued) return true;
    peers.sent_bytes_.fetch_sub(frame.size(), std::memory_order_relaxed);
    return false;
  }

  Peers& peers;
  const NodeId id;
  Link link;
  Drained& drained;
  std::optional<Address> address;  // connected
  bool dirty = false;
  bool full = false;
  std::vector<Promise<void>> waiting;
};

// What is kept of a peer that is gone, for as long as the node lives: no buffers, and no socket but for some
// seconds after it was heard.
struct Peers::Lost {
  std::string cause;
  std::optional<Address> address;  // none: it never came
  std::chrono::nanoseconds fenced_at{-kForever};
};

Peers::Peers(Node& node, Transport& transport, bool threads)
    : node_(node), transport_(transport), drained_(much_of(node.link_options(0).limits.window), threads) {}
Peers::~Peers() = default;

// Null if it is lost.
Peers::Peer* Peers::find(NodeId id) {
  if (recent_ != nullptr && recent_->id == id) return recent_;
  if (gone_.contains(id)) return nullptr;
  std::unique_ptr<Peer>& peer = peers_[id];
  if (peer == nullptr) peer = std::make_unique<Peer>(*this, id, node_.link_options(id));
  recent_ = peer.get();
  return recent_;
}

Drained& Peers::drained_for(NodeId id) {
  if (free_drained_.empty()) free_drained_.push_back(&all_drained_.emplace_back());
  Drained& drained = *free_drained_.back();
  free_drained_.pop_back();
  drained.serve(id);
  return drained;
}

void Peers::add(NodeId id, const Address& address) {
  Peer* const peer = find(id);
  if (peer == nullptr || peer->address) return;
  transport_.connect(id, address);
  peer->address = address;
  peer->dirty = true;
}

const std::string& Peers::remove(NodeId id, const std::string& cause) {
  if (gone_.contains(id)) return cause_of(id);
  gone_.insert(id);
  if (lost_.size() == kLostMax) forget_longest_lost();
  Lost& lost = lost_[id];
  lost_in_turn_.push_back(id);
  lost.cause = cause;
  const auto node = peers_.extract(id);
  if (node.empty()) return lost.cause;
  if (recent_ == node.mapped().get()) recent_ = nullptr;
  Peer& peer = *node.mapped();
  if (peer.address) transport_.disconnect(id);
  lost.address = std::move(peer.address);
  note_room(peer, false);
  for (const Promise<void>& each : std::exchange(peer.waiting, {})) each.set();
  if (peer.drained.is_free()) free_drained_.push_back(&peer.drained);
  return lost.cause;
}

const std::string& Peers::cause_of(NodeId id) const {
  static const std::string long_ago = "it was lost long ago";
  const auto found = lost_.find(id);
  return found == lost_.end() ? long_ago : found->second.cause;
}

// In a job whose nodes come and go for days. Whoever it was is not let in again, and not told why.
void Peers::forget_longest_lost() {
  const NodeId id = lost_in_turn_.front();
  lost_in_turn_.pop_front();
  if (fencing_.erase(id) > 0) transport_.disconnect(id);
  lost_.erase(id);
}

bool Peers::room(NodeId id) const {
  if (!any_full_.load(std::memory_order_acquire)) return true;
  std::lock_guard lock(full_mutex_);
  return !full_.contains(id);
}

void Peers::note_room(Peer& peer, bool full) {
  if (full == peer.full) return;
  peer.full = full;
  {
    std::lock_guard lock(full_mutex_);
    if (full) {
      full_.insert(peer.id);
    } else {
      full_.erase(peer.id);
    }
    any_full_.store(!full_.empty(), std::memory_order_release);
  }
  if (full) return;
  for (const Promise<void>& each : std::exchange(peer.waiting, {})) each.set();
}

const std::string* Peers::send(NodeId id, const Envelope& envelope, const PackedView& packed) {
  Peer* const peer = find(id);
  if (peer == nullptr) return &cause_of(id);
  peer->link.add(envelope, packed.head, packed.tail);
  peer->dirty = true;
  if (peer->link.ready() && peer->address) peer->link.flush(node_.clock().steady(), *peer);
  if (peer->full == peer->link.room()) note_room(*peer, !peer->full);
  return nullptr;
}

void Peers::when_room(NodeId id, const Promise<void>& promise) {
  Peer* const peer = find(id);
  if (peer == nullptr || peer->link.room()) return promise.set();
  peer->waiting.push_back(promise);
}

bool Peers::accept(const Received& received, const FrameHeader& header) {
  const bool forged = received.authenticated && *received.authenticated != header.source;
  if (!forged && header.run == node_.run_id() && header.destination == node_.id() &&
      (peers_.size() < kPeersMax || peers_.contains(header.source) || gone_.contains(header.source))) {
    return true;
  }
  node_.warn("dropped a frame that names node " + std::to_string(header.source) + ": " +
             (forged ? "another node's key signed it" : "it is not of this run or not for this node"));
  return false;
}

void Peers::receive(const Received& received) {
  FrameHeader header;
  if (const WireError error = read_header(received.frame.span(), header); error != WireError::kNone) {
    return node_.warn(std::string("dropped a frame: ") + describe(error));
  }
  if (!accept(received, header)) return;
  received_bytes_.fetch_add(received.frame.size(), std::memory_order_relaxed);
  Peer* const peer = find(header.source);
  if (peer == nullptr) {
    const auto lost = lost_.find(header.source);
    if (lost != lost_.end() && header.kind != FrameKind::kFenced) fence(header.source, lost->second);
    return;
  }
  peer->dirty = true;
  switch (peer->link.receive(header, received.frame.size())) {
    case Link::Verdict::kNext:
      return take_messages(*peer, received.frame);
    case Link::Verdict::kFenced:
      return node_.fenced("node " + std::to_string(header.source) + " takes this one for dead");
    case Link::Verdict::kInvalid:
      return node_.warn("dropped a frame of node " + std::to_string(header.source) +
                        ": it acknowledges what was never sent");
    case Link::Verdict::kControl:
    case Link::Verdict::kDuplicate:
    case Link::Verdict::kGap:
    case Link::Verdict::kForeign:
      break;
  }
}

void Peers::take_messages(Peer& peer, const Bytes& frame) {
  MessageReader reader(frame);
  while (reader.next()) node_.dispatch(peer.id, reader, peer.drained);
  if (reader.error() != WireError::kNone) {
    node_.warn("dropped the rest of a frame of node " + std::to_string(peer.id) + ": " +
               describe(reader.error()));
  }
  if (!peer.link.taken(reader.messages(), reader.charge())) {
    node_.warn("node " + std::to_string(peer.id) + " sends more than the window allows");
  }
}

// Once in a while, so that two nodes that take each other for dead don't keep each other busy.
void Peers::fence(NodeId id, Lost& lost) {
  const auto now = node_.clock().steady();
  if (!lost.address || now - lost.fenced_at < kFenceEvery) return;
  lost.fenced_at = now;
  if (fencing_.insert(id).second) transport_.connect(id, *lost.address);
  std::vector<std::byte> frame(kHeaderSize);
  FrameHeader header;
  header.kind = FrameKind::kFenced;
  header.run = node_.run_id();
  header.source = node_.id();
  header.destination = id;
  write_header(frame.data(), header);
  (void)transport_.send(id, Bytes(std::move(frame)));  // said again when it is heard again
}

// On those that have been told and are silent: a job whose nodes come and go would run out of sockets.
void Peers::hang_up(std::chrono::nanoseconds now) {
  std::erase_if(fencing_, [&](NodeId id) {
    const bool silent = now - lost_.at(id).fenced_at >= kFenceFor;
    if (silent) transport_.disconnect(id);
    return silent;
  });
}

void Peers::flush(std::chrono::nanoseconds now) {
  drained_.take([this](Drained& drained, Charge charge) {
    if (Peer* const peer = find(drained.peer())) {
      peer->link.drained(charge);
      peer->dirty = true;
    } else if (drained.is_free()) {
      free_drained_.push_back(&drained);
    }
  });
  if (!fencing_.empty()) hang_up(now);
  for (const auto& [id, peer] : peers_) {
    if (!peer->address) continue;
    if (!peer->dirty) {
      const auto deadline = peer->link.deadline();
      if (!deadline || *deadline > now) continue;
    }
    peer->dirty = false;
    peer->link.flush(now, *peer);
    note_room(*peer, !peer->link.room());
  }
}

std::optional<std::chrono::nanoseconds> Peers::deadline() const {
  std::optional<std::chrono::nanoseconds> next;
  const auto add = [&next](std::optional<std::chrono::nanoseconds> deadline) {
    if (deadline && (!next || *deadline < *next)) next = deadline;
  };
  for (const auto& [id, peer] : peers_) {
    if (peer->address) add(peer->link.deadline());
  }
  for (const NodeId id : fencing_) add(lost_.at(id).fenced_at + kFenceFor);
  return next;
}

void Peers::acknowledge() {
  for (const auto& [id, peer] : peers_) {
    peer->link.acknowledge_now();
    peer->dirty = true;
  }
}

bool Peers::settled() const {
  for (const auto& [id, peer] : peers_) {
    if (peer->address && !peer->link.settled()) return false;
  }
  return true;
}

Traffic Peers::traffic() const {
  Traffic traffic;
  traffic.sent = sent_bytes_.load(std::memory_order_relaxed);
  traffic.received = received_bytes_.load(std::memory_order_relaxed);
  return traffic;
}

LinkStatistics Peers::statistics(NodeId id) const {
  const auto found = peers_.find(id);
  return found == peers_.end() ? LinkStatistics() : found->second->link.statistics();
}

}  // namespace wisp::runtime
