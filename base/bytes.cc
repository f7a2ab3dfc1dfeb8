#include "base/bytes.h"

#include <algorithm>
#include <cstdint>
#include <new>
#include <type_traits>

#include <sys/mman.h>
#include <unistd.h>

namespace wisp {

namespace {

// From this size on a buffer is worth pages of 2 MiB.
constexpr std::size_t kHuge = std::size_t{8} << 20;

// Memory comes page by page, when each is first written: 10,000 times for a state of 40 MB, which takes as
// long as to copy it. A kernel that has no large pages refuses the advice, and nothing is lost.
void advise_large_pages(std::byte* memory, std::size_t bytes) {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::uintptr_t gap = -reinterpret_cast<std::uintptr_t>(memory) & (page - 1);
  ::madvise(memory + gap, bytes - gap, MADV_HUGEPAGE);
}

}  // namespace

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
  if (bytes >= kHuge) advise_large_pages(memory, bytes);
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
