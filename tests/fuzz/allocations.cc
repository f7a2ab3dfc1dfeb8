#include "tests/fuzz/allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> largest_size{0};

void note(std::size_t size) {
  std::size_t before = largest_size.load(std::memory_order_relaxed);
  while (size > before && !largest_size.compare_exchange_weak(before, size, std::memory_order_relaxed)) {
  }
}

void* try_to_allocate(std::size_t size) {
  note(size);
  return std::malloc(size);
}

void* try_to_allocate(std::size_t size, std::align_val_t alignment) {
  note(size);
  const auto unit = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
}

template <class... Alignment>
void* allocate(std::size_t size, Alignment... alignment) {
  if (void* found = try_to_allocate(size, alignment...)) return found;
  throw std::bad_alloc();
}

}  // namespace

// All forms: with the address sanitizer those that are left would be its own.
void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) { return allocate(size, alignment); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return allocate(size, alignment); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return try_to_allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return try_to_allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return try_to_allocate(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return try_to_allocate(size, alignment);
}
void operator delete(void* found) noexcept { std::free(found); }
void operator delete[](void* found) noexcept { std::free(found); }
void operator delete(void* found, const std::nothrow_t&) noexcept { std::free(found); }
void operator delete[](void* found, const std::nothrow_t&) noexcept { std::free(found); }
void operator delete(void* found, std::size_t) noexcept { std::free(found); }
void operator delete[](void* found, std::size_t) noexcept { std::free(found); }
void operator delete(void* found, std::align_val_t) noexcept { std::free(found); }
void operator delete[](void* found, std::align_val_t) noexcept { std::free(found); }
void operator delete(void* found, std::align_val_t, const std::nothrow_t&) noexcept { std::free(found); }
void operator delete[](void* found, std::align_val_t, const std::nothrow_t&) noexcept { std::free(found); }
void operator delete(void* found, std::size_t, std::align_val_t) noexcept { std::free(found); }
void operator delete[](void* found, std::size_t, std::align_val_t) noexcept { std::free(found); }

namespace wisp::fuzz {

AllocationWatch::AllocationWatch() { largest_size = 0; }

std::size_t AllocationWatch::largest() const { return largest_size; }

}  // namespace wisp::fuzz
