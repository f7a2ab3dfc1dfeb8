#include "runtime/wire.h"

#include <algorithm>
#include <array>

namespace wisp::runtime {
namespace {

using wire_detail::get_envelope, wire_detail::kArrayOf9, wire_detail::kUint32, wire_detail::kUint64;
using wire_detail::load, wire_detail::put;

constexpr std::uint8_t kGapBit = 0x10;

// Where each field of the header begins, at its type byte.
constexpr std::size_t kVersionAt = 1, kKindAt = 2, kRunAt = 3, kSourceAt = 12, kDestinationAt = 17,
                      kSequenceAt = 22, kAcknowledgedAt = 31, kCreditMessagesAt = 40, kCreditBytesAt = 49;
static_assert(kCreditBytesAt + 9 == kHeaderSize);

template <class T>
bool get(const std::byte* from, std::byte type, T& value) {
  value = load<T>(from + 1);
  return *from == type;
}

// Of 8 bytes or more; short ones are compared in place.
bool equal(const std::byte* a, const std::byte* b, std::size_t size) {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  if (size > 2 * kWord) return std::memcmp(a, b, size) == 0;
  const std::size_t last = size - kWord;
  return load<std::uint64_t>(a) == load<std::uint64_t>(b) &&
         load<std::uint64_t>(a + last) == load<std::uint64_t>(b + last);
}

}  // namespace

const char* describe(WireError error) {
  switch (error) {
    case WireError::kNone:
      return "nothing is wrong";
    case WireError::kHeader:
      return "it does not begin with a frame's header";
    case WireError::kVersion:
      return "it is of another wire version";
    case WireError::kEnvelope:
      return "a message does not begin with an envelope";
    case WireError::kKind:
      return "a message is of an unknown kind";
    case WireError::kBodySize:
      return "a message is longer than its frame";
  }
  return "unknown";
}

void write_header(std::byte* to, const FrameHeader& header) {
  to[0] = kArrayOf9;
  to[kVersionAt] = std::byte{kWireVersion};
  to[kKindAt] = static_cast<std::byte>(header.kind) | std::byte{header.gap ? kGapBit : std::uint8_t{0}};
  put(to + kRunAt, kUint64, header.run);
  put(to + kSourceAt, kUint32, header.source);
  put(to + kDestinationAt, kUint32, header.destination);
  put(to + kSequenceAt, kUint64, header.sequence);
  put(to + kAcknowledgedAt, kUint64, header.acknowledged);
  put(to + kCreditMessagesAt, kUint64, header.credit_messages);
  put(to + kCreditBytesAt, kUint64, header.credit_bytes);
}

WireError read_header(std::span<const std::byte> frame, FrameHeader& header) {
  if (frame.size() < kHeaderSize || frame[0] != kArrayOf9 || frame[kVersionAt] >= std::byte{0x80})
    return WireError::kHeader;
  if (frame[kVersionAt] != std::byte{kWireVersion}) return WireError::kVersion;
  const auto bits = static_cast<std::uint8_t>(frame[kKindAt]);
  const std::byte* from = frame.data();
  const bool typed = get(from + kRunAt, kUint64, header.run) &&
                     get(from + kSourceAt, kUint32, header.source) &&
                     get(from + kDestinationAt, kUint32, header.destination) &&
                     get(from + kSequenceAt, kUint64, header.sequence) &&
                     get(from + kAcknowledgedAt, kUint64, header.acknowledged) &&
                     get(from + kCreditMessagesAt, kUint64, header.credit_messages) &&
                     get(from + kCreditBytesAt, kUint64, header.credit_bytes);
  header.gap = (bits & kGapBit) != 0;
  header.kind = static_cast<FrameKind>(bits & ~kGapBit);
  const bool alone = header.kind == FrameKind::kData || frame.size() == kHeaderSize;
  const bool gap_fits = !header.gap || header.kind == FrameKind::kAcknowledgement;
  return typed && header.kind <= FrameKind::kFenced && alone && gap_fits ? WireError::kNone
                                                                         : WireError::kHeader;
}

MessageReader::Run MessageReader::run(std::uint64_t most) {
  const Charge before = charge_ - Charge{1, envelope_.body_size};
  const std::byte* const first = message_;
  Run run;
  run.begin = static_cast<std::size_t>(first - frame_.data());
  run.envelope_size = static_cast<std::size_t>(body_ - first);
  const std::size_t same = run.envelope_size - sizeof(std::uint32_t);  // all but the body's size
  while (charge_.messages - before.messages < most &&
         static_cast<std::size_t>(end_ - next_) >= run.envelope_size && equal(next_, first, same) && next()) {
  }
  run.charge = charge_ - before;
  return run;
}

bool MessageReader::next_of_few(std::size_t left) {
  if (left == 0) return false;
  // A cut envelope is continued by zeros: its body size is then missing, or ends behind the frame.
  std::array<std::byte, kEnvelopeReadMax> copy{};
  std::copy(next_, end_, copy.begin());
  const std::byte* body = get_envelope(copy.data(), envelope_);
  if (!body || static_cast<std::size_t>(body - copy.data()) > left) return fail(WireError::kEnvelope);
  return take(next_ + (body - copy.data()), left);
}

}  // namespace wisp::runtime
