#include "base/intrusive.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace wisp {
namespace {

struct Thing : RefCounted<Thing> {
  explicit Thing(int& alive_count) : alive(alive_count) { ++alive; }
  virtual ~Thing() { --alive; }
  int& alive;
};
struct SpecialThing : Thing {
  using Thing::Thing;
};

TEST(Ref, the_last_owner_destroys) {
  int alive = 0;
  {
    Ref<Thing> one = make_ref<Thing>(alive);
    EXPECT_TRUE(one->unique());
    Ref<Thing> two = one;
    EXPECT_FALSE(two->unique());
    EXPECT_EQ(one, two);
    one = nullptr;
    EXPECT_FALSE(one);
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(&*two, two.get());
  }
  EXPECT_EQ(alive, 0);
}

TEST(Ref, moving_leaves_nothing_behind) {
  int alive = 0;
  Ref<Thing> one = make_ref<Thing>(alive);
  Ref<Thing> two = std::move(one);
  EXPECT_EQ(one, nullptr);
  EXPECT_TRUE(two->unique());
  Ref<Thing>& same = two;
  two = same;
  EXPECT_EQ(alive, 1);
}

TEST(Ref, an_owner_can_be_given_up_and_adopted) {
  int alive = 0;
  Thing* bare = make_ref<Thing>(alive).release();
  {
    const Ref<Thing> shared = Ref<Thing>::share(bare);
    EXPECT_FALSE(bare->unique());
  }
  EXPECT_EQ(alive, 1);
  Ref<Thing>::adopt(bare);
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(Ref<Thing>::share(nullptr));
}

TEST(Ref, a_derived_object_is_held_by_its_base) {
  int alive = 0;
  {
    const Ref<SpecialThing> special = make_ref<SpecialThing>(alive);
    const Ref<Thing> thing = special;
    EXPECT_EQ(thing.get(), special.get());
  }
  EXPECT_EQ(alive, 0);
}

struct Recycled : RefCounted<Recycled> {
  explicit Recycled(std::vector<Recycled*>& shelf) : shelf_(shelf) {}
  static void dispose(Recycled* object) { object->shelf_.push_back(object); }
  std::vector<Recycled*>& shelf_;
};

TEST(Ref, a_class_may_dispose_of_its_objects_itself) {
  std::vector<Recycled*> shelf;
  { const Ref<Recycled> ref = make_ref<Recycled>(shelf); }
  ASSERT_EQ(shelf.size(), 1u);
  delete shelf[0];
}

TEST(Ref, owners_may_be_on_many_threads) {
  int alive = 0;
  for (int round = 0; round < 50; ++round) {
    std::vector<std::thread> threads;
    {
      const Ref<Thing> ref = make_ref<Thing>(alive);
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back([ref] {
          for (int j = 0; j < 100; ++j) const Ref<Thing> copy = ref;
        });
      }
    }
    for (std::thread& each : threads) each.join();
    EXPECT_EQ(alive, 0);
  }
}

}  // namespace
}  // namespace wisp
