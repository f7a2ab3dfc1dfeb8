#pragma once
// Bytes: an immutable piece of memory that is shared, not copied; Buffer: where such a piece is written.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace wisp {

namespace bytes_detail {

// Where the free memory in front of a buffer's bytes begins and ends; it lies at the start of the same block.
struct Headroom {
  std::byte* begin;
  std::atomic<std::byte*> end;
};

}  // namespace bytes_detail

// A view together with a share in whatever owns the memory: a vector or buffer that it took over, a received
// message. Copies share; the memory lives as long as any of them. May be handed between threads.
class Bytes {
 public:
  // What a buffer leaves free in front, so that headers can be put before a large blob without copying it.
  static constexpr std::size_t kHeadroom = 256;
  // From this size on it is worth some trouble not to copy.
  static constexpr std::size_t kLarge = 4096;

  Bytes() = default;
  explicit Bytes(std::vector<std::byte> buffer) {
    auto owner = std::make_shared<const std::vector<std::byte>>(std::move(buffer));
    view_ = *owner;
    owner_ = Owner(std::move(owner), nullptr);
  }
  // `owner` keeps `view` alive.
  Bytes(std::shared_ptr<const void> owner, std::span<const std::byte> view)
      : owner_(std::move(owner), nullptr), view_(view) {}
  // With headroom if it is large: the usual one, and `more`.
  static Bytes copy(std::span<const std::byte> source, std::size_t more = 0);

  std::span<const std::byte> span() const { return view_; }
  const std::byte* data() const { return view_.data(); }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  // Becomes another part of what it shares; cheaper than a slice.
  void aim_at(std::span<const std::byte> part) { view_ = part; }
  // A part of it that keeps all of it alive.
  Bytes slice(std::size_t offset, std::size_t size) const {
    return Bytes(owner_, view_.subspan(offset, size));
  }

  // This, `between` and `next` as one piece, if that is how they lie in the memory of one buffer.
  std::optional<Bytes> joined(std::span<const std::byte> between, const Bytes& next) const;

  // Whether `n` bytes fit right in front of it now; another thread may take the place.
  bool has_headroom(std::size_t n) const;
  // `prefix` and this as one piece, in the same memory: if this begins where the headroom of its buffer ends,
  // and nobody has put anything there before. Of several callers, on any threads, one succeeds. Nothing was
  // changed for the others, nor for anybody who shares the memory.
  std::optional<Bytes> prepend(std::span<const std::byte> prefix) const;

 private:
  friend class Buffer;
  using Owner = std::shared_ptr<bytes_detail::Headroom>;  // a share in any owner; null inside if no headroom

  Bytes(Owner owner, std::span<const std::byte> view) : owner_(std::move(owner)), view_(view) {}

  Owner owner_;
  std::span<const std::byte> view_;
};

// Memory that is written by one owner and then frozen into Bytes. It grows as a vector does, and new bytes
// are not initialised. Not thread-safe.
class Buffer {
 public:
  Buffer() = default;
  // `size` bytes to be written through span(), and `headroom` free ones in front.
  explicit Buffer(std::size_t size, std::size_t headroom = Bytes::kHeadroom) : headroom_(headroom) {
    extend(size);
  }
  // Empty, with memory for `capacity` bytes.
  static Buffer with_capacity(std::size_t capacity, std::size_t headroom = Bytes::kHeadroom) {
    Buffer buffer(0, headroom);
    buffer.reserve(capacity);
    return buffer;
  }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }

  std::span<std::byte> span() { return {begin_, end_}; }
  std::span<const std::byte> span() const { return {begin_, end_}; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
  bool empty() const { return end_ == begin_; }
  std::size_t capacity() const { return static_cast<std::size_t>(limit_ - begin_); }

  void reserve(std::size_t capacity) {
    if (capacity > this->capacity()) move_to(capacity);
  }
  // `n` more bytes at the end, which are returned. Spans from before are void.
  std::byte* extend(std::size_t n) {
    std::byte* place = claim(n);
    end_ += n;
    return place;
  }
  void append(std::span<const std::byte> bytes) {
    if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
  }
  // Keeps the first `size` bytes, which it has.
  void truncate(std::size_t size) { end_ = begin_ + size; }

  // What was written; the buffer is empty afterwards, with the same headroom.
  Bytes freeze() && {
    Bytes bytes(std::move(owner_), std::span<const std::byte>(begin_, end_));
    begin_ = end_ = limit_ = nullptr;
    return bytes;
  }

 private:
  friend class Packer;
  static constexpr std::size_t kCapacityMin = 112;
  struct alignas(std::max_align_t) Unit {
    std::byte bytes[sizeof(std::max_align_t)];
  };

  void swap(Buffer& other) noexcept {
    owner_.swap(other.owner_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(limit_, other.limit_);
    std::swap(headroom_, other.headroom_);
  }
  // Room for `n` bytes at the end, which are not yet counted as written.
  std::byte* claim(std::size_t n) {
    if (static_cast<std::size_t>(limit_ - end_) < n) [[unlikely]] {
      move_to(std::max({size() + n, 2 * capacity(), kCapacityMin}));
    }
    return end_;
  }
  void move_to(std::size_t capacity);

  Bytes::Owner owner_;
  std::byte* begin_ = nullptr;
  std::byte* end_ = nullptr;
  std::byte* limit_ = nullptr;
  std::size_t headroom_ = 0;
};

inline bool Bytes::has_headroom(std::size_t n) const {
  const bytes_detail::Headroom* headroom = owner_.get();
  return headroom != nullptr && headroom->end.load(std::memory_order_relaxed) == view_.data() &&
         static_cast<std::size_t>(view_.data() - headroom->begin) >= n;
}

inline std::optional<Bytes> Bytes::prepend(std::span<const std::byte> prefix) const {
  if (!has_headroom(prefix.size())) return std::nullopt;
  // Who moves the end owns what lies between; the bytes reach other threads with the result, not through
  // this.
  std::byte* end = const_cast<std::byte*>(view_.data());
  std::byte* begin = end - prefix.size();
  if (!owner_->end.compare_exchange_strong(end, begin, std::memory_order_relaxed)) return std::nullopt;
  if (!prefix.empty()) std::memcpy(begin, prefix.data(), prefix.size());
  return Bytes(owner_, std::span<const std::byte>(begin, prefix.size() + view_.size()));
}

}  // namespace wisp
