#include "runtime/link.h"

#include <algorithm>
#include <utility>

namespace wisp::runtime {
namespace {

// What waits is let through frame by frame: no frame may need more than this part of the window.
constexpr std::uint64_t kParts = 4;
// The peer hears of what it may reuse when it has come to this part of the window: well before it stalls.
constexpr std::uint64_t kReportedParts = 8;

std::uint64_t part(std::uint64_t whole, std::uint64_t parts) {
  return std::max<std::uint64_t>(1, whole / parts);
}

// Frames begin with memory for twice what the last one took, from this on, and end with that of a full frame
// and a message more.
constexpr std::size_t kFrameMemoryMin = 512;
constexpr std::size_t kMessageMemory = 8 << 10;

}  // namespace

Link::Link(const LinkOptions& options) : options_(options), granted_(options.limits.window) {
  WISP_CHECK(limits_.window.messages > 0 && limits_.window.bytes > 0, "a window lets something through");
}

void Link::end_with(const Bytes& tail) {
  Buffer& buffer = lane_->buffer;
  if (tail.size() < kLargeTail) {
    buffer.append(tail.span());
    end();
    return;
  }
  const std::span<std::byte> message = buffer.span().subspan(message_at_);
  const std::size_t envelope_size = body_at_ - message_at_;
  take_back(*std::exchange(lane_, nullptr));  // it is read before anything is written there
  push_large(message.first(envelope_size), message.subspan(envelope_size), tail, charged_);
}

void Link::add_large(const Envelope& envelope, std::span<const std::byte> head, const Bytes& tail) {
  WISP_CHECK(!lane_, "a message is ended before the next one begins");
  std::byte place[kEnvelopeSizeMax];
  const std::span<std::byte> written(place, write_envelope(place, envelope));
  push_large(written, head, tail, is_charged(envelope.kind));
}

void Link::push_large(std::span<std::byte> envelope, std::span<const std::byte> head, const Bytes& tail,
                      bool charged) {
  const std::size_t body_size = head.size() + tail.size();
  set_body_size(envelope.data() + envelope.size(), body_size);
  Frame frame;
  frame.messages = 1;
  if (charged) frame.charge = {1, body_size};
  std::optional<Bytes> joined;
  if (tail.has_headroom(kHeaderSize + envelope.size() + head.size())) joined = tail.prepend(head);
  if (joined) joined = joined->prepend(envelope);
  if (joined) {
    frame.tail = *std::move(joined);  // nobody else knows where it begins, so the place before stays free
  } else {
    frame.tail = tail;
    frame.written = Buffer::with_capacity(kHeaderSize + envelope.size() + head.size(), 0);
    frame.written.extend(kHeaderSize);
    frame.written.append(envelope);
    frame.written.append(head);
  }
  if (!(charged && waits()) && fits_besides(frame.charge)) {
    seal_open();
    out_ += frame.charge;
    frames_.push_back(std::move(frame));
  } else {
    seal_waiting();
    waiting_ += frame.charge;
    waiting_frames_.push_back(std::move(frame));
  }
}

// The message that was just written waits for the window; it may stand where it can't stay.
void Link::end_waiting(Charge charge) {
  const Charge together = waiting_lane_.charge + charge;
  const bool too_much = together.messages > part(limits_.window.messages, kParts) ||
                        together.bytes > part(limits_.window.bytes, kParts);
  if (lane_ == &open_lane_ || (waiting_lane_.messages > 0 && too_much)) {
    Buffer message;
    message.append(lane_->buffer.span().subspan(message_at_));
    take_back(*lane_);
    seal_waiting();
    start(waiting_lane_);
    waiting_lane_.buffer.append(message.span());
  }
  ++waiting_lane_.messages;
  waiting_lane_.charge += charge;
  waiting_ += charge;
  if (waiting_lane_.buffer.size() >= limits_.frame_size) seal_waiting();
}

void Link::start(Lane& lane) {
  if (lane.buffer.capacity() == 0) {
    const std::size_t memory =
        std::clamp(2 * lane.last_size, kFrameMemoryMin, limits_.frame_size + kMessageMemory);
    lane.buffer = Buffer::with_capacity(memory, 0);
  }
  lane.buffer.truncate(0);
  lane.buffer.extend(kHeaderSize);
}

Link::Frame Link::cut(Lane& lane) {
  lane.last_size = lane.buffer.size();
  Frame frame;
  frame.written = std::exchange(lane.buffer, Buffer());
  frame.messages = std::exchange(lane.messages, 0);
  frame.charge = std::exchange(lane.charge, Charge());
  return frame;
}

void Link::seal_open() {
  if (open_lane_.messages > 0) frames_.push_back(cut(open_lane_));
}

void Link::seal_waiting() {
  if (waiting_lane_.messages > 0) waiting_frames_.push_back(cut(waiting_lane_));
}

void Link::let_through() {
  while (waits()) {
    const bool sealed = !waiting_frames_.empty();
    const Charge charge = sealed ? waiting_frames_.front().charge : waiting_lane_.charge;
    if (!fits(charge)) return;
    if (!sealed) seal_waiting();
    seal_open();
    out_ += charge;
    waiting_ -= charge;
    frames_.push_back(std::move(waiting_frames_.front()));
    waiting_frames_.pop_front();
  }
}

void Link::flush(std::chrono::nanoseconds now, FrameSink& sink) {
  WISP_CHECK(!lane_, "a message is ended before anything else is done");
  let_through();
  bool taken = emit_frames(sink);
  if (taken && open_lane_.messages > 0) {  // else it goes on filling
    seal_open();
    taken = emit_frames(sink);
  }
  blocked_ = !(taken && emit_acknowledgement(now, sink) && emit_probe(now, sink));
  retry_at_ = now + limits_.retry_after;
}

std::optional<std::chrono::nanoseconds> Link::deadline() const {
  const auto at = blocked_ ? retry_at_ : std::min(acknowledge_at_, probe_at_);
  return at == kNever ? std::nullopt : std::optional(at);
}

bool Link::emit_frames(FrameSink& sink) {
  for (; next_ < frames_.size(); ++next_) {
    Frame& frame = frames_[next_];
    const bool fresh = frame.bytes.empty();
    if (fresh) prepare(frame);
    if (!sink.emit(frame.bytes)) return false;
    if (fresh) said_all();
    if (next_ < emitted_) {
      ++statistics_.frames_resent;
      continue;
    }
    ++emitted_;
    ++sent_;
    ++statistics_.frames_sent;
    statistics_.messages_sent += frame.messages;
    statistics_.bytes_sent += frame.bytes.size();
  }
  return true;
}

// Once: afterwards others may be reading it. An acknowledgement that is old by the time it gets there says
// less, but nothing wrong.
void Link::prepare(Frame& frame) {
  FrameHeader data = header(FrameKind::kData);
  data.sequence = sent_ + 1;
  if (frame.written.empty()) {
    std::byte place[kHeaderSize];
    write_header(place, data);
    frame.bytes = frame.tail.prepend(place).value();
  } else {
    write_header(frame.written.span().data(), data);
    frame.written.append(frame.tail.span());
    frame.bytes = std::move(frame.written).freeze();
  }
  frame.tail = Bytes();
}

bool Link::emit_acknowledgement(std::chrono::nanoseconds now, FrameSink& sink) {
  const Charge unsaid = drained_ - said_drained_;
  const std::uint64_t frames = received_ - said_received_;
  if (frames == 0 && unsaid == Charge() && !answer_due_ && !gap_due_) {
    acknowledge_at_ = kNever;
    return true;
  }
  if (acknowledge_at_ == kNever) acknowledge_at_ = now + limits_.acknowledge_after;
  const bool due = answer_due_ || gap_due_ || frames >= limits_.acknowledge_frames ||
                   bytes_unsaid_ >= part(limits_.window.bytes, kReportedParts) ||
                   unsaid.messages >= part(limits_.window.messages, kReportedParts) ||
                   unsaid.bytes >= part(limits_.window.bytes, kReportedParts) || now >= acknowledge_at_;
  if (!due) return true;
  if (!emit_control(FrameKind::kAcknowledgement, gap_due_, sink)) return false;
  ++statistics_.acknowledgements_sent;
  gap_due_ = false;
  return true;
}

// The one place where the timer of probes is set.
bool Link::emit_probe(std::chrono::nanoseconds now, FrameSink& sink) {
  const bool at_stake = emitted_ > 0 || waits();
  const bool reconnected = std::exchange(probe_now_, false);
  const bool progress = std::exchange(progress_, false);
  if (!at_stake) {
    probe_at_ = kNever;
    return true;
  }
  if (probe_at_ == kNever || progress || reconnected) {
    probe_interval_ = limits_.probe_first;
    probe_at_ = reconnected ? now : now + probe_interval_;
  }
  if (now < probe_at_) return true;
  probe_interval_ = std::min(2 * probe_interval_, limits_.probe_most);
  probe_at_ = now + probe_interval_;
  if (!heard_ && emitted_ > 0 && !faults_.no_resend) return emit_first(sink);
  if (!emit_control(FrameKind::kProbe, false, sink)) return false;
  ++statistics_.probes_sent;
  return true;
}

bool Link::emit_first(FrameSink& sink) {
  if (!sink.emit(frames_.front().bytes)) return false;
  ++statistics_.frames_resent;
  return true;
}

bool Link::emit_control(FrameKind kind, bool gap, FrameSink& sink) {
  FrameHeader control = header(kind);
  control.gap = gap;
  std::vector<std::byte> bytes(kHeaderSize);
  write_header(bytes.data(), control);
  if (!sink.emit(Bytes(std::move(bytes)))) return false;
  said_all();
  return true;
}

FrameHeader Link::header(FrameKind kind) const {
  FrameHeader header;
  header.kind = kind;
  header.run = options_.run;
  header.source = options_.self;
  header.destination = options_.peer;
  header.sequence = sent_;
  header.acknowledged = received_;
  header.credit_messages = drained_.messages;
  header.credit_bytes = drained_.bytes;
  return header;
}

// A frame left that bears all that there is to say to the peer, but for a gap.
void Link::said_all() {
  said_received_ = received_;
  said_drained_ = drained_;
  bytes_unsaid_ = 0;
  answer_due_ = false;
  acknowledge_at_ = kNever;
}

Link::Verdict Link::receive(const FrameHeader& header, std::size_t frame_size) {
  if (header.run != options_.run || header.source != options_.peer || header.destination != options_.self) {
    ++statistics_.foreign;
    return Verdict::kForeign;
  }
  heard_ = true;
  if (header.kind == FrameKind::kFenced) return Verdict::kFenced;
  if (header.acknowledged > sent_ || header.credit_messages > out_.messages ||
      header.credit_bytes > out_.bytes) {
    ++statistics_.violations;
    return Verdict::kInvalid;
  }
  take_acknowledgement(header);
  if (header.kind == FrameKind::kData) return take_data(header.sequence, frame_size);
  if (header.kind == FrameKind::kProbe) {
    answer_due_ = true;
    if (header.sequence > received_) ask_again();
  }
  return Verdict::kControl;
}

void Link::take_acknowledgement(const FrameHeader& header) {
  if (header.acknowledged > acknowledged_) {
    const auto count = static_cast<std::size_t>(header.acknowledged - acknowledged_);
    frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(count));
    emitted_ -= count;
    next_ -= std::min(next_, count);
    acknowledged_ = header.acknowledged;
    progress_ = true;
  }
  const Charge granted = Charge{header.credit_messages, header.credit_bytes} + limits_.window;
  if (granted.messages > granted_.messages) {
    granted_ = granted;
    progress_ = true;
  }
  const bool current = header.acknowledged == acknowledged_;  // not overtaken by a later one
  if (header.gap && current && !faults_.no_resend) next_ = 0;
}

