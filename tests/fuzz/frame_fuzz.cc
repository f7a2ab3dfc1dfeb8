// Frames between nodes, and heartbeats: never read beyond their end, and what is read is what msgpack-c
// reads.
#include <optional>

#include <msgpack.hpp>

#include "base/pack.h"
#include "runtime/control_frame.h"
#include "runtime/wire.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

using runtime::Charge, runtime::Envelope, runtime::FrameHeader, runtime::MessageReader, runtime::WireError;

// What came out of reading a frame.
struct Read {
  std::uint64_t messages = 0;
  Charge charge;
  WireError error = WireError::kNone;
  bool operator==(const Read&) const = default;
};

void check_header(Data frame, const FrameHeader& header) {
  std::byte again[runtime::kHeaderSize];
  runtime::write_header(again, header);
  WISP_CHECK(equal(again, frame.first(runtime::kHeaderSize)), "a header has one form");
}

// `at` is where the envelope begins.
void check_envelope(const Bytes& frame, std::size_t at, const MessageReader& reader) {
  const Envelope& envelope = reader.envelope();
  const Data bytes = frame.span().subspan(at);
  std::size_t size = 0;
  const auto handle = msgpack::unpack(reinterpret_cast<const char*>(bytes.data()), bytes.size(), size);
  const msgpack::object& object = handle.get();
  WISP_CHECK(object.type == msgpack::type::ARRAY && object.via.array.size == 7,
             "an envelope has seven fields");
  const std::uint64_t fields[] = {static_cast<std::uint64_t>(envelope.kind),
                                  envelope.sender,
                                  envelope.receiver,
                                  envelope.method,
                                  envelope.call,
                                  envelope.stream,
                                  envelope.body_size};
  for (std::size_t i = 0; i < 7; ++i) {
    WISP_CHECK(object.via.array.ptr[i].as<std::uint64_t>() == fields[i], "msgpack-c reads the same");
  }
  WISP_CHECK(frame.data() + at + size == reader.body().data(), "the body is behind the envelope");
}

Read read_singly(const Bytes& frame) {
  MessageReader reader(frame);
  const std::byte* const end = frame.data() + frame.size();
  std::size_t at = runtime::kHeaderSize;
  Charge charge;
  while (reader.next()) {
    const Data body = reader.body();
    WISP_CHECK(body.data() + body.size() <= end, "a body is in its frame");
    check_envelope(frame, at, reader);
    WISP_CHECK(reader.shared_body().data() == body.data(), "a body that is kept is the same");
    at = static_cast<std::size_t>(body.data() - frame.data()) + body.size();
    if (runtime::is_charged(reader.envelope().kind)) charge += {1, body.size()};
  }
  WISP_CHECK(!reader.next(), "the end is the end");
  WISP_CHECK(charge == reader.charge(), "what costs is counted");
  WISP_CHECK(reader.error() != WireError::kNone || at == frame.size(), "a frame is messages to its end");
  return {reader.messages(), reader.charge(), reader.error()};
}

Read read_in_runs(const Bytes& frame, std::uint64_t most) {
  MessageReader reader(frame);
  while (reader.next()) {
    if (!runtime::is_charged(reader.envelope().kind)) continue;
    const MessageReader::Run run = reader.run(most);
    WISP_CHECK(run.charge.messages >= 1 && run.charge.messages <= most, "a run is no longer than it may be");
    const std::byte* message = frame.data() + run.begin;
    Data body;
    Charge walked;
    while (walked.messages < run.charge.messages) {
      body = runtime::read_body(message, run.envelope_size);
      message = body.data() + body.size();
      walked += {1, body.size()};
    }
    WISP_CHECK(walked == run.charge && body.data() == reader.body().data(), "a run is its messages");
  }
  return {reader.messages(), reader.charge(), reader.error()};
}

void read_frame(const Bytes& frame, std::uint64_t most) {
  FrameHeader header;
  const WireError error = runtime::read_header(frame.span(), header);
  WISP_CHECK(std::string_view(runtime::describe(error)) != "unknown", "an error has a name");
  if (error != WireError::kNone) return;
  check_header(frame.span(), header);
  WISP_CHECK(read_singly(frame) == read_in_runs(frame, most), "runs are the messages, one after another");
}

void read_heartbeat(const Bytes& bytes) {
  const AllocationWatch watch;
  std::optional<runtime::ControlFrame> found;
  refused<DecodeError>([&] { found = runtime::decode_control_frame(bytes); });
  check_largest(watch, bytes.size(), 1);
  if (!found) return;
  const Bytes again = runtime::encode(*found);
  WISP_CHECK(equal(runtime::encode(runtime::decode_control_frame(again)).span(), again.span()),
             "what was encoded comes back");
}

// Behind a header that is as it should be.
Bytes framed(Data messages) {
  std::vector<std::byte> frame(runtime::kHeaderSize);
  runtime::write_header(frame.data(), FrameHeader());
  frame.insert(frame.end(), messages.begin(), messages.end());
  return Bytes(std::move(frame));
}

}  // namespace

void fuzz_frame(Data data) {
  Input input(data);
  const unsigned how = input.take<std::uint8_t>();
  const std::uint64_t most = 1 + how / 4;
  const Data rest = input.rest();
  if (how % 4 == 0) return read_heartbeat(bytes_of(rest));
  read_frame(how % 4 == 1 ? bytes_of(rest) : framed(rest), most);
}

}  // namespace wisp::fuzz
