#include "runtime/control_frame.h"

namespace wisp::runtime {

namespace {

struct Header {
  Header() = default;
  std::uint8_t version = kControlVersion;
  std::uint8_t kind = 0;
  std::uint64_t run = 0;
  NodeId source = 0;
  NodeId destination = 0;
  template <class F>
  void fields(F& f) {
    f(version, kind, run, source, destination);
  }
};

// The kinds are those of Body, in its order.
template <std::size_t kind = 0>
ControlFrame::Body unpack_body(std::size_t wanted, Unpacker& unpacker) {
  if constexpr (kind == std::variant_size_v<ControlFrame::Body>) {
    throw DecodeError("a control frame of unknown kind " + std::to_string(wanted));
  } else {
    if (wanted != kind) return unpack_body<kind + 1>(wanted, unpacker);
    std::variant_alternative_t<kind, ControlFrame::Body> body;
    unpack(unpacker, body);
    return body;
  }
}

}  // namespace

Bytes encode(const ControlFrame& frame) {
  Header header;
  header.kind = static_cast<std::uint8_t>(frame.body.index());
  header.run = frame.run;
  header.source = frame.source;
  header.destination = frame.destination;
  Packer packer;
  pack(packer, header);
  std::visit([&packer](const auto& body) { pack(packer, body); }, frame.body);
  return packer.finish();
}

ControlFrame decode_control_frame(const Bytes& bytes) {
  Unpacker unpacker(bytes);
  Header header;
  unpack(unpacker, header);
  if (header.version != kControlVersion) {
    throw DecodeError("a control frame of version " + std::to_string(header.version) + " where " +
                      std::to_string(kControlVersion) + " is spoken");
  }
  ControlFrame frame;
  frame.run = header.run;
  frame.source = header.source;
  frame.destination = header.destination;
  frame.body = unpack_body(header.kind, unpacker);
  unpacker.expect_end();
  return frame;
}

}  // namespace wisp::runtime
