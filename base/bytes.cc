#include "base/bytes.h"

#include <algorithm>
#include <new>
#include <type_traits>

namespace wisp {

Bytes Bytes::copy(std::span<const std::byte> source, std::size_t more) {
  Buffer buffer(source.size(), source.size() >= kLarge ? kHeadroom + more : 0);
  if (!source.empty()) std::memcpy(buffer.span().data(), source.data(), source.size());
  return std::move(buffer).freeze();
}

std::optional<Bytes> Bytes::joined(std::span<const std::byte> between, const Bytes& next) const {
  const std::byte* const end = view_.data() + view_.size();
  if (owner_.get() == nullptr || owner_.get() != next.owner_.get() || next.data() != end + between.size())
    return std::nullopt;
  if (!std::equal(between.begin(), between.end(), end)) return std::nullopt;
  return Bytes(owner_, {view_.data(), view_.size() + between.size() + next.size()});
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
