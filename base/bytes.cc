#include "base/bytes.h"

#include <new>
#include <type_traits>

namespace wisp {

Bytes Bytes::copy(std::span<const std::byte> source) {
  Buffer buffer(source.size(), source.size() >= kLarge ? kHeadroom : 0);
  if (!source.empty()) std::memcpy(buffer.span().data(), source.data(), source.size());
  return std::move(buffer).freeze();
}

void Buffer::move_to(std::size_t capacity) {
  using bytes_detail::Headroom;
  static_assert(std::is_trivially_destructible_v<Headroom> && alignof(Headroom) <= alignof(Unit));
  const std::size_t bytes = sizeof(Headroom) + headroom_ + capacity;
  auto block = std::make_shared_for_overwrite<Unit[]>((bytes + sizeof(Unit) - 1) / sizeof(Unit));
  std::byte* memory = block[0].bytes;
  std::byte* begin = memory + sizeof(Headroom) + headroom_;
  auto* headroom = new (memory) Headroom{memory + sizeof(Headroom), begin};
  const std::size_t used = size();
  if (used != 0) std::memcpy(begin, begin_, used);
  owner_ = Bytes::Owner(std::move(block), headroom);
  begin_ = begin;
  end_ = begin + used;
  limit_ = begin + capacity;
}

}  // namespace wisp
