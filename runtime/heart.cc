#include "runtime/heart.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace wisp::runtime {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {
constexpr int kDrainMax = 4096;               // frames taken in before what is due is done
constexpr std::ptrdiff_t kStrangersMax = 64;  // answered at a time; anybody could make up more in plaintext
}  // namespace

Heart::Heart(NodeId self, std::uint64_t run, const Clock& clock, std::unique_ptr<Transport> control)
    : self_(self), run_(run), clock_(clock), transport_(std::move(control)) {}

void Heart::run(milliseconds linger) {
  for (step(clock_.steady()); !stopping_;
       step(clock_.steady())) {  // a step may take a wake() in: look after it
    const auto due = deadline();
    std::optional<milliseconds> wait;
    // Rounded up: a wait that ends too early would turn into a spin.
    if (due) wait = std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*due - clock_.steady()));
    if (const auto received = transport_->receive(wait)) take(*received, clock_.steady());
  }
  transport_->close(linger);
}

void Heart::stop() {
  stopping_ = true;
  transport_->wake();
}

void Heart::step(nanoseconds now) {
  for (int i = 0; i < kDrainMax; ++i) {
    const auto received = transport_->receive(milliseconds(0));
    if (!received) break;
    take(*received, now);
  }
  advance(now);
}

void Heart::take(const Received& received, nanoseconds now) {
  ControlFrame frame;
  try {
    frame = decode_control_frame(received.frame);
  } catch (const DecodeError&) {  // from anybody who can connect
    ++malformed_;
    return;
  }
  if (frame.run != run_ || frame.destination != self_) {
    ++foreign_;
  } else if (received.authenticated && *received.authenticated != frame.source) {
    ++forged_;
  } else {
    receive(frame, now);
  }
}

void Heart::send(NodeId node, ControlFrame::Body body) {
  ControlFrame frame;
  frame.run = run_;
  frame.source = self_;
  frame.destination = node;
  frame.body = std::move(body);
  transport_->send(node, encode(frame));  // a full queue: nobody reads, which the other side will notice
}

Heart::Dropped Heart::dropped() const {
  Dropped dropped;
  dropped.foreign = foreign_;
  dropped.forged = forged_;
  dropped.malformed = malformed_;
  return dropped;
}

NodeHeart::NodeHeart(NodeHeartOptions options, std::unique_ptr<Transport> control)
    : Heart(options.self, options.run, *options.clock, std::move(control)),
      options_(std::move(options)),
      detector_(options_.limits) {
  WISP_CHECK(options_.progress && options_.queued && options_.on_fenced && options_.on_driver_lost,
             "a node's heart needs all of its functions");
}

std::optional<nanoseconds> NodeHeart::deadline() const {
  return fenced_ ? std::nullopt : std::optional(next_beat_);
}

std::optional<nanoseconds> NodeHeart::round_trip() const {
  const std::int64_t count = round_trip_;
  return count < 0 ? std::nullopt : std::optional(nanoseconds(count));
}

void NodeHeart::receive(const ControlFrame& frame, nanoseconds now) {
  if (frame.source != 0 || std::holds_alternative<Beat>(frame.body)) return drop_malformed();
  if (const auto* pulse = std::get_if<Pulse>(&frame.body)) {
    detector_.heard(0, pulse->sequence, now);
    round_trip_ = std::max<std::int64_t>(0, (now - pulse->time).count());
  } else if (!std::exchange(fenced_, true)) {
    options_.on_fenced(std::get<Fencing>(frame.body).why);
  }
}

void NodeHeart::advance(nanoseconds now) {
  if (fenced_) return;
  if (!std::exchange(started_, true)) {
    transport().connect(0, options_.driver);
    detector_.watch(0, now);
    next_beat_ = now;
  }
  if (now < next_beat_) return;
  next_beat_ = now + options_.limits.interval;
  beat(now);
  for (const FailureDetector::Change& change : detector_.advance(now)) {
    if (change.liveness == Liveness::kDead) options_.on_driver_lost(change.silent_for);
  }
}

void NodeHeart::beat(nanoseconds now) {
  Beat beat;
  beat.sequence = ++sequence_;
  beat.progress = options_.progress();
  beat.queued = options_.queued();
  beat.time = now;
  beat.address = transport().address();
  send(0, std::move(beat));
}

