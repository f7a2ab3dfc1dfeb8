#include "runtime/failure_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace wisp::runtime {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using testing::ElementsAre;
using testing::IsEmpty;

std::string to_text(const FailureDetector::Change& change) {
  const char* names[] = {"well", "suspect", "dead"};
  return std::to_string(change.node) + " " + names[static_cast<int>(change.liveness)] + " " +
         std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(change.silent_for).count());
}

class FailureDetectorTest : public testing::Test {
 protected:
  // Looks whenever it is due, up to `end`; what changed.
  std::vector<std::string> run_until(nanoseconds end) {
    std::vector<std::string> told;
    for (auto due = detector_.deadline(); due && *due <= end; due = detector_.deadline()) look(*due, told);
    look(end, told);
    return told;
  }
  // The process is stopped until `end`, then looks.
  std::vector<std::string> stopped_until(nanoseconds end) {
    std::vector<std::string> told;
    look(end, told);
    return told;
  }
  // Nodes that beat as they should, up to `end`.
  std::vector<std::string> beat_until(nanoseconds end, std::initializer_list<NodeId> nodes) {
    std::vector<std::string> told;
    while (now_ + 500ms <= end) {
      const nanoseconds next = now_ + 500ms;
      for (const NodeId node : nodes) EXPECT_TRUE(detector_.heard(node, ++progress_, next));
      for (std::string& each : run_until(next)) told.push_back(std::move(each));
    }
    return told;
  }
  FailureDetector::State state(NodeId node) { return detector_.states(now_).at(node); }

  FailureDetector detector_{FailureLimits()};
  nanoseconds now_{0};
  std::uint64_t progress_ = 0;

 private:
  void look(nanoseconds now, std::vector<std::string>& told) {
    EXPECT_GE(now, now_);
    now_ = now;
    for (const auto& change : detector_.advance(now)) told.push_back(to_text(change));
  }
};

TEST_F(FailureDetectorTest, who_beats_is_well) {
  detector_.watch(1, now_);
  EXPECT_THAT(beat_until(100s, {1}), IsEmpty());
  EXPECT_EQ(state(1).liveness, Liveness::kWell);
}

