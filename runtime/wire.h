#pragma once
// What travels between nodes, byte by byte: a frame is a header and messages, each an envelope and its body,
// every byte msgpack. Reading trusts nobody, allocates nothing and throws nothing.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.h"
#include "runtime/transport.h"

namespace wisp::runtime {

inline constexpr std::uint8_t kWireVersion = 5;

enum class FrameKind : std::uint8_t {
  kData,             // messages follow
  kProbe,            // asks for an acknowledgement; no messages
  kAcknowledgement,  // what the header says is all there is
  kFenced,           // the sender takes the receiver for dead and listens to it no more
};

// An array of nine, each of fixed width, so that a frame's header is written when the frame leaves:
//   version fixint | kind and gap fixint | run uint64 | source uint32 | destination uint32 | sequence uint64
//   | acknowledged uint64 | credit messages uint64 | credit bytes uint64
struct FrameHeader {
  FrameHeader() = default;
  FrameKind kind = FrameKind::kData;
  bool gap = false;       // of acknowledgements: frames after `acknowledged` are missing, send them again
  std::uint64_t run = 0;  // drawn anew for each run: a frame of another run on a reused port is dropped
  NodeId source = 0;
  NodeId destination = 0;
  std::uint64_t sequence = 0;      // 1, 2, ... from source to destination; not kData: of the last kData sent
  std::uint64_t acknowledged = 0;  // the last frame that source has from destination, and all before it
  // What source's mailboxes have taken of destination's charged messages, since the beginning.
  std::uint64_t credit_messages = 0;
  std::uint64_t credit_bytes = 0;
};
inline constexpr std::size_t kHeaderSize = 58;

// An array of seven: kind | sender | receiver | method uint32 | call | stream | body size uint32. Integers
// whose width is not named are as short as they can be.
struct Envelope {
  enum class Kind : std::uint8_t {
    kTell,     // body: packed arguments; nobody waits
    kCall,     // body: packed arguments
    kAnswer,   // body: the packed result, empty for void
    kFailure,  // body: a Failure
    kCancel,   // the caller no longer waits for `call`
    kDurable,  // `stream` and all before it are saved
  };
  Envelope() = default;
  Kind kind = Kind::kTell;
  std::uint32_t sender = 0;    // index of the actor within its node; 0: the node itself
  std::uint32_t receiver = 0;  // likewise
  std::uint32_t method = 0;
  std::uint64_t call = 0;       // the caller's number of the call; 0 for kTell
  std::uint64_t stream = 0;     // number of a durable message; 0: not durable
  std::uint32_t body_size = 0;  // bytes that follow; filled in by who writes the body
};
inline constexpr std::size_t kEnvelopeSizeMax = 40;  // as they are written
inline constexpr std::size_t kEnvelopeReadMax = 48;  // with integers as wide as they may be
inline constexpr Envelope::Kind kLastEnvelopeKind = Envelope::Kind::kDurable;

// What messages cost of a link's window. Bytes are those of bodies.
struct Charge {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  bool operator==(const Charge&) const = default;
  Charge operator+(Charge more) const { return {messages + more.messages, bytes + more.bytes}; }
  Charge operator-(Charge less) const { return {messages - less.messages, bytes - less.bytes}; }
  Charge& operator+=(Charge more) { return *this = *this + more; }
  Charge& operator-=(Charge less) { return *this = *this - less; }
};

// Only what starts work needs the window; answers, failures and control never wait.
inline bool is_charged(Envelope::Kind kind) {
  return kind == Envelope::Kind::kTell || kind == Envelope::Kind::kCall;
}

enum class WireError : std::uint8_t {
  kNone,
  kHeader,    // no header of a frame
  kVersion,   // of another wire version
  kEnvelope,  // no envelope where one should be
  kKind,      // an envelope of a kind that nobody knows
  kBodySize,  // a message longer than its frame
};
// "a message is longer than its frame": completes "a frame was dropped: ...".
const char* describe(WireError error);

// Writes kHeaderSize bytes.
void write_header(std::byte* to, const FrameHeader& header);
// Anything but kNone leaves `header` unspecified.
WireError read_header(std::span<const std::byte> frame, FrameHeader& header);

namespace wire_detail {

inline constexpr std::byte kUint8{0xcc}, kUint16{0xcd}, kUint32{0xce}, kUint64{0xcf};
inline constexpr std::byte kArrayOf7{0x97}, kArrayOf9{0x99};

inline std::uint16_t swap(std::uint16_t value) { return __builtin_bswap16(value); }
inline std::uint32_t swap(std::uint32_t value) { return __builtin_bswap32(value); }
inline std::uint64_t swap(std::uint64_t value) { return __builtin_bswap64(value); }

// msgpack is big-endian.
template <class T>
void store(std::byte* to, T value) {
  const T swapped = swap(value);
  std::memcpy(to, &swapped, sizeof(T));
}
template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return swap(value);
}

template <class T>
std::byte* put(std::byte* to, std::byte type, T value) {
  *to = type;
  store(to + 1, value);
  return to + 1 + sizeof(T);
}

inline std::byte* put_short(std::byte* to, std::uint64_t value) {
  if (value < 0x80) {
    *to = static_cast<std::byte>(value);
    return to + 1;
  }
  if (value <= 0xff) {
    to[0] = kUint8;
    to[1] = static_cast<std::byte>(value);
    return to + 2;
  }
  if (value <= 0xffff) return put(to, kUint16, static_cast<std::uint16_t>(value));
  if (value <= 0xffffffff) return put(to, kUint32, static_cast<std::uint32_t>(value));
  return put(to, kUint64, value);
}

// Up to 9 bytes are looked at. Null: no unsigned integer.
inline const std::byte* get_short(const std::byte* from, std::uint64_t& value) {
  const std::byte type = *from;
  if (type < std::byte{0x80}) {
    value = static_cast<std::uint64_t>(type);
    return from + 1;
  }
  switch (type) {
    case kUint8:
      value = static_cast<std::uint64_t>(from[1]);
      return from + 2;
    case kUint16:
      value = load<std::uint16_t>(from + 1);
      return from + 3;
    case kUint32:
      value = load<std::uint32_t>(from + 1);
      return from + 5;
    case kUint64:
      value = load<std::uint64_t>(from + 1);
      return from + 9;
    default:
      return nullptr;
  }
}

inline const std::byte* get_short(const std::byte* from, std::uint32_t& value) {
  std::uint64_t wide = 0;
  from = get_short(from, wide);
  value = static_cast<std::uint32_t>(wide);
  return wide <= 0xffffffff ? from : nullptr;
}

// kEnvelopeReadMax bytes can be read, whatever they are. Null: no envelope. The kind is not checked.
inline const std::byte* get_envelope(const std::byte* from, Envelope& envelope) {
  if (from[0] != kArrayOf7 || from[1] >= std::byte{0x80}) return nullptr;
  envelope.kind = static_cast<Envelope::Kind>(from[1]);
  if (!(from = get_short(from + 2, envelope.sender))) return nullptr;
  if (!(from = get_short(from, envelope.receiver)) || *from != kUint32) return nullptr;
  envelope.method = load<std::uint32_t>(from + 1);
  if (!(from = get_short(from + 5, envelope.call))) return nullptr;
  if (!(from = get_short(from, envelope.stream)) || *from != kUint32) return nullptr;
  envelope.body_size = load<std::uint32_t>(from + 1);
  return from + 5;
}

}  // namespace wire_detail

