#include "runtime/restarts.h"

#include <algorithm>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

RestartSpec spec(std::uint32_t max, milliseconds within, milliseconds backoff = milliseconds(500)) {
  RestartSpec spec;
  spec.max = max;
  spec.within = within;
  spec.backoff = backoff;
  return spec;
}

TEST(Restarts, come_at_once_then_later_and_later) {
  Restarts restarts(spec(20, std::chrono::hours(1)));
  const nanoseconds now = seconds(1000);
  EXPECT_EQ(restarts.attempt(), 1u);
  EXPECT_EQ(restarts.next(now), now);
  EXPECT_EQ(restarts.attempt(), 2u);
  for (const int halves : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    EXPECT_EQ(restarts.next(now), now + halves * milliseconds(500)) << halves;
  }
  EXPECT_EQ(restarts.attempt(), 11u);
}

TEST(Restarts, end_when_there_were_too_many) {
  Restarts restarts(spec(3, seconds(60)));
  for (const int second : {0, 20, 40}) EXPECT_TRUE(restarts.next(seconds(second)));
  EXPECT_EQ(restarts.next(seconds(60)), std::nullopt);  // the first is 60 s ago: within
  EXPECT_EQ(restarts.attempt(), 4u);
  EXPECT_EQ(restarts.why_not("actors.worker.restart"),
            "it was restarted 3 times within 1m (actors.worker.restart)");
  EXPECT_EQ(restarts.next(seconds(10'000)), std::nullopt);  // that was the end
}

TEST(Restarts, begin_anew_when_it_ran_for_long) {
  Restarts restarts(spec(2, seconds(10)));
  EXPECT_EQ(restarts.next(seconds(0)), seconds(0));
  EXPECT_EQ(restarts.next(seconds(1)), seconds(1) + milliseconds(500));
  EXPECT_EQ(restarts.next(seconds(11)), seconds(11) + milliseconds(500));  // the first is forgotten
  EXPECT_EQ(restarts.next(seconds(30)), seconds(30));
  EXPECT_EQ(restarts.attempt(), 5u);
}

TEST(Restarts, never_happen_where_there_are_to_be_none) {
  Restarts restarts(spec(0, seconds(60)));
  EXPECT_EQ(restarts.next(seconds(5)), std::nullopt);
  EXPECT_EQ(restarts.attempt(), 1u);
  EXPECT_EQ(restarts.why_not("actors.master.restart"), "it is not to be restarted (actors.master.restart)");
}

TEST(Restarts, say_once_for_once) {
  Restarts restarts(spec(1, milliseconds(1500)));
  EXPECT_TRUE(restarts.next(seconds(5)));
  EXPECT_EQ(restarts.next(seconds(6)), std::nullopt);
  EXPECT_EQ(restarts.why_not("restart"), "it was restarted once within 1500ms (restart)");
}

TEST(Restarts, wait_no_longer_than_the_longest_and_not_at_all_without_a_backoff) {
  Restarts patient(spec(2, seconds(60), milliseconds(std::chrono::hours(1))));
  EXPECT_EQ(patient.next(seconds(0)), seconds(0));
  EXPECT_EQ(patient.next(seconds(0)), Restarts::kBackoffMax);
  Restarts hasty(spec(1000, seconds(60), milliseconds(0)));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(hasty.next(seconds(7)), seconds(7));
  EXPECT_EQ(hasty.next(seconds(7)), std::nullopt);
}

// The same, as a sentence: how many ends of which it was started again are not longer ago than `within`.
std::size_t recent(const std::vector<nanoseconds>& ends, nanoseconds now, nanoseconds within) {
  return static_cast<std::size_t>(
      std::ranges::count_if(ends, [&](nanoseconds end) { return now - end <= within; }));
}

class RestartsLife {
 public:
  explicit RestartsLife(std::uint64_t number)
      : rng_(wisp::test::seed(), 0, number, Purpose::kFaults),
        spec_(spec(rng_.below(6), milliseconds(1 + rng_.below(100'000)), milliseconds(rng_.below(3000)))),
        restarts_(spec_) {}

  void live() {
    nanoseconds now(rng_.below(1'000'000));
    for (int i = 0; i < 60 && !over_; ++i) {
      const std::size_t before = recent(ends_, now, spec_.within);
      const auto next = restarts_.next(now);
      ASSERT_EQ(next.has_value(), before < spec_.max) << before << " of " << spec_.max;
      over_ = !next;
      if (next) expect_delay(*next - now, before);
      if (next) ends_.push_back(now);
      ASSERT_EQ(restarts_.attempt(), ends_.size() + 1);
      // Some fail at once, some after a while, some after a long time.
      now = next.value_or(now) + milliseconds(rng_.below(rng_.below(2) == 0 ? 10 : 200'000));
    }
    if (over_) {
      EXPECT_EQ(restarts_.next(now + std::chrono::hours(1000)), std::nullopt);
      EXPECT_FALSE(restarts_.why_not("key").empty());
    }
  }
  bool over() const { return over_; }

 private:
  void expect_delay(nanoseconds delay, std::size_t before) {
    nanoseconds expected(0);
    if (before > 0) {
      expected = std::min<nanoseconds>(spec_.backoff * (std::int64_t{1} << (before - 1)), seconds(30));
    }
    ASSERT_EQ(delay, expected);
  }

  Rng rng_;
  const RestartSpec spec_;
  Restarts restarts_;
  std::vector<nanoseconds> ends_;
  bool over_ = false;
};

TEST(Restarts, are_never_more_than_so_many_within_the_time_in_any_life) {
  int over = 0;
  for (std::uint64_t number = 0; number < 2000; ++number) {
    RestartsLife life(number);
    life.live();
    ASSERT_FALSE(testing::Test::HasFailure()) << "life " << number << " of seed " << wisp::test::seed();
    over += life.over() ? 1 : 0;
  }
  EXPECT_GT(over, 0);
  EXPECT_LT(over, 2000);
}

}  // namespace
}  // namespace wisp::runtime
