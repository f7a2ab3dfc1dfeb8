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

void* allocate(std::size_t size) {
  note(size);
  if (void* found = std::malloc(size)) return found;
  throw std::bad_alloc();
}

void* allocate(std::size_t size, std::align_val_t alignment) {
  note(size);
  const auto unit = static_cast<std::size_t>(alignment);
  if (void* found = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) return found;
  throw std::bad_alloc();
}

}  // namespace

// The forms that the others of the standard library call.
void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) { return allocate(size, alignment); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return allocate(size, alignment); }
void operator delete(void* found) noexcept { std::free(found); }
void operator delete[](void* found) noexcept { std::free(found); }
void operator delete(void* found, std::size_t) noexcept { std::free(found); }
void operator delete[](void* found, std::size_t) noexcept { std::free(found); }
void operator delete(void* found, std::align_val_t) noexcept { std::free(found); }
void operator delete[](void* found, std::align_val_t) noexcept { std::free(found); }
void operator delete(void* found, std::size_t, std::align_val_t) noexcept { std::free(found); }
void operator delete[](void* found, std::size_t, std::align_val_t) noexcept { std::free(found); }

namespace wisp::fuzz {

AllocationWatch::AllocationWatch() { largest_size = 0; }

std::size_t AllocationWatch::largest() const { return largest_size; }

}  // namespace wisp::fuzz