TEST_F(FailureDetectorTest, silence_is_suspected_after_3_s_and_dead_after_10) {
  detector_.watch(1, now_);
  EXPECT_THAT(beat_until(5s, {1}), IsEmpty());
  EXPECT_THAT(run_until(7999ms), IsEmpty());
  EXPECT_THAT(run_until(8s), ElementsAre("1 suspect 3000"));
  EXPECT_THAT(run_until(14'999ms), IsEmpty());
  EXPECT_THAT(run_until(15s), ElementsAre("1 dead 10000"));
  EXPECT_THAT(run_until(100s), IsEmpty());
  EXPECT_EQ(state(1).liveness, Liveness::kDead);
  EXPECT_FALSE(detector_.deadline());
}

TEST_F(FailureDetectorTest, who_never_beats_is_dead_as_well) {
  detector_.watch(1, now_);
  EXPECT_THAT(run_until(10s), ElementsAre("1 suspect 3000", "1 dead 10000"));
}

TEST_F(FailureDetectorTest, one_beat_ends_a_suspicion) {
  detector_.watch(1, now_);
  EXPECT_THAT(run_until(4s), ElementsAre("1 suspect 3000"));
  EXPECT_TRUE(detector_.heard(1, 1, 4500ms));
  EXPECT_EQ(detector_.deadline(), 4500ms);  // told at once
  EXPECT_THAT(run_until(4500ms), ElementsAre("1 well 4500"));
  EXPECT_THAT(run_until(7499ms), IsEmpty());
  EXPECT_THAT(run_until(7500ms), ElementsAre("1 suspect 3000"));
}

TEST_F(FailureDetectorTest, the_dead_stay_dead) {
  detector_.watch(1, now_);
  detector_.watch(2, now_);
  beat_until(1s, {1, 2});
  detector_.declare_dead(1);
  EXPECT_THAT(run_until(1s), IsEmpty());  // whoever said so knows it
  EXPECT_FALSE(detector_.heard(1, 1, now_));
  EXPECT_TRUE(detector_.is_dead(1));
  EXPECT_THAT(run_until(20s), ElementsAre("2 suspect 3000", "2 dead 10000"));
  EXPECT_FALSE(detector_.heard(2, 1, now_));
  EXPECT_TRUE(detector_.is_dead(2));
}

TEST_F(FailureDetectorTest, whoever_left_is_neither_watched_nor_dead) {
  detector_.watch(1, now_);
  detector_.forget(1);
  EXPECT_FALSE(detector_.deadline());
  EXPECT_THAT(run_until(60s), IsEmpty());
  EXPECT_FALSE(detector_.heard(1, 1, now_));
  EXPECT_FALSE(detector_.is_dead(1));
}

TEST_F(FailureDetectorTest, nodes_are_judged_one_by_one) {
  for (NodeId node = 1; node <= 3; ++node) detector_.watch(node, now_);
  EXPECT_THAT(beat_until(20s, {1, 3}), ElementsAre("2 suspect 3000", "2 dead 10000"));
}

// A laptop's lid, SIGSTOP, a debugger: whatever the others sent in that time may be lost.
TEST_F(FailureDetectorTest, a_stall_of_our_own_kills_nobody) {
  detector_.watch(1, now_);
  detector_.watch(2, now_);
  beat_until(5s, {1, 2});
  EXPECT_THAT(stopped_until(3600s), IsEmpty());
  EXPECT_THAT(run_until(now_ + 2s), IsEmpty());
  EXPECT_TRUE(detector_.heard(1, 1, now_));
  EXPECT_THAT(run_until(now_ + 2s), ElementsAre("2 suspect 3000"));
  EXPECT_THAT(beat_until(now_ + 8s, {1}), ElementsAre("2 dead 10000"));  // it did not come back
}

TEST_F(FailureDetectorTest, stalls_add_up) {
  detector_.watch(1, now_);
  for (int i = 0; i < 5; ++i) EXPECT_THAT(stopped_until(now_ + 60s), IsEmpty()) << i;
  // Of each, one interval counts as time in which we would have heard.
  EXPECT_EQ(state(1).silent_for, 2500ms);
}

TEST_F(FailureDetectorTest, a_stall_does_not_put_what_was_heard_into_the_future) {
  detector_.watch(1, now_);
  beat_until(5s, {1});
  detector_.heard(1, 1, 100s);  // was waiting in the socket while we were stopped
  EXPECT_THAT(stopped_until(100s), IsEmpty());
  EXPECT_EQ(state(1).silent_for, 0s);
  EXPECT_THAT(run_until(103s), ElementsAre("1 suspect 3000"));
}

TEST_F(FailureDetectorTest, looking_a_little_late_is_no_stall) {
  detector_.watch(1, now_);
  while (now_ < 10s) {
    const auto told = stopped_until(now_ + 1s);
    EXPECT_EQ(told.empty(), now_ != 3s && now_ != 10s) << now_.count();
  }
  EXPECT_TRUE(detector_.is_dead(1));
}

TEST_F(FailureDetectorTest, is_due_once_an_interval_and_not_while_nobody_is_watched) {
  EXPECT_FALSE(detector_.deadline());
  detector_.watch(1, 7s);
  EXPECT_EQ(detector_.deadline(), 7500ms);
  detector_.advance(7500ms);
  EXPECT_EQ(detector_.deadline(), 8s);
  detector_.heard(1, 1, 7600ms);
  EXPECT_EQ(detector_.deadline(), 8s);
}

TEST_F(FailureDetectorTest, busy_is_not_dead_and_shows) {
  detector_.watch(1, now_);
  beat_until(5s, {1});
  for (int i = 0; i < 120; ++i) {
    detector_.heard(1, progress_, now_ + 500ms);
    EXPECT_THAT(run_until(now_ + 500ms), IsEmpty());
  }
  EXPECT_EQ(state(1).liveness, Liveness::kWell);
  EXPECT_EQ(state(1).progress, progress_);
  EXPECT_EQ(state(1).unchanged_for, 60s);
  EXPECT_EQ(state(1).silent_for, 0s);
}

TEST(FailureLimits, must_rise) {
  const auto refusal = [](int interval, int suspect, int dead) {
    FailureLimits limits;
    limits.interval = std::chrono::milliseconds(interval);
    limits.suspect = std::chrono::milliseconds(suspect);
    limits.dead = std::chrono::milliseconds(dead);
    EXPECT_THROW(FailureDetector{limits}, Error) << interval << " " << suspect << " " << dead;
  };
  FailureLimits().check();
  refusal(0, 3000, 10'000);
  refusal(3000, 3000, 10'000);
  refusal(500, 10'000, 10'000);
}

TEST(FailureDetectorDeathTest, a_number_is_given_once) {
  FailureDetector detector{FailureLimits()};
  detector.declare_dead(4);
  EXPECT_DEATH(detector.watch(4, 0s), "never given again");
}

}  // namespace
}  // namespace wisp::runtime
