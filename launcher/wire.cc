#include "launcher/wire.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/error.h"

namespace wisp::launcher {

std::chrono::microseconds wire_time() {
  return std::chrono::duration_cast<std::chrono::microseconds>(SystemClock().wall().time_since_epoch());
}

void set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
    throw Error(fmt::format("fcntl: {}", std::strerror(errno)));
  }
}

ReadResult read_some(int fd, std::vector<std::byte>& into, std::size_t size_max) {
  const std::size_t before = into.size();
  into.resize(before + size_max);
  ssize_t count = 0;
  do {
    count = ::read(fd, into.data() + before, size_max);
  } while (count < 0 && errno == EINTR);
  into.resize(before + (count > 0 ? static_cast<std::size_t>(count) : 0));
  if (count > 0) return ReadResult::kData;
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? ReadResult::kNothing : ReadResult::kEnd;
}

void FrameReader::feed(std::span<const std::byte> bytes) {
  if (used_ > 0 && used_ == buffer_.size()) {
    buffer_.clear();
    used_ = 0;
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

std::optional<Bytes> FrameReader::next() {
  std::uint32_t size = 0;
  const std::size_t there = buffer_.size() - used_;
  if (there < sizeof(size)) return std::nullopt;
  std::memcpy(&size, buffer_.data() + used_, sizeof(size));
  if (size > kFrameMax)
    throw DecodeError(fmt::format("a message of {} bytes, more than {}", size, kFrameMax));
  if (there < sizeof(size) + size) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ = 0;
    return std::nullopt;
  }
  Bytes message = Bytes::copy(std::span(buffer_).subspan(used_ + sizeof(size), size));
  used_ += sizeof(size) + size;
  return message;
}

void SendQueue::push_frame(const Bytes& message) {
  if (message.size() > kFrameMax) {
    throw Error(fmt::format("a message of {} bytes, more than {}", message.size(), kFrameMax));
  }
  const auto size = static_cast<std::uint32_t>(message.size());
  push_raw(Bytes::copy(std::as_bytes(std::span(&size, 1))));
  push_raw(message);
}

void SendQueue::push_raw(Bytes bytes) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  parts_.push_back(std::move(bytes));
}

void SendQueue::clear() {
  parts_.clear();
  size_ = 0;
}

bool SendQueue::flush(int fd) {
  while (!parts_.empty()) {
    Bytes& part = parts_.front();
    const ssize_t count = ::write(fd, part.data(), part.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK;
    }
    const auto written = static_cast<std::size_t>(count);
    size_ -= written;
    if (written == part.size()) {
      parts_.pop_front();
    } else {
      part = part.slice(written, part.size() - written);
    }
  }
  return true;
}

}  // namespace wisp::launcher
