#pragma once
// Bytes: an immutable piece of memory that is shared, not copied.
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace wisp {

// A view together with a share in whatever owns the memory: a vector that it took over, a received message.
// Copies share; the memory lives as long as any of them. May be handed between threads.
class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::vector<std::byte> buffer) {
    auto owner = std::make_shared<const std::vector<std::byte>>(std::move(buffer));
    view_ = *owner;
    owner_ = std::move(owner);
  }
  // `owner` keeps `view` alive.
  Bytes(std::shared_ptr<const void> owner, std::span<const std::byte> view)
      : owner_(std::move(owner)), view_(view) {}
  static Bytes copy(std::span<const std::byte> source) {
    return Bytes(std::vector<std::byte>(source.begin(), source.end()));
  }

  std::span<const std::byte> span() const { return view_; }
  const std::byte* data() const { return view_.data(); }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  // A part of it that keeps all of it alive.
  Bytes slice(std::size_t offset, std::size_t size) const {
    return Bytes(owner_, view_.subspan(offset, size));
  }

 private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> view_;
};

}  // namespace wisp
