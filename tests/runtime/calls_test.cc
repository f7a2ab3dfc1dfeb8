#include "runtime/calls.h"

#include <algorithm>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "tests/runtime/nodes.h"

namespace wisp::runtime {
namespace {

Ref<FutureState> state() { return make_ref<TypedState<int>>(nullptr, Awaited{}); }

TEST(Calls, has_each_once) {
  Calls calls;
  const auto first = state();
  const auto second = state();
  const std::uint64_t one = calls.add(first, 1);
  const std::uint64_t two = calls.add(second, 2);
  EXPECT_NE(one, 0u);
  EXPECT_NE(one, two);
  EXPECT_EQ(calls.take(two, 1).state, nullptr) << "an answer of another node";
  EXPECT_EQ(calls.take(two, 2).state, second);
  EXPECT_EQ(calls.take(two, 2).state, nullptr);
  EXPECT_EQ(calls.take(one, 1).state, first);
}

TEST(Calls, an_old_number_is_no_call_that_came_later) {
  Calls calls;
  std::set<std::uint64_t> numbers;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t number = calls.add(state(), 1);
    EXPECT_TRUE(numbers.insert(number).second);
    EXPECT_TRUE(calls.take(number, 1).state);
  }
  (void)calls.add(state(), 1);
  for (const std::uint64_t old : numbers) EXPECT_EQ(calls.take(old, 1).state, nullptr);
}

TEST(Calls, knows_which_are_kept_by_others) {
  Calls calls;
  const std::uint64_t kept = calls.add(state(), 1, true);
  const std::uint64_t plain = calls.add(state(), 1);
  EXPECT_TRUE(calls.take(kept, 1).kept);
  EXPECT_FALSE(calls.take(plain, 1).kept);
}

TEST(Calls, knows_none_that_was_never_made) {
  Calls calls;
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32, ~std::uint64_t{0}}) {
    EXPECT_EQ(calls.take(number, 1).state, nullptr);
  }
}

TEST(Calls, ends_those_to_a_node) {
  Calls calls;
  std::vector<std::uint64_t> numbers;
  for (NodeId i = 0; i < 10; ++i) numbers.push_back(calls.add(state(), i % 2));
  EXPECT_EQ(calls.take_if([](NodeId callee) { return callee == 1; }).size(), 5u);
  EXPECT_EQ(calls.take_if([](NodeId callee) { return callee == 1; }).size(), 0u);
  for (std::size_t i = 0; i < 10; ++i)
    EXPECT_EQ(static_cast<bool>(calls.take(numbers[i], i % 2).state), i % 2 == 0);
}

TEST(CancelledCalls, are_known_until_they_are_forgotten) {
  CancelledCalls cancelled;
  EXPECT_FALSE(cancelled.contains(1, 7));
  cancelled.add(1, 7);
  cancelled.add(2, 7);
  cancelled.add(2, 7);
  EXPECT_TRUE(cancelled.contains(1, 7));
  EXPECT_FALSE(cancelled.contains(1, 8));
  cancelled.remove(1, 7);
  cancelled.remove(1, 7);
  EXPECT_FALSE(cancelled.contains(1, 7));
  EXPECT_TRUE(cancelled.contains(2, 7));
}

TEST(CallsRace, each_is_taken_by_one) {
  for (int repeat = 0; repeat < test::repeats(); ++repeat) {
    Calls calls;
    std::vector<std::uint64_t> numbers;
    for (int i = 0; i < 100; ++i) numbers.push_back(calls.add(state(), 1));
    std::atomic<int> taken = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&, thread] {
        if (thread == 2) taken += static_cast<int>(calls.take_if([](NodeId) { return true; }).size());
        for (const std::uint64_t number : numbers) {
          if (calls.take(number, 1).state) ++taken;
        }
      });
    }
    for (std::thread& each : threads) each.join();
    EXPECT_EQ(taken, 100);
  }
}

}  // namespace
}  // namespace wisp::runtime
