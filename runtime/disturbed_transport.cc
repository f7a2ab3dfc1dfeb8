#include "runtime/disturbed_transport.h"

#include <algorithm>
#include <utility>

#include "runtime/wire.h"

namespace wisp::runtime {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::size_t kLateMost = 65'536;  // frames; more than that is a peer whose queue is at its limit
constexpr milliseconds kFullWait{1};       // before a full queue is tried again

}  // namespace

DisturbedTransport::DisturbedTransport(std::unique_ptr<Transport> inner, Disturbances& disturbances,
                                       const Clock& clock, std::uint64_t seed, NodeId self, Channel channel)
    : inner_(std::move(inner)),
      disturbances_(disturbances),
      clock_(clock),
      channel_(channel),
      rng_(seed, self, static_cast<std::uint64_t>(channel), Purpose::kFaults) {}

void DisturbedTransport::disconnect(NodeId peer) {
  std::erase_if(leaving_, [peer](const Late& each) { return each.peer == peer; });
  inner_->disconnect(peer);
}

bool DisturbedTransport::is_lost(const Disturbances::Effect& effect) {
  return effect.cut || (effect.drop > 0 && rng_.uniform() < effect.drop);
}

SendResult DisturbedTransport::send(NodeId peer, const Bytes& frame) {
  if (leaving_.empty() && !disturbances_.any()) return inner_->send(peer, frame);
  const nanoseconds now = clock_.steady();
  send_late(now);
  const Disturbances::Effect effect = disturbances_.on(peer);
  if (is_lost(effect)) return SendResult::kQueued;
  if (leaving_.empty() && effect.delay.count() == 0) return inner_->send(peer, frame);
  if (leaving_.size() >= kLateMost) return SendResult::kFull;
  const nanoseconds due = now + effect.delay;
  leaving_.push_back({leaving_.empty() ? due : std::max(due, leaving_.back().due), peer, frame});
  return SendResult::kQueued;
}

void DisturbedTransport::send_late(nanoseconds now) {
  while (!leaving_.empty() && leaving_.front().due <= now) {
    Late& first = leaving_.front();
    if (inner_->send(first.peer, first.frame) == SendResult::kFull) {
      first.due = clock_.steady() + kFullWait;
      return;
    }
    leaving_.pop_front();
  }
}

std::optional<Received> DisturbedTransport::take_late(nanoseconds now) {
  if (arriving_.empty() || arriving_.front().due > now) return std::nullopt;
  Received first = std::move(arriving_.front().received);
  arriving_.pop_front();
  return first;
}

std::optional<milliseconds> DisturbedTransport::until_next(nanoseconds now) const {
  nanoseconds next = nanoseconds::max();
  if (!leaving_.empty()) next = leaving_.front().due;
  if (!arriving_.empty()) next = std::min(next, arriving_.front().due);
  if (next == nanoseconds::max()) return std::nullopt;
  return std::chrono::ceil<milliseconds>(std::max(next - now, nanoseconds(0)));
}

std::optional<Received> DisturbedTransport::receive(std::optional<milliseconds> wait) {
  if (leaving_.empty() && arriving_.empty()) {
    auto received = inner_->receive(wait);
    if (!received || !disturbances_.any()) return received;
    return disturb(std::move(*received), clock_.steady());
  }
  nanoseconds now = clock_.steady();
  send_late(now);
  if (auto late = take_late(now)) return late;
  const auto next = until_next(now);
  if (next && (!wait || *next < *wait)) wait = next;
  auto received = inner_->receive(wait);
  now = clock_.steady();
  send_late(now);
  return received ? disturb(std::move(*received), now) : take_late(now);
}

// Nothing: it is lost, or not there yet.
std::optional<Received> DisturbedTransport::disturb(Received received, nanoseconds now) {
  const Disturbances::Effect effect = disturbances_.on(sender_of(received));
  if (is_lost(effect)) return std::nullopt;
  if (arriving_.empty() && effect.delay.count() == 0) return received;
  const nanoseconds due = now + effect.delay;
  arriving_.push_back({arriving_.empty() ? due : std::max(due, arriving_.back().due), std::move(received)});
  return take_late(now);
}

// On the control channel that is the driver, whom no cut spares.
NodeId DisturbedTransport::sender_of(const Received& received) const {
  FrameHeader header;
  const bool known =
      channel_ == Channel::kData && read_header(received.frame.span(), header) == WireError::kNone;
  return known ? header.source : 0;
}

void DisturbedTransport::close(milliseconds linger) {
  send_late(nanoseconds::max());
  inner_->close(linger);
}

}  // namespace wisp::runtime
