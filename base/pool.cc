#include "base/pool.h"

#include <mutex>
#include <type_traits>
#include <utility>

namespace wisp::pool_detail {

thread_local constinit Shelf shelves[kClasses] = {};

#ifndef WISP_POOL_BYPASSED

namespace {

constexpr std::size_t kDepotBytesMax = std::size_t{4} << 20;

std::size_t size_of(std::size_t size_class) { return kSizeMin << size_class; }

void empty(Magazine& magazine) {
  while (magazine.count > 0) ::operator delete(magazine.blocks[--magazine.count]);
}

// Magazines of one size that no thread has.
class Depot {
 public:
  // Takes a magazine, and its blocks if there are not enough of them; else they are freed.
  void put(Magazine* magazine, std::size_t size_class) {
    {
      const std::lock_guard lock(mutex_);
      if ((blocks_ + magazine->count) * size_of(size_class) <= kDepotBytesMax) {
        blocks_ += magazine->count;
        return push(magazine->count > 0 ? filled_ : empty_, *magazine);
      }
    }
    empty(*magazine);
    const std::lock_guard lock(mutex_);
    push(empty_, *magazine);
  }
  // One with blocks; null if there is none.
  Magazine* take_filled() {
    const std::lock_guard lock(mutex_);
    Magazine* magazine = pop(filled_);
    if (magazine != nullptr) blocks_ -= magazine->count;
    return magazine;
  }
  // Null if there is none.
  Magazine* take_empty() {
    const std::lock_guard lock(mutex_);
    return pop(empty_);
  }

 private:
  static void push(Magazine*& top, Magazine& magazine) { magazine.next = std::exchange(top, &magazine); }
  static Magazine* pop(Magazine*& top) { return top == nullptr ? nullptr : std::exchange(top, top->next); }

  std::mutex mutex_;
  Magazine* filled_ = nullptr;
  Magazine* empty_ = nullptr;
  std::size_t blocks_ = 0;
};

// Never destroyed: threads may end after static objects have gone.
constinit Depot depots[kClasses];
static_assert(std::is_trivially_destructible_v<Depot>);

enum class Life { kUnknown, kRunning, kEnded };
thread_local constinit Life life = Life::kUnknown;

// Empties the shelves when the thread ends. What other thread-local objects release later goes past them.
struct Clearance {
  Clearance() { life = Life::kRunning; }
  ~Clearance() {
    for (std::size_t each = 0; each < kClasses; ++each) {
      const Shelf shelf = std::exchange(shelves[each], {});
      for (Magazine* magazine : {shelf.loaded, shelf.spare}) {
        if (magazine != nullptr) depots[each].put(magazine, each);
      }
    }
    life = Life::kEnded;
  }
  Clearance(const Clearance&) = delete;
  Clearance& operator=(const Clearance&) = delete;
};

bool thread_has_shelves() {
  if (life == Life::kUnknown) {
    static thread_local Clearance clearance;
  }
  return life == Life::kRunning;
}

}  // namespace

void* allocate_slowly(std::size_t size_class) {
  if (!thread_has_shelves()) return ::operator new(size_of(size_class));
  Shelf& shelf = shelves[size_class];
  if (shelf.spare == nullptr || shelf.spare->count == 0) {
    Magazine* const filled = depots[size_class].take_filled();
    if (filled == nullptr) return ::operator new(size_of(size_class));
    if (shelf.spare != nullptr) depots[size_class].put(shelf.spare, size_class);
    shelf.spare = filled;
  }
  std::swap(shelf.loaded, shelf.spare);
  return take(*shelf.loaded);
}

void release_slowly(void* memory, std::size_t size_class) noexcept {
  if (!thread_has_shelves()) return ::operator delete(memory);
  Shelf& shelf = shelves[size_class];
  if (shelf.spare == nullptr || shelf.spare->count > 0) {
    Magazine* magazine = depots[size_class].take_empty();
    if (magazine == nullptr) magazine = new (std::nothrow) Magazine{};
    if (magazine == nullptr) return ::operator delete(memory);
    if (shelf.spare != nullptr) depots[size_class].put(shelf.spare, size_class);
    shelf.spare = magazine;
  }
  std::swap(shelf.loaded, shelf.spare);
  shelf.loaded->blocks[shelf.loaded->count++] = memory;
}

#endif

}  // namespace wisp::pool_detail