// Writes at most kEnvelopeSizeMax bytes and returns where the body goes; the body's size is in the 4 bytes
// before.
inline std::byte* write_envelope(std::byte* to, const Envelope& envelope) {
  using wire_detail::kUint32, wire_detail::put, wire_detail::put_short;
  to[0] = wire_detail::kArrayOf7;
  to[1] = static_cast<std::byte>(envelope.kind);
  to = put_short(to + 2, envelope.sender);
  to = put_short(to, envelope.receiver);
  to = put(to, kUint32, envelope.method);
  to = put_short(to, envelope.call);
  to = put_short(to, envelope.stream);
  return put(to, kUint32, envelope.body_size);
}
inline void patch_body_size(std::byte* body, std::uint32_t size) { wire_detail::store(body - 4, size); }

// The body after an envelope of that size.
inline std::span<const std::byte> read_body(const std::byte* envelope, std::size_t size) {
  return {envelope + size, wire_detail::load<std::uint32_t>(envelope + size - 4)};
}

// Walks over the messages of a frame whose header read_header() accepted. The frame must outlive it.
//   MessageReader reader(frame);
//   while (reader.next()) handle(reader.envelope(), reader.body());
//   if (reader.error() != WireError::kNone) ...
class MessageReader {
 public:
  explicit MessageReader(const Bytes& frame)
      : frame_(frame), next_(frame.data() + kHeaderSize), end_(frame.data() + frame.size()) {}

  // To the next message. False: there is none, or the bytes are none (see error()), now and ever after.
  bool next() {
    const auto left = static_cast<std::size_t>(end_ - next_);
    if (left < kEnvelopeReadMax) return next_of_few(left);
    return take(wire_detail::get_envelope(next_, envelope_), left);
  }
  // Messages in a row that differ in their bodies only.
  struct Run {
    std::size_t begin = 0;  // of the first, in the frame
    std::size_t envelope_size = 0;
    Charge charge;
  };
  // From the present message, which is charged, over at most `most`; the last becomes the present one.
  Run run(std::uint64_t most);
  const Bytes& frame() const { return frame_; }
  const Envelope& envelope() const { return envelope_; }
  std::span<const std::byte> body() const { return {body_, envelope_.body_size}; }
  // The same as a share of the frame, to keep.
  Bytes shared_body() const {
    return frame_.slice(static_cast<std::size_t>(body_ - frame_.data()), envelope_.body_size);
  }
  WireError error() const { return error_; }
  // Of the messages so far.
  Charge charge() const { return charge_; }
  std::uint64_t messages() const { return messages_; }

 private:
  // The last envelope of a frame may be read past the frame's end: not there, but in a copy.
  bool next_of_few(std::size_t left);
  bool take(const std::byte* body, std::size_t left) {
    if (!body) return fail(WireError::kEnvelope);
    if (envelope_.kind > kLastEnvelopeKind) return fail(WireError::kKind);
    const std::size_t envelope_size = static_cast<std::size_t>(body - next_);
    if (envelope_.body_size > left - envelope_size) return fail(WireError::kBodySize);
    message_ = next_;
    body_ = body;
    next_ = body + envelope_.body_size;
    ++messages_;
    if (is_charged(envelope_.kind)) charge_ += {1, envelope_.body_size};
    return true;
  }
  bool fail(WireError error) {
    error_ = error;
    next_ = end_;
    return false;
  }

  const Bytes& frame_;
  const std::byte* next_;
  const std::byte* end_;
  const std::byte* message_ = nullptr;
  const std::byte* body_ = nullptr;
  Envelope envelope_;
  Charge charge_;
  std::uint64_t messages_ = 0;
  WireError error_ = WireError::kNone;
};

}  // namespace wisp::runtime
