#include "cli/chaos.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::cli {
namespace {

using actors::ChaosSpec;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using What = ChaosAction::What;

// A master and four workers, two to a host.
std::vector<NodePlan> nodes() {
  return {{"master", "n1", {"master"}},
          {"worker-0", "n1", {"worker-0"}},
          {"worker-1", "n1", {"worker-1"}},
          {"worker-2", "n2", {"worker-2"}},
          {"worker-3", "n2", {"worker-3"}}};
}

ChaosSpec entry(ChaosSpec::Kind kind, const std::string& target, milliseconds at) {
  ChaosSpec spec;
  spec.kind = kind;
  spec.target = target;
  spec.at = at;
  return spec;
}
ChaosSpec repeated(const std::string& target, milliseconds every) {
  ChaosSpec spec = entry(ChaosSpec::Kind::kKill, target, every);
  spec.every = every;
  return spec;
}

std::vector<std::string> texts(const std::vector<ChaosAction>& actions) {
  std::vector<std::string> all;
  for (const ChaosAction& each : actions) all.push_back(each.text);
  return all;
}

TEST(ChaosSchedule, gives_each_out_once_when_it_is_due) {
  ChaosSchedule schedule({entry(ChaosSpec::Kind::kKill, "worker-2", seconds(30)),
                          entry(ChaosSpec::Kind::kKill, "master", seconds(20))},
                         1);
  EXPECT_EQ(schedule.next(), seconds(20));
  EXPECT_THAT(schedule.take_due(milliseconds(19'999), nodes()), IsEmpty());
  EXPECT_THAT(texts(schedule.take_due(seconds(20), nodes())), ElementsAre("kill master@n1"));
  EXPECT_EQ(schedule.next(), seconds(30));
  const auto actions = schedule.take_due(seconds(31), nodes());
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(actions[0].what, What::kKill);
  EXPECT_EQ(actions[0].node, "worker-2");
  EXPECT_EQ(schedule.next(), std::nullopt);
  EXPECT_THAT(schedule.take_due(seconds(99), nodes()), IsEmpty());
}

TEST(ChaosSchedule, a_pattern_is_all_that_fit_and_a_host_all_that_lie_there) {
  ChaosSchedule schedule({entry(ChaosSpec::Kind::kKill, "worker-[12]", seconds(1)),
                          entry(ChaosSpec::Kind::kKill, "host:n2", seconds(2))},
                         1);
  EXPECT_THAT(texts(schedule.take_due(seconds(1), nodes())),
              ElementsAre("kill worker-1@n1", "kill worker-2@n2"));
  EXPECT_THAT(texts(schedule.take_due(seconds(2), nodes())),
              ElementsAre("kill worker-2@n2", "kill worker-3@n2"));
}

TEST(ChaosSchedule, repeats_one_of_them_drawn_from_the_seed) {
  const auto victims = [](std::uint64_t seed) {
    ChaosSchedule schedule({repeated("worker-*", seconds(10))}, seed);
    EXPECT_EQ(schedule.next(), seconds(10));
    std::vector<std::string> hit;
    for (int i = 1; i <= 40; ++i) {
      const auto actions = schedule.take_due(i * seconds(10), nodes());
      EXPECT_EQ(actions.size(), 1u);
      for (const ChaosAction& each : actions) hit.push_back(each.node);
    }
    return hit;
  };
  const auto first = victims(1);
  EXPECT_EQ(victims(1), first);
  EXPECT_NE(victims(2), first);
  EXPECT_THAT(std::set<std::string>(first.begin(), first.end()),
              ElementsAre("worker-0", "worker-1", "worker-2", "worker-3"));
}

TEST(ChaosSchedule, leaves_out_what_was_missed_and_ends_in_time) {
  ChaosSpec spec = repeated("worker-*", seconds(10));
  spec.until = seconds(60);
  ChaosSchedule schedule({spec}, 1);
  EXPECT_EQ(schedule.take_due(seconds(35), nodes()).size(), 1u);
  EXPECT_EQ(schedule.next(), seconds(40));
  EXPECT_EQ(schedule.take_due(seconds(60), nodes()).size(), 1u);
  EXPECT_EQ(schedule.next(), std::nullopt);
}

TEST(ChaosSchedule, what_stands_still_goes_on_when_the_last_stop_is_over) {
  ChaosSpec short_stop = entry(ChaosSpec::Kind::kStop, "worker-1", seconds(10));
  short_stop.lasts = seconds(5);
  ChaosSpec long_stop = entry(ChaosSpec::Kind::kStop, "worker-*", seconds(12));
  long_stop.lasts = seconds(6);
  ChaosSchedule schedule({short_stop, long_stop}, 1);
  const auto stops = schedule.take_due(seconds(10), nodes());
  ASSERT_EQ(stops.size(), 1u);
  EXPECT_EQ(stops[0].what, What::kStop);
  EXPECT_EQ(stops[0].lasts, seconds(5));
  EXPECT_EQ(stops[0].text, "stop worker-1@n1 for 5s");
  EXPECT_THAT(schedule.stopped(), ElementsAre("worker-1"));
  EXPECT_EQ(schedule.take_due(seconds(12), nodes()).size(), 4u);
  EXPECT_THAT(schedule.take_due(seconds(15), nodes()), IsEmpty());
  const auto ends = schedule.take_due(seconds(18), nodes());
  ASSERT_EQ(ends.size(), 4u);
  for (const ChaosAction& each : ends) {
    EXPECT_EQ(each.what, What::kContinue);
    EXPECT_EQ(each.text, "");
  }
  EXPECT_THAT(schedule.stopped(), IsEmpty());
}

TEST(ChaosSchedule, what_is_slow_runs_for_its_share_of_the_time) {
  ChaosSpec spec = entry(ChaosSpec::Kind::kSlow, "worker-0", seconds(1));
  spec.lasts = seconds(10);
  spec.factor = 4;
  ChaosSchedule schedule({spec}, 1);
  std::chrono::nanoseconds stopped_at{0};
  std::chrono::nanoseconds still{0};
  std::size_t told = 0;
  bool stopped = false;
  for (auto next = schedule.next(); next; next = schedule.next()) {
    for (const ChaosAction& each : schedule.take_due(*next, nodes())) {
      EXPECT_EQ(each.node, "worker-0");
      if (!each.text.empty()) ++told;
      const bool stop = each.what == What::kStop;
      EXPECT_NE(stop, stopped) << "it is stopped and goes on by turns";
      if (!stop) still += *next - stopped_at;
      stopped_at = *next;
      stopped = stop;
    }
  }
  EXPECT_FALSE(stopped);
  EXPECT_EQ(told, 1u);
  EXPECT_NEAR(std::chrono::duration<double>(still).count(), 7.5, 0.05);
}

TEST(ChaosSchedule, disturbances_say_how_long_they_last_and_whom_they_spare) {
  ChaosSpec delay = entry(ChaosSpec::Kind::kDelay, "worker-3", seconds(1));
  delay.lasts = seconds(10);
  delay.by = milliseconds(100);
  ChaosSpec drop = entry(ChaosSpec::Kind::kDrop, "worker-3", seconds(2));
  drop.lasts = seconds(10);
  drop.rate = 0.1;
  ChaosSpec cut = entry(ChaosSpec::Kind::kPartition, "host:n1", seconds(3));
  cut.lasts = seconds(3);
  ChaosSchedule schedule({delay, drop, cut}, 1);
  const auto delays = schedule.take_due(seconds(1), nodes());
  ASSERT_EQ(delays.size(), 1u);
  EXPECT_EQ(delays[0].what, What::kDisturb);
  EXPECT_EQ(delays[0].disturbance.delay, milliseconds(100));
  EXPECT_EQ(delays[0].disturbance.lasts, seconds(10));
  EXPECT_FALSE(delays[0].disturbance.cut);
  EXPECT_EQ(delays[0].text, "delay worker-3@n2 by 100ms for 10s");
  const auto drops = schedule.take_due(seconds(2), nodes());
  ASSERT_EQ(drops.size(), 1u);
  EXPECT_EQ(drops[0].disturbance.drop, 0.1);
  EXPECT_EQ(drops[0].text, "drop worker-3@n2 at 0.1 for 10s");
  const auto cuts = schedule.take_due(seconds(3), nodes());
  ASSERT_EQ(cuts.size(), 3u);
  EXPECT_TRUE(cuts[0].disturbance.cut);
  EXPECT_EQ(cuts[0].spared, "n1");
  EXPECT_EQ(cuts[0].text, "partition master@n1 for 3s");
}

}  // namespace
}  // namespace wisp::cli