Link::Verdict Link::take_data(std::uint64_t sequence, std::size_t frame_size) {
  if (sequence <= received_) {
    if (faults_.no_dedupe) return Verdict::kNext;
    ++statistics_.duplicates;
    answer_due_ = true;
    return Verdict::kDuplicate;
  }
  if (sequence > received_ + 1 && !faults_.accept_gap) {
    ++statistics_.gaps;
    if (gap_asked_ != received_ + 1) ask_again();
    return Verdict::kGap;
  }
  received_ = sequence;
  gap_due_ = false;
  bytes_unsaid_ += frame_size;
  ++statistics_.frames_received;
  statistics_.bytes_received += frame_size;
  return Verdict::kNext;
}

void Link::ask_again() {
  gap_due_ = true;
  gap_asked_ = received_ + 1;
}

bool Link::taken(std::uint64_t messages, Charge charge) {
  statistics_.messages_received += messages;
  taken_ += charge;
  const Charge held = taken_ - drained_;
  const bool obeys =
      held.messages <= 1 || (held.messages <= limits_.window.messages && held.bytes <= limits_.window.bytes);
  if (!obeys) ++statistics_.violations;
  return obeys;
}

void Link::drained(Charge charge) {
  drained_ += charge;
  WISP_CHECK(drained_.messages <= taken_.messages && drained_.bytes <= taken_.bytes,
             "only what was taken is given back");
}

}  // namespace wisp::runtime
