#include "runtime/frame.h"

namespace wisp::runtime {

Bytes encode(const FrameHeader& header, const Message& message) {
  Packer packer;
  pack(packer, header);
  Envelope envelope = message.envelope;
  envelope.body_size = static_cast<std::uint32_t>(message.body.size());
  pack(packer, envelope);
  packer.raw(message.body.span());
  return packer.finish();
}

Frame decode_frame(const Bytes& bytes) {
  Frame frame;
  std::size_t offset = 0;
  const auto read = [&](auto& value) {
    Unpacker unpacker(bytes.slice(offset, bytes.size() - offset));
    unpack(unpacker, value);
    offset += unpacker.offset();
  };
  read(frame.header);
  if (frame.header.version != kWireVersion) {
    throw DecodeError("a frame of wire version " + std::to_string(frame.header.version) + " where " +
                      std::to_string(kWireVersion) + " is spoken");
  }
  while (offset < bytes.size()) {
    Message message;
    read(message.envelope);
    if (message.envelope.body_size > bytes.size() - offset)
      throw DecodeError("a message is longer than its frame");
    message.body = bytes.slice(offset, message.envelope.body_size);
    offset += message.body.size();
    frame.messages.push_back(std::move(message));
  }
  return frame;
}

}  // namespace wisp::runtime
