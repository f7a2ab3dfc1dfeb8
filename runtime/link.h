#pragma once
// Link: what two nodes agree on so that each message gets from one to the other once and in order.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "runtime/transport.h"
#include "runtime/wire.h"

namespace wisp::runtime {

// Where a link's frames go: a transport that is connected to the peer.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  // False: full, or not connected; the frame was not taken. A frame that was taken may be kept: it is never
  // written again.
  virtual bool emit(const Bytes& frame) = 0;
};

// The window must be the same on both sides of a link.
struct LinkLimits {
  LinkLimits() = default;
  Charge window{65'536, 16 << 20};  // charged messages that the peer's mailboxes have not taken yet
  // Charged messages that wait for the window: room() is false beyond. So many that the link has something to
  // send when the window returns, and so few that large ones are still in the caches then.
  Charge waiting{65'536, 8 << 20};
  std::size_t frame_size = 64 << 10;  // a frame that reaches it takes no more messages
  std::chrono::nanoseconds probe_first = std::chrono::milliseconds(200);       // from the last progress
  std::chrono::nanoseconds probe_most = std::chrono::seconds(5);               // it doubles up to this
  std::chrono::nanoseconds acknowledge_after = std::chrono::milliseconds(20);  // for want of frames to send
  std::uint64_t acknowledge_frames = 32;                                       // or so many frames
  std::chrono::nanoseconds retry_after = std::chrono::milliseconds(5);         // of a sink that is full
};

// For tests that plant faults; all off.
struct LinkFaults {
  bool no_dedupe = false;      // a frame that was taken is taken again
  bool no_resend = false;      // what is missing is not sent again
  bool ignore_window = false;  // sends whatever there is
  bool accept_gap = false;     // takes the next frame that comes, whatever is missing
};

struct LinkOptions {
  LinkOptions() = default;
  std::uint64_t run = 0;
  NodeId self = 0;
  NodeId peer = 0;
  LinkLimits limits;
  LinkFaults faults;
};

struct LinkStatistics {
  std::uint64_t frames_sent = 0;  // of data, each once
  std::uint64_t messages_sent = 0;
  std::uint64_t bytes_sent = 0;  // of frames_sent, headers included
  std::uint64_t frames_resent = 0;
  std::uint64_t acknowledgements_sent = 0;  // in frames of their own
  std::uint64_t probes_sent = 0;
  std::uint64_t frames_received = 0;  // of data, taken
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t duplicates = 0;  // frames of data that were dropped: taken before
  std::uint64_t gaps = 0;        // likewise: an earlier one is missing
  std::uint64_t foreign = 0;     // frames of another run or node
  std::uint64_t violations = 0;  // of what was agreed: an impossible acknowledgement, an exceeded window
};

// One per peer node, used by one thread. It does no IO and knows no clock: frames leave through the sink that
// flush() is given, and come in by receive().
//
// Sending. Messages are packed into an open frame, which leaves, numbered, when it is full or at flush().
// Tells and calls consume the window, in messages and bytes of bodies; when it is used up they wait, while
// answers, failures and control messages pass by: those never wait. Else everything leaves in the order
// added. A message larger than the window leaves when the window is unused. A frame is kept, shared and not
// copied, until the peer has acknowledged it.
//
// Receiving. Only the next frame is taken. One that was taken before is dropped and acknowledged again; one
// that comes too early is dropped, and the missing one asked for, once. The peer then sends everything from
// there again.
//
// Acknowledgements and credit (what mailboxes took) are totals: a later one says all that an earlier one
// said, so losing one costs nothing. They travel on each frame of data, and in a frame of their own when
// enough has come together or acknowledge_after has passed.
//
// Probes. When nothing has been acknowledged or credited for probe_first while there are frames to
// acknowledge or messages that wait, a frame without messages asks where the peer is; the interval doubles
// until there is progress. So a lost last frame and a lost credit are found, and a peer that is merely busy
// is sent some 60 bytes, never copies. One timer a link: deadline(). A peer that has never been heard may not
// know yet where to answer, which the first frame says: until then that frame itself is sent again.
class Link {
 public:
  static constexpr std::size_t kLargeTail = 8 << 10;  // bytes; from here on a tail is worth its own frame

  enum class Verdict : std::uint8_t {
    kNext,       // take its messages
    kControl,    // has none
    kDuplicate,  // drop it
    kGap,        // drop it
    kForeign,    // of another run, or not from the peer to this node: drop it, nothing was done
    kFenced,     // the peer takes this node for dead
    kInvalid,    // acknowledges what was never sent: drop it, nothing was done
  };

  explicit Link(const LinkOptions& options);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Sends a message: its body, at most 4 GiB - 1 bytes, is what is appended to the buffer until end(). What
  // the buffer holds already is not the caller's. Nothing else may be called between the two.
  //   Packer packer(link.begin(envelope), Packer::Blobs::kTail);
  //   pack(packer, message);
  //   link.end(packer.take_tail());
  // The envelope's body_size is not read.
  Buffer& begin(const Envelope& envelope) {
    WISP_CHECK(!lane_, "a message is ended before the next one begins");
    charged_ = is_charged(envelope.kind);
    lane_ = charged_ && (waits() || !fits({1, 0})) ? &waiting_lane_ : &open_lane_;
    return begin_in(*lane_, envelope);
  }
  void end() {
    Lane& lane = *lane_;
    const std::size_t size = lane.buffer.size() - body_at_;
    set_body_size(lane.buffer.span().data() + body_at_, size);
    const Charge charge{charged_, charged_ ? size : 0};
    if (&lane == &open_lane_ && fits_besides(charge)) [[likely]] {
      ++lane.messages;
      out_ += charge;
      if (lane.buffer.size() >= limits_.frame_size) seal_open();
    } else {
      end_waiting(charge);
    }
    lane_ = nullptr;
  }
  // The body goes on with `tail`. A large one makes a frame of its own, in the tail's memory if what comes
  // before fits into its headroom; else the tail is copied when the frame leaves.
  void end(const Bytes& tail) {
    if (tail.empty()) {
      end();
    } else {
      end_with(tail);
    }
  }
  // The message that was begun is not sent.
  void abandon() { take_back(*std::exchange(lane_, nullptr)); }
  // A message in one.
  void add(const Envelope& envelope, std::span<const std::byte> body) {
    begin(envelope).append(body);
    end();
  }
  void add(const Envelope& envelope, std::span<const std::byte> head, const Bytes& tail) {
    if (tail.size() < kLargeTail) {
      begin(envelope).append(head);
      end(tail);
    } else {
      add_large(envelope, head, tail);
    }
  }
  // False: too much waits for the window. What is added all the same is sent, too.
  bool room() const {
    return waiting_.messages < limits_.waiting.messages && waiting_.bytes < limits_.waiting.bytes;
  }
  // A full frame is ready to leave: worth a flush() while more messages are being added.
  bool ready() const { return next_ < frames_.size() && !blocked_; }

  // Emits what may leave and is due by `now`. To be called when messages were added, frames received,
  // mailboxes drained, and at deadline(); cheap when there is nothing to do.
  void flush(std::chrono::nanoseconds now, FrameSink& sink);
  // When flush() wants to be called even if nothing happens; as of the last flush().
  std::optional<std::chrono::nanoseconds> deadline() const;

  // What to do with a frame of `frame_size` bytes that bears `header`.
  [[nodiscard]] Verdict receive(const FrameHeader& header, std::size_t frame_size);
  // After the messages of a kNext frame were read: how many they were, and their charge. False: the peer
  // exceeds the window. To be called before drained() for them.
  [[nodiscard]] bool taken(std::uint64_t messages, Charge charge);
  // Mailboxes are done with so many charged messages: their share of the window returns to the peer.
  void drained(Charge charge);
  // The transport lost its connection and has a new one: the next flush() probes if anything is at stake.
  void on_reconnected() { probe_now_ = true; }
  // The next flush() acknowledges what was received and not yet acknowledged, even if alone. For an orderly
  // close.
  void acknowledge_now() {
    answer_due_ = answer_due_ || received_ != said_received_ || drained_ != said_drained_;
  }

  // Everything that was added has left and is acknowledged.
  bool settled() const { return frames_.empty() && open_lane_.messages == 0 && waiting_.messages == 0; }
  std::size_t unacknowledged() const { return emitted_; }  // frames
  Charge waiting() const { return waiting_; }
  const LinkStatistics& statistics() const { return statistics_; }

 private:
  // Written until it leaves for the first time, shared and never changed from then on.
  struct Frame {
    Buffer written;  // with place for the header; empty if `tail` is all but that
    Bytes tail;      // of a large message: what follows `written`
    Bytes bytes;     // all of it; empty until it leaves
    std::uint64_t messages = 0;
    Charge charge;  // of a frame that waits
  };
  struct Lane {
    Buffer buffer;  // of no use unless there are messages
    std::uint64_t messages = 0;
    Charge charge;              // of the waiting lane
    std::size_t last_size = 0;  // of the frame before
  };
  static constexpr std::chrono::nanoseconds kNever = std::chrono::nanoseconds::max();

  Buffer& begin_in(Lane& lane, const Envelope& envelope) {
    if (lane.messages == 0) start(lane);
    Buffer& buffer = lane.buffer;
    message_at_ = buffer.size();
    std::byte* const place = buffer.extend(kEnvelopeSizeMax);
    body_at_ = message_at_ + static_cast<std::size_t>(write_envelope(place, envelope) - place);
    buffer.truncate(body_at_);
    return buffer;
  }
  static void set_body_size(std::byte* body, std::size_t size) {
    WISP_CHECK(size <= UINT32_MAX, "a message is smaller than 4 GiB");
    patch_body_size(body, static_cast<std::uint32_t>(size));
  }
  void take_back(Lane& lane) { lane.buffer.truncate(message_at_); }
  bool waits() const { return waiting_.messages > 0; }
  bool fits(Charge more) const {
    return (out_.messages + more.messages <= granted_.messages &&
            out_.bytes + more.bytes <= granted_.bytes) ||
           unused() || faults_.ignore_window;
  }
  bool fits_besides(Charge more) const { return more.messages == 0 || fits(more); }
  bool unused() const { return out_.messages + limits_.window.messages == granted_.messages; }

  void end_with(const Bytes& tail);
  void add_large(const Envelope& envelope, std::span<const std::byte> head, const Bytes& tail);
  void push_large(std::span<std::byte> envelope, std::span<const std::byte> head, const Bytes& tail,
                  bool charged);
  void end_waiting(Charge charge);
  void start(Lane& lane);
  static Frame cut(Lane& lane);
  void seal_open();
  void seal_waiting();
  void let_through();
  bool emit_frames(FrameSink& sink);
  void prepare(Frame& frame);
  bool emit_acknowledgement(std::chrono::nanoseconds now, FrameSink& sink);
  bool emit_probe(std::chrono::nanoseconds now, FrameSink& sink);
  bool emit_control(FrameKind kind, bool gap, FrameSink& sink);
  bool emit_first(FrameSink& sink);
  FrameHeader header(FrameKind kind) const;
  void said_all();
  void take_acknowledgement(const FrameHeader& header);
  Verdict take_data(std::uint64_t sequence, std::size_t frame_size);
  void ask_again();

  const LinkOptions options_;
  const LinkLimits& limits_ = options_.limits;
  const LinkFaults& faults_ = options_.faults;

  // Sending. frames_: first those that left and are not acknowledged, then those that will.
  Lane open_lane_;
  Lane waiting_lane_;
  Lane* lane_ = nullptr;        // of the message between begin() and end()
  bool charged_ = false;        // likewise
  std::size_t message_at_ = 0;  // likewise: where in its frame it begins
  std::size_t body_at_ = 0;
  std::deque<Frame> frames_;
  std::size_t emitted_ = 0;  // of frames_, those that left at least once
  std::size_t next_ = 0;     // of frames_, the next to leave; before emitted_ while sending again
  std::uint64_t sent_ = 0;   // number of the last frame that left
  std::uint64_t acknowledged_ = 0;
  Charge out_;      // all that was let through, since the beginning
  Charge granted_;  // what it may become
  std::deque<Frame> waiting_frames_;
  Charge waiting_;  // of waiting_frames_ and waiting_lane_

  // Receiving.
  bool heard_ = false;  // anything at all
  std::uint64_t received_ = 0;
  Charge taken_;
  Charge drained_;
  std::uint64_t gap_asked_ = 0;  // the missing frame that was asked for last
  bool gap_due_ = false;
  bool answer_due_ = false;
  std::uint64_t said_received_ = 0;  // what the peer was told last
  Charge said_drained_;
  std::uint64_t bytes_unsaid_ = 0;  // of frames received since

  // Time.
  bool blocked_ = false;
  bool progress_ = false;
  bool probe_now_ = false;
  std::chrono::nanoseconds acknowledge_at_ = kNever;
  std::chrono::nanoseconds probe_at_ = kNever;
  std::chrono::nanoseconds probe_interval_{};
  std::chrono::nanoseconds retry_at_ = kNever;

  LinkStatistics statistics_;
};

}  // namespace wisp::runtime
