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

void free_all(Block* block) {
  while (block != nullptr) ::operator delete(std::exchange(block, block->next));
}

// Magazines of one size that no thread has.
class Depot {
 public:
  // Takes `count` blocks, or leaves them to the caller if there are enough.
  bool put(Block* magazine, std::uint32_t count, std::size_t size_class) {
    const std::lock_guard lock(mutex_);
    if ((blocks_ + count) * size_of(size_class) > kDepotBytesMax) return false;
    magazine->magazine_size = count;
    magazine->next_magazine = top_;
    top_ = magazine;
    blocks_ += count;
    return true;
  }
  // Null if there is none.
  Block* take() {
    const std::lock_guard lock(mutex_);
    Block* magazine = top_;
    if (magazine == nullptr) return nullptr;
    top_ = magazine->next_magazine;
    blocks_ -= magazine->magazine_size;
    return magazine;
  }

 private:
  std::mutex mutex_;
  Block* top_ = nullptr;
  std::size_t blocks_ = 0;
};

// Never destroyed: threads may end after static objects have gone.
constinit Depot depots[kClasses];
static_assert(std::is_trivially_destructible_v<Depot>);

void store(Block* magazine, std::uint32_t count, std::size_t size_class) {
  if (magazine != nullptr && !depots[size_class].put(magazine, count, size_class)) {
    free_all(magazine);
  }
}

enum class Life { kUnknown, kRunning, kEnded };
thread_local constinit Life life = Life::kUnknown;

// Empties the shelves when the thread ends. What other thread-local objects release later goes past them.
struct Clearance {
  Clearance() {
    for (Shelf& shelf : shelves) shelf.count_max = kMagazine;
    life = Life::kRunning;
  }
  ~Clearance() {
    for (std::size_t each = 0; each < kClasses; ++each) {
      const Shelf shelf = std::exchange(shelves[each], {});
      store(shelf.top, shelf.count, each);
      store(shelf.full, kMagazine, each);
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
  Block* magazine = std::exchange(shelf.full, nullptr);
  std::uint32_t count = kMagazine;
  if (magazine == nullptr) {
    magazine = depots[size_class].take();
    if (magazine == nullptr) return ::operator new(size_of(size_class));
    count = magazine->magazine_size;
  }
  shelf.top = magazine->next;
  shelf.count = count - 1;
  return magazine;
}

void release_slowly(void* memory, std::size_t size_class) noexcept {
  if (!thread_has_shelves()) return ::operator delete(memory);
  Shelf& shelf = shelves[size_class];
  if (shelf.count == kMagazine) {
    store(shelf.full, kMagazine, size_class);
    shelf.full = std::exchange(shelf.top, nullptr);
    shelf.count = 0;
  }
  shelf.top = new (memory) Block{shelf.top, nullptr, 0};
  ++shelf.count;
}

#endif

}  // namespace wisp::pool_detail
