#pragma once
// A pool of small blocks of memory for what is made and destroyed all the time, on whatever thread: messages,
// futures, coroutine frames.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>

// The sanitizers are to see every lifetime: under them each block comes from operator new.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WISP_POOL_BYPASSED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define WISP_POOL_BYPASSED 1
#endif
#endif

namespace wisp {

namespace pool_detail {

constexpr std::size_t kSizeMin = 64;
constexpr std::size_t kSizeMax = 1024;
constexpr std::size_t kClasses = 5;  // blocks of 64, 128, 256, 512, 1024 bytes
constexpr std::uint32_t kMagazine = 64;

// Free blocks of one size. They are listed here, not in themselves: a block that another thread has released
// lies in that thread's cache, and is to be fetched before it is its turn.
struct Magazine {
  Magazine* next;  // in the depot
  std::uint32_t count;
  void* blocks[kMagazine];
};

// What a thread has at hand of one size. Both null until it is known, and after it has ended.
struct Shelf {
  Magazine* loaded;
  Magazine* spare;  // full or empty
};

// Neither constructed nor destroyed, so that reaching it costs nothing; initial-exec: libwisp.so is there
// from the start of the program.
extern thread_local constinit Shelf shelves[kClasses] __attribute__((tls_model("initial-exec")));

inline void* take(Magazine& magazine) {
  constexpr std::uint32_t kAhead = 6;
  const std::uint32_t place = --magazine.count;
  if (place >= kAhead) __builtin_prefetch(magazine.blocks[place - kAhead], 1);
  return magazine.blocks[place];
}

void* allocate_slowly(std::size_t size_class);
void release_slowly(void* memory, std::size_t size_class) noexcept;

constexpr std::size_t class_of(std::size_t size) {
  return static_cast<std::size_t>(std::bit_width((size - 1) / kSizeMin));
}

}  // namespace pool_detail

// Memory for `size` bytes, aligned as operator new does it, which throws std::bad_alloc. Above 1024 bytes it
// is operator new. Thread-safe, without a lock in the common case.
//
// A thread keeps up to 128 free blocks of each size (248 KiB in all) and exchanges magazines of 64 with a
// depot, which keeps up to 4 MiB of each size (20 MiB in all); more is given back to operator delete. A
// thread that ends gives its blocks to the depot.
inline void* pool_allocate(std::size_t size) {
#ifndef WISP_POOL_BYPASSED
  if (size - 1 < pool_detail::kSizeMax) {
    const std::size_t size_class = pool_detail::class_of(size);
    pool_detail::Magazine* magazine = pool_detail::shelves[size_class].loaded;
    if (magazine == nullptr || magazine->count == 0) [[unlikely]]
      return pool_detail::allocate_slowly(size_class);
    return pool_detail::take(*magazine);
  }
#endif
  return ::operator new(size);
}

// Gives back what pool_allocate(size) returned, on any thread.
inline void pool_release(void* memory, [[maybe_unused]] std::size_t size) noexcept {
#ifndef WISP_POOL_BYPASSED
  if (size - 1 < pool_detail::kSizeMax) {
    const std::size_t size_class = pool_detail::class_of(size);
    pool_detail::Magazine* magazine = pool_detail::shelves[size_class].loaded;
    if (magazine == nullptr || magazine->count == pool_detail::kMagazine) [[unlikely]]
      return pool_detail::release_slowly(memory, size_class);
    magazine->blocks[magazine->count++] = memory;
    return;
  }
#endif
  ::operator delete(memory);
}

// A base that makes `new T` and `delete` take their memory from the pool. T is the class that derives from
// it; a class that is derived further has the size of its own as long as it is deleted as what it is, or has
// a virtual destructor. Coroutine promises take their frames from the pool in the same way.
template <class T>
class Pooled {
 public:
  static void* operator new(std::size_t size) {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__,
                  "the pool does not align more than new does");
    return pool_allocate(size);
  }
  static void operator delete(void* memory, std::size_t size) noexcept { pool_release(memory, size); }
};

}  // namespace wisp
