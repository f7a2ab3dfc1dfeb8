#include "base/pool.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp {
namespace {

TEST(Pool, sizes_fall_into_classes) {
  using pool_detail::class_of;
  EXPECT_EQ(class_of(1), 0u);
  EXPECT_EQ(class_of(64), 0u);
  EXPECT_EQ(class_of(65), 1u);
  EXPECT_EQ(class_of(128), 1u);
  EXPECT_EQ(class_of(129), 2u);
  EXPECT_EQ(class_of(256), 2u);
  EXPECT_EQ(class_of(257), 3u);
  EXPECT_EQ(class_of(512), 3u);
  EXPECT_EQ(class_of(513), 4u);
  EXPECT_EQ(class_of(1024), 4u);
}

TEST(Pool, blocks_have_their_size_and_are_aligned) {
  for (std::size_t size = 0; size <= 2100; ++size) {
    void* memory = pool_allocate(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % __STDCPP_DEFAULT_NEW_ALIGNMENT__, 0u);
    std::memset(memory, 0xff, size);
    pool_release(memory, size);
  }
}

// A block whose bytes say whose it is.
struct Held {
  unsigned char* memory;
  std::size_t size;
  unsigned char mark;
};

Held take(Rng& rng) {
  const std::size_t size = 1 + rng.below(1300);
  const Held held{static_cast<unsigned char*>(pool_allocate(size)), size,
                  static_cast<unsigned char>(rng.below(256))};
  std::memset(held.memory, held.mark, size);
  return held;
}

void give_back(const Held& held) {
  for (std::size_t i = 0; i < held.size; ++i) ASSERT_EQ(held.memory[i], held.mark);
  pool_release(held.memory, held.size);
}

void use_at_random(std::uint32_t stream) {
  Rng rng(test::seed(), stream, 0, Purpose::kData);
  std::vector<Held> held;
  for (int i = 0; i < 20'000; ++i) {
    if (held.empty() || rng.below(100) < (i / 1000 % 2 == 0 ? 70u : 30u)) {
      held.push_back(take(rng));
    } else {
      std::swap(held[rng.below(static_cast<std::uint32_t>(held.size()))], held.back());
      give_back(held.back());
      held.pop_back();
    }
  }
  for (const Held& each : held) give_back(each);
}

TEST(Pool, nobody_gets_a_block_that_another_holds) {
  std::vector<std::thread> threads;
  for (std::uint32_t each = 0; each < 4; ++each) threads.emplace_back(use_at_random, each);
  for (std::thread& each : threads) each.join();
}

TEST(Pool, blocks_go_from_thread_to_thread) {
  Rng rng(test::seed(), 0, 0, Purpose::kData);
  for (int round = 0; round < 10; ++round) {
    std::vector<Held> held;
    for (int i = 0; i < 1000; ++i) held.push_back(take(rng));
    std::thread other([&] {
      for (const Held& each : held) give_back(each);
    });
    other.join();
  }
}

#ifndef WISP_POOL_BYPASSED

TEST(Pool, a_block_is_used_again) {
  void* first = pool_allocate(100);
  pool_release(first, 100);
  EXPECT_EQ(pool_allocate(70), first);  // of the same class
  pool_release(first, 70);
}

TEST(Pool, a_thread_that_ends_leaves_its_blocks_to_the_others) {
  std::set<void*> left;
  std::thread([&] {
    for (int i = 0; i < 200; ++i) left.insert(pool_allocate(1000));
    for (void* each : left) pool_release(each, 1000);
  }).join();
  std::thread([&] {
    std::vector<void*> taken;
    for (int i = 0; i < 200; ++i) taken.push_back(pool_allocate(1000));
    std::size_t again = 0;
    for (void* each : taken) again += left.count(each);
    EXPECT_EQ(again, 200u);
    for (void* each : taken) pool_release(each, 1000);
  }).join();
}

#endif

TEST(Pool, a_thread_local_object_may_release_at_the_end_of_its_thread) {
  struct Late {
    void* memory = nullptr;
    ~Late() {
      pool_release(memory, 64);
      pool_release(pool_allocate(64), 64);
    }
  };
  std::thread([] {
    static thread_local Late late;  // made before the thread uses the pool, destroyed after its shelves
    late.memory = pool_allocate(64);
  }).join();
}

struct Animal : Pooled<Animal> {
  virtual ~Animal() = default;
  std::uint64_t legs = 4;
};
struct Whale : Animal {
  std::uint64_t barnacles[100] = {};
};

TEST(Pool, a_derived_object_is_given_back_with_its_own_size) {
  for (int i = 0; i < 300; ++i) {
    std::unique_ptr<Animal> small = std::make_unique<Animal>();
    std::unique_ptr<Animal> large = std::make_unique<Whale>();
    EXPECT_EQ(small->legs + large->legs, 8u);
  }
}

}  // namespace
}  // namespace wisp