DriverHeart::DriverHeart(DriverHeartOptions options, std::unique_ptr<Transport> control)
    : Heart(0, options.run, *options.clock, std::move(control)),
      options_(std::move(options)),
      detector_(options_.limits) {
  WISP_CHECK(options_.on_suspect && options_.on_well && options_.on_dead,
             "the driver's heart needs all of its functions");
}

void DriverHeart::watch(NodeId node) {
  {
    std::lock_guard lock(mutex_);
    detector_.watch(node, clock().steady());
  }
  transport().wake();  // deadline() is another
}

void DriverHeart::forget(NodeId node) {
  std::lock_guard lock(mutex_);
  detector_.forget(node);
  queued_.erase(node);
}

void DriverHeart::declare_dead(NodeId node) {
  std::lock_guard lock(mutex_);
  detector_.declare_dead(node);
  queued_.erase(node);
}

std::map<NodeId, NodeHealth> DriverHeart::health() const {
  std::lock_guard lock(mutex_);
  std::map<NodeId, NodeHealth> health;
  for (const auto& [node, state] : detector_.states(clock().steady())) {
    health[node].state = state;
    if (const auto found = queued_.find(node); found != queued_.end()) health[node].queued = found->second;
  }
  return health;
}

std::optional<nanoseconds> DriverHeart::deadline() const {
  std::optional<nanoseconds> deadline;
  {
    std::lock_guard lock(mutex_);
    deadline = detector_.deadline();
  }
  if (connected_.empty()) return deadline;
  const nanoseconds hang_up = hung_up_ + options_.limits.dead;
  return deadline ? std::min(*deadline, hang_up) : hang_up;
}

void DriverHeart::receive(const ControlFrame& frame, nanoseconds now) {
  const auto* beat = std::get_if<Beat>(&frame.body);
  if (beat == nullptr || frame.source == 0) return drop_malformed();
  ControlFrame::Body answer = answer_to(frame.source, *beat, now);
  const bool stranger = std::holds_alternative<Fencing>(answer);
  if (!connect(frame.source, beat->address, stranger, now)) return drop_malformed();
  send(frame.source, std::move(answer));
}

ControlFrame::Body DriverHeart::answer_to(NodeId node, const Beat& beat, nanoseconds now) {
  std::lock_guard lock(mutex_);
  if (!detector_.heard(node, beat.progress, now)) {
    Fencing fenced;
    fenced.why = detector_.is_dead(node) ? "the driver had taken this node for dead"
                                         : "the driver does not know this node";
    return fenced;
  }
  queued_[node] = beat.queued;
  Pulse pulse;
  pulse.sequence = beat.sequence;
  pulse.time = beat.time;
  return pulse;
}

// False if nobody can connect there, or there are too many strangers.
bool DriverHeart::connect(NodeId node, const Address& address, bool stranger, nanoseconds now) {
  if (const auto found = connected_.find(node); found != connected_.end()) {
    found->second = Connected{stranger, now};
    return true;
  }
  const auto is_stranger = [](const auto& each) { return each.second.stranger; };
  if (stranger && std::ranges::count_if(connected_, is_stranger) >= kStrangersMax) return false;
  if (connected_.empty()) hung_up_ = now;
  try {
    transport().connect(node, address);
  } catch (const Error&) {  // the address came with the beat
    return false;
  }
  connected_[node] = Connected{stranger, now};
  return true;
}

// Frees the sockets of those that have not asked for a long time.
void DriverHeart::hang_up(nanoseconds now) {
  hung_up_ = now;
  std::erase_if(connected_, [&](const auto& each) {
    const bool silent = now - each.second.heard > options_.limits.dead;
    if (silent) transport().disconnect(each.first);
    return silent;
  });
}

void DriverHeart::advance(nanoseconds now) {
  if (!connected_.empty() && now >= hung_up_ + options_.limits.dead) hang_up(now);
  std::vector<FailureDetector::Change> changes;
  {
    std::lock_guard lock(mutex_);
    if (const auto due = detector_.deadline(); !due || now < *due) return;
    changes = detector_.advance(now);
    for (const FailureDetector::Change& change : changes) {
      if (change.liveness == Liveness::kDead) queued_.erase(change.node);
    }
  }
  for (const FailureDetector::Change& change : changes) {
    const auto& tell = change.liveness == Liveness::kDead      ? options_.on_dead
                       : change.liveness == Liveness::kSuspect ? options_.on_suspect
                                                               : options_.on_well;
    tell(change.node, change.silent_for);
  }
}

}  // namespace wisp::runtime
