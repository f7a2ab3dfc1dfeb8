#include "runtime/timers.h"

#include <algorithm>
#include <deque>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/simulated_clock.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

class TimersTest : public testing::Test {
 protected:
  template <class T = void>
  static Ref<TypedState<T>> state() {
    return make_ref<TypedState<T>>(nullptr, Awaited{Name("worker-3")});
  }
  void fire_at(nanoseconds time) {
    clock_.advance_to(time);
    timers_.fire(clock_.steady());
  }

  SimulatedClock clock_;
  int sooner_ = 0;
  Timers timers_{clock_, [this] { ++sooner_; }};
};

TEST_F(TimersTest, wakes_when_the_time_has_come) {
  const auto soon = state();
  const auto later = state();
  timers_.wake(later, seconds(2));
  timers_.wake(soon, seconds(1));
  EXPECT_EQ(timers_.deadline(), seconds(1));
  fire_at(milliseconds(999));
  EXPECT_FALSE(soon->ready());
  fire_at(seconds(1));
  EXPECT_TRUE(soon->ready());
  EXPECT_FALSE(later->ready());
  fire_at(seconds(5));
  EXPECT_TRUE(later->ready());
  EXPECT_EQ(timers_.deadline(), std::nullopt);
  soon->take();
}

TEST_F(TimersTest, counts_from_when_it_was_asked) {
  clock_.advance_to(seconds(10));
  timers_.wake(state(), seconds(1));
  EXPECT_EQ(timers_.deadline(), seconds(11));
}

TEST_F(TimersTest, says_when_something_is_due_sooner) {
  timers_.wake(state(), seconds(5));
  timers_.wake(state(), seconds(6));
  EXPECT_EQ(sooner_, 1);
  timers_.wake(state(), seconds(4));
  EXPECT_EQ(sooner_, 2);
}

TEST_F(TimersTest, what_has_no_answer_in_time_fails) {
  const auto late = state<int>();
  const auto answered = state<int>();
  timers_.expire(late, milliseconds(1500));
  timers_.expire(answered, milliseconds(1500));
  answered->set(1);
  fire_at(seconds(2));
  EXPECT_EQ(answered->take(), 1);
  try {
    (void)late->take();
    FAIL() << "no exception";
  } catch (const Timeout& error) {
    EXPECT_STREQ(error.what(), "no answer from worker-3 within 1500ms");
    EXPECT_EQ(error.fault(), Fault::kDeadline);
  }
}

class Noting final : public Waiter {
 public:
  Noting(std::vector<int>& notes, int number) : notes_(notes), number_(number) {}
  void wake() noexcept override { notes_.push_back(number_); }

 private:
  std::vector<int>& notes_;
  const int number_;
};

TEST_F(TimersTest, equal_times_come_in_the_order_they_were_set) {
  std::vector<int> notes;
  std::deque<Noting> waiters;
  for (int i = 0; i < 50; ++i) {
    const auto each = state();
    waiters.emplace_back(notes, i);
    ASSERT_TRUE(each->wait(waiters.back()));
    timers_.wake(each, seconds(1));
  }
  fire_at(seconds(1));
  ASSERT_EQ(notes.size(), 50u);
  EXPECT_TRUE(std::ranges::is_sorted(notes));
}

TEST_F(TimersTest, for_ever_is_never) {
  const auto never = state();
  timers_.wake(never, kForever);
  timers_.wake(never, nanoseconds::max());
  fire_at(std::chrono::hours(24 * 365 * 50));
  EXPECT_FALSE(never->ready());
}

TEST_F(TimersTest, deadlines_that_were_kept_do_not_pile_up) {
  for (int i = 0; i < 100'000; ++i) {
    const auto call = state();
    timers_.expire(call, std::chrono::hours(1));
    call->set();
  }
  EXPECT_LE(timers_.size(), 1024u);
}

}  // namespace
}  // namespace wisp::runtime
