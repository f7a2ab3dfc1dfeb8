#include "runtime/wire.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <msgpack.hpp>

#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp::runtime {
namespace {

using Kind = Envelope::Kind;

FrameHeader some_header() {
  FrameHeader header;
  header.run = 0xfedcba9876543210;
  header.source = 7;
  header.destination = 300;
  header.sequence = 1'000'000'000'000;
  header.acknowledged = 41;
  header.credit_messages = 70'000;
  header.credit_bytes = 1ull << 40;
  return header;
}

Envelope some_envelope(Kind kind, std::size_t body_size) {
  Envelope envelope;
  envelope.kind = kind;
  envelope.sender = 200;
  envelope.receiver = 70'000;
  envelope.method = 0xdeadbeef;
  envelope.call = 5;
  envelope.stream = 1ull << 33;
  envelope.body_size = static_cast<std::uint32_t>(body_size);
  return envelope;
}

std::string text_of(std::span<const std::byte> bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Bytes bytes_of(std::string_view text) { return Bytes::copy(std::as_bytes(std::span(text))); }

std::string written(const FrameHeader& header) {
  std::vector<std::byte> bytes(kHeaderSize);
  write_header(bytes.data(), header);
  return text_of(bytes);
}

std::string written(const Envelope& envelope) {
  std::vector<std::byte> bytes(kEnvelopeSizeMax);
  const std::byte* end = write_envelope(bytes.data(), envelope);
  return text_of({bytes.data(), end});
}

std::string message(Kind kind, std::string_view body) {
  return written(some_envelope(kind, body.size())).append(body);
}

// A frame of one message in an allocation of its own size, so that a sanitizer sees what is read beyond.
struct Read {
  explicit Read(std::string_view bytes) : frame(bytes_of(bytes)), error(read_header(frame.span(), header)) {
    if (error != WireError::kNone) return;
    MessageReader reader(frame);
    while (reader.next()) {
      kinds.push_back(reader.envelope().kind);
      bodies.push_back(text_of(reader.body()));
    }
    EXPECT_FALSE(reader.next()) << "went on after the end";
    error = reader.error();
    messages = reader.messages();
    charge = reader.charge();
  }
  Bytes frame;
  FrameHeader header;
  WireError error;
  std::vector<Kind> kinds;
  std::vector<std::string> bodies;
  std::uint64_t messages = 0;
  Charge charge;
};

TEST(Wire, a_header_is_read_as_it_was_written) {
  const Read read(written(some_header()));
  ASSERT_EQ(read.error, WireError::kNone);
  EXPECT_EQ(read.header.kind, FrameKind::kData);
  EXPECT_FALSE(read.header.gap);
  EXPECT_EQ(read.header.run, 0xfedcba9876543210);
  EXPECT_EQ(read.header.source, 7u);
  EXPECT_EQ(read.header.destination, 300u);
  EXPECT_EQ(read.header.sequence, 1'000'000'000'000u);
  EXPECT_EQ(read.header.acknowledged, 41u);
  EXPECT_EQ(read.header.credit_messages, 70'000u);
  EXPECT_EQ(read.header.credit_bytes, 1ull << 40);
  EXPECT_TRUE(read.bodies.empty());
}

TEST(Wire, kinds_of_frames_and_the_gap_are_told_apart) {
  for (FrameKind kind :
       {FrameKind::kData, FrameKind::kProbe, FrameKind::kAcknowledgement, FrameKind::kFenced}) {
    FrameHeader header = some_header();
    header.kind = kind;
    EXPECT_EQ(Read(written(header)).header.kind, kind);
    header.gap = true;
    const Read read(written(header));
    if (kind == FrameKind::kAcknowledgement) {
      EXPECT_EQ(read.error, WireError::kNone);
      EXPECT_TRUE(read.header.gap);
    } else {
      EXPECT_EQ(read.error, WireError::kHeader) << "only an acknowledgement asks for what is missing";
    }
  }
  FrameHeader probe = some_header();
  probe.kind = FrameKind::kProbe;
  EXPECT_EQ(Read(written(probe) + message(Kind::kTell, "x")).error, WireError::kHeader);
}

TEST(Wire, a_frame_holds_any_number_of_messages) {
  const Read read(written(some_header()) + message(Kind::kTell, "one") + message(Kind::kAnswer, "") +
                  message(Kind::kCall, std::string(100, 'x')) + message(Kind::kFailure, "four"));
  ASSERT_EQ(read.error, WireError::kNone);
  EXPECT_EQ(read.kinds, (std::vector{Kind::kTell, Kind::kAnswer, Kind::kCall, Kind::kFailure}));
  EXPECT_EQ(read.bodies, (std::vector<std::string>{"one", "", std::string(100, 'x'), "four"}));
  EXPECT_EQ(read.messages, 4u);
  EXPECT_EQ(read.charge, (Charge{2, 103})) << "tells and calls are charged, nothing else";
}

TEST(Wire, bodies_share_the_frames_memory) {
  const Bytes frame = bytes_of(written(some_header()) + message(Kind::kTell, "shared"));
  MessageReader reader(frame);
  ASSERT_TRUE(reader.next());
  const Bytes body = reader.shared_body();
  EXPECT_EQ(body.data(), reader.body().data());
  EXPECT_EQ(body.data() + 6, frame.data() + frame.size());
  EXPECT_EQ(text_of(body.span()), "shared");
}

// The runs of a frame: of how many messages and bytes each is.
std::vector<Charge> runs_of(std::string_view bytes, std::uint64_t most, WireError* error) {
  const Bytes frame = bytes_of(bytes);
  MessageReader reader(frame);
  std::vector<Charge> runs;
  while (reader.next()) {
    const MessageReader::Run run = reader.run(most);
    runs.push_back(run.charge);
    Charge walked;
    std::span<const std::byte> body;
    const std::byte* message = frame.data() + run.begin;
    while (walked.messages < run.charge.messages) {
      body = read_body(message, run.envelope_size);
      message = body.data() + body.size();
      walked += {1, body.size()};
    }
    EXPECT_EQ(walked, run.charge);
    EXPECT_EQ(body.data(), reader.body().data()) << "both are at the last of the run";
  }
  *error = reader.error();
  return runs;
}

TEST(Wire, messages_that_differ_in_their_bodies_only_are_a_run) {
  Envelope other = some_envelope(Kind::kTell, 3);
  ++other.method;
  const std::string frame = written(some_header()) + message(Kind::kTell, "one") + message(Kind::kTell, "") +
                            message(Kind::kTell, std::string(500, 'x')) + written(other) + "two" +
                            message(Kind::kTell, "three") + message(Kind::kTell, "four");
  WireError error{};
  EXPECT_EQ(runs_of(frame, 100, &error), (std::vector<Charge>{{3, 503}, {1, 3}, {2, 9}}));
  EXPECT_EQ(error, WireError::kNone);
  EXPECT_EQ(runs_of(frame, 2, &error), (std::vector<Charge>{{2, 3}, {1, 500}, {1, 3}, {2, 9}}));
  for (std::size_t cut = 1; cut < 9; ++cut) {
    EXPECT_EQ(runs_of(frame.substr(0, frame.size() - cut), 100, &error),
              (std::vector<Charge>{{3, 503}, {1, 3}, {1, 5}}));
    EXPECT_NE(error, WireError::kNone);
  }
}

TEST(Wire, the_bodys_size_can_be_set_afterwards) {
  std::vector<std::byte> bytes(kEnvelopeSizeMax);
  std::byte* const body = write_envelope(bytes.data(), some_envelope(Kind::kTell, 0));
  patch_body_size(body, 0x01020304);
  EXPECT_EQ(text_of({bytes.data(), body}), written(some_envelope(Kind::kTell, 0x01020304)));
}

TEST(Wire, a_frame_of_another_version_is_refused) {
  std::string bytes = written(some_header());
  bytes[1] = 1;
  EXPECT_EQ(Read(bytes).error, WireError::kVersion);
  EXPECT_STREQ(describe(WireError::kVersion), "it is of another wire version");
}

TEST(Wire, a_frame_cut_anywhere_is_refused) {
  const std::string first = written(some_header()) + message(Kind::kCall, "the first body");
  const std::string whole = first + message(Kind::kTell, "x");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const WireError error = Read(whole.substr(0, size)).error;
    if (size == kHeaderSize || size == first.size()) {
      EXPECT_EQ(error, WireError::kNone) << size;
    } else if (size < kHeaderSize) {
      EXPECT_EQ(error, WireError::kHeader) << size;
    } else {
      EXPECT_TRUE(error == WireError::kEnvelope || error == WireError::kBodySize) << size;
    }
  }
}

TEST(Wire, a_body_longer_than_the_frame_is_refused) {
  for (std::size_t size : {std::size_t{6}, std::size_t{0x7fffffff}, std::size_t{0xffffffff}}) {
    for (const char* more : {"", "and what makes the frame longer than the longest envelope"}) {
      const std::string body = std::string("short") + more;
      const std::size_t claimed = std::max(size, body.size() + 1);
      const Read read(written(some_header()) + written(some_envelope(Kind::kTell, claimed)) + body);
      EXPECT_EQ(read.error, WireError::kBodySize);
      EXPECT_TRUE(read.bodies.empty());
    }
  }
}

TEST(Wire, an_unknown_kind_is_refused) {
  for (int kind = 0; kind < 256; ++kind) {
    std::string bytes = written(some_header()) + message(Kind::kTell, std::string(50, 'x'));
    bytes[kHeaderSize + 1] = static_cast<char>(kind);
    const WireError wanted = kind <= static_cast<int>(kLastEnvelopeKind) ? WireError::kNone
                             : kind < 128                                ? WireError::kKind
                                                                         : WireError::kEnvelope;
    EXPECT_EQ(Read(bytes).error, wanted) << kind;
  }
}

TEST(Wire, any_other_type_byte_in_a_header_is_refused) {
  const std::string good = written(some_header());
  for (std::size_t at : {0u, 3u, 12u, 17u, 22u, 31u, 40u, 49u}) {
    for (int type = 0; type < 256; ++type) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(type);
      EXPECT_EQ(Read(bytes).error, bytes == good ? WireError::kNone : WireError::kHeader)
          << at << " " << type;
    }
  }
}

// With a body of a few bytes they end where the frame does.
TEST(Wire, the_longest_envelope_is_read_up_to_its_end_and_no_further) {
  const auto wide = [](char value) { return std::string("\xcf\x00\x00\x00\x00\x00\x00\x00", 8) + value; };
  const std::string envelope = std::string("\x97\x01", 2) + wide(1) + wide(2) +
                               std::string("\xce\x00\x00\x00\x03", 5) + wide(4) + wide(5) +
                               std::string("\xce\x00\x00\x00\x02", 5);
  ASSERT_EQ(envelope.size(), kEnvelopeReadMax);
  const Read read(written(some_header()) + envelope + "hi");
  ASSERT_EQ(read.error, WireError::kNone);
  EXPECT_EQ(read.bodies, std::vector<std::string>{"hi"});
  for (std::size_t size = 1; size < envelope.size(); ++size) {
    EXPECT_EQ(Read(written(some_header()) + envelope.substr(0, size)).error, WireError::kEnvelope) << size;
  }
  EXPECT_EQ(Read(written(some_header()) + envelope + "h").error, WireError::kBodySize);
}

TEST(Wire, integers_may_be_wider_than_they_need_but_not_than_their_field) {
  const auto with_sender = [](std::string_view sender) {
    return written(some_header()) + std::string("\x97\x00", 2) + std::string(sender) +
           std::string("\x01\xce\x00\x00\x00\x02\x03\x04\xce\x00\x00\x00\x00", 13);
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(Read(with_sender("\x05"sv)).error, WireError::kNone);
  EXPECT_EQ(Read(with_sender("\xcc\x05"sv)).error, WireError::kNone);
  EXPECT_EQ(Read(with_sender("\xcd\x00\x05"sv)).error, WireError::kNone);
  EXPECT_EQ(Read(with_sender("\xcf\x00\x00\x00\x00\xff\xff\xff\xff"sv)).error, WireError::kNone);
  EXPECT_EQ(Read(with_sender("\xcf\x00\x00\x00\x01\x00\x00\x00\x00"sv)).error, WireError::kEnvelope);
  EXPECT_EQ(Read(with_sender("\xd0\x05"sv)).error, WireError::kEnvelope) << "signed";
  EXPECT_EQ(Read(with_sender("\xff"sv)).error, WireError::kEnvelope) << "negative";
  EXPECT_EQ(Read(with_sender("\xc0"sv)).error, WireError::kEnvelope) << "nil";
  EXPECT_EQ(Read(with_sender("\xdd\xff\xff\xff\xff"sv)).error, WireError::kEnvelope) << "a huge array";
}

// What msgpack-c writes for the same values.
std::string by_msgpack(const Envelope& envelope) {
  std::ostringstream out;
  msgpack::packer<std::ostringstream> packer(out);
  packer.pack_array(7);
  packer.pack_uint8(static_cast<std::uint8_t>(envelope.kind));
  packer.pack_uint32(envelope.sender);
  packer.pack_uint32(envelope.receiver);
  packer.pack_fix_uint32(envelope.method);
  packer.pack_uint64(envelope.call);
  packer.pack_uint64(envelope.stream);
  packer.pack_fix_uint32(envelope.body_size);
  return out.str();
}

std::string by_msgpack(const FrameHeader& header) {
  std::ostringstream out;
  msgpack::packer<std::ostringstream> packer(out);
  packer.pack_array(9);
  packer.pack_uint8(kWireVersion);
  packer.pack_uint8(static_cast<std::uint8_t>(static_cast<int>(header.kind) + (header.gap ? 16 : 0)));
  packer.pack_fix_uint64(header.run);
  packer.pack_fix_uint32(header.source);
  packer.pack_fix_uint32(header.destination);
  packer.pack_fix_uint64(header.sequence);
  packer.pack_fix_uint64(header.acknowledged);
  packer.pack_fix_uint64(header.credit_messages);
  packer.pack_fix_uint64(header.credit_bytes);
  return out.str();
}

// Numbers of all widths alike.
std::uint64_t number(Rng& rng) { return rng.next64() >> rng.below(64); }

Envelope random_envelope(Rng& rng, std::size_t body_size) {
  Envelope envelope;
  envelope.kind = static_cast<Kind>(rng.below(static_cast<std::uint32_t>(kLastEnvelopeKind) + 1));
  envelope.sender = static_cast<std::uint32_t>(number(rng));
  envelope.receiver = static_cast<std::uint32_t>(number(rng));
  envelope.method = rng.next32();
  envelope.call = number(rng);
  envelope.stream = number(rng);
  envelope.body_size = static_cast<std::uint32_t>(body_size);
  return envelope;
}

TEST(Wire, is_what_msgpack_writes) {
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kData);
  for (int i = 0; i < 20'000; ++i) {
    FrameHeader header;
    header.kind = static_cast<FrameKind>(rng.below(4));
    header.gap = rng.below(2) == 1;
    header.run = number(rng);
    header.source = rng.next32();
    header.destination = static_cast<NodeId>(number(rng));
    header.sequence = number(rng);
    header.acknowledged = number(rng);
    header.credit_messages = number(rng);
    header.credit_bytes = number(rng);
    ASSERT_EQ(written(header), by_msgpack(header));
    const Envelope envelope = random_envelope(rng, rng.next32());
    ASSERT_EQ(written(envelope), by_msgpack(envelope));
  }
  for (std::uint64_t edge :
       {0ull, 127ull, 128ull, 255ull, 256ull, 65'535ull, 65'536ull, 0xffffffffull, 0x100000000ull, ~0ull}) {
    Envelope envelope;
    envelope.call = edge;
    envelope.sender = static_cast<std::uint32_t>(edge);
    EXPECT_EQ(written(envelope), by_msgpack(envelope));
  }
}

// What is read of bytes that were changed is what msgpack-c reads of them.
TEST(Wire, changed_bytes_are_refused_or_read_as_msgpack_reads_them) {
  Rng rng(wisp::test::seed(), 0, 1, Purpose::kData);
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string body(rng.below(60), 'b');
    std::string envelope = written(random_envelope(rng, body.size()));
    for (std::uint32_t flips = rng.below(3); flips > 0; --flips) {
      envelope[rng.below(static_cast<std::uint32_t>(envelope.size()))] ^=
          static_cast<char>(1 << rng.below(8));
    }
    const Bytes frame = bytes_of(written(some_header()) + envelope + body);
    MessageReader reader(frame);
    if (!reader.next()) {
      EXPECT_NE(reader.error(), WireError::kNone);
      continue;
    }
    ++accepted;
    const std::string bytes = text_of(frame.span().subspan(kHeaderSize));
    std::size_t offset = 0;
    const msgpack::object_handle handle = msgpack::unpack(bytes.data(), bytes.size(), offset);
    const msgpack::object& read = handle.get();
    ASSERT_EQ(read.type, msgpack::type::ARRAY);
    ASSERT_EQ(read.via.array.size, 7u);
    const auto field = [&](int n) { return read.via.array.ptr[n].as<std::uint64_t>(); };
    EXPECT_EQ(field(0), static_cast<std::uint64_t>(reader.envelope().kind));
    EXPECT_EQ(field(1), reader.envelope().sender);
    EXPECT_EQ(field(2), reader.envelope().receiver);
    EXPECT_EQ(field(3), reader.envelope().method);
    EXPECT_EQ(field(4), reader.envelope().call);
    EXPECT_EQ(field(5), reader.envelope().stream);
    EXPECT_EQ(field(6), reader.envelope().body_size);
    EXPECT_EQ(offset, static_cast<std::size_t>(reader.body().data() - frame.data()) - kHeaderSize);
    EXPECT_LE(offset + reader.body().size(), bytes.size());
  }
  EXPECT_GT(accepted, 10'000);
}

TEST(Wire, garbage_is_refused_or_read_but_never_beyond_its_end) {
  Rng rng(wisp::test::seed(), 0, 2, Purpose::kData);
  const std::string good = written(some_header()) + message(Kind::kTell, "one") + message(Kind::kCall, "two");
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes = good.substr(0, rng.below(static_cast<std::uint32_t>(good.size()) + 1));
    const std::uint32_t from = rng.below(2) == 0 ? 0 : kHeaderSize;  // half keep their header
    for (std::uint32_t flips = rng.below(6); flips > 0 && bytes.size() > from; --flips) {
      bytes[from + rng.below(static_cast<std::uint32_t>(bytes.size()) - from)] =
          static_cast<char>(rng.below(256));
    }
    const Read read(bytes);
    std::size_t total = 0;
    for (const std::string& body : read.bodies) total += body.size();
    EXPECT_LE(total, bytes.size());
  }
}

}  // namespace
}  // namespace wisp::runtime
