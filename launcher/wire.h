#pragma once
// Messages on a pipe: a length (4 bytes, little-endian), then msgpack: the kind, the body.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/pack.h"

namespace wisp::launcher {

constexpr std::size_t kFrameMax = std::size_t{64} << 20;

// A message without its length. The kind must be read first.
template <class Kind, class Body>
Bytes pack_message(Kind kind, const Body& body) {
  Packer packer;
  pack(packer, kind);
  pack(packer, body);
  return packer.finish();
}

// The body of a message whose kind was read. Throws DecodeError.
template <class Body>
Body unpack_body(Unpacker& unpacker) {
  Body body;
  unpack(unpacker, body);
  unpacker.expect_end();
  return body;
}

// This host's clock as messages have it: microseconds since 1970.
std::chrono::microseconds wire_time();

// Reads that don't wait.
void set_nonblocking(int fd);

enum class ReadResult { kData, kNothing, kEnd };

// Appends what `fd` (non-blocking) has now, at most `size_max` bytes, to `into`. Any failure to read is the
// end.
ReadResult read_some(int fd, std::vector<std::byte>& into, std::size_t size_max);

// Cuts a stream of bytes into messages.
class FrameReader {
 public:
  void feed(std::span<const std::byte> bytes);
  // The next whole message, without its length. Throws DecodeError for one over kFrameMax.
  std::optional<Bytes> next();

 private:
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
};

// Bytes that wait until a non-blocking descriptor takes them.
class SendQueue {
 public:
  // A message with its length before it. Throws Error for one over kFrameMax.
  void push_frame(const Bytes& message);
  void push_raw(Bytes bytes);
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear();
  // Writes what `fd` takes now; false if nobody reads any more.
  [[nodiscard]] bool flush(int fd);

 private:
  std::deque<Bytes> parts_;
  std::size_t size_ = 0;
};

}  // namespace wisp::launcher
