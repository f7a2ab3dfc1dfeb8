#include "runtime/heart.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/nodes.h"

namespace wisp::runtime {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using test::frame_of;
using test::kRun;
using testing::ElementsAre;
using testing::IsEmpty;

// What the callbacks were told, as lines; from any thread.
class Told {
 public:
  void add(const std::string& line) {
    std::lock_guard lock(mutex_);
    lines_.push_back(line);
    changed_.notify_all();
  }
  std::vector<std::string> take() {
    std::lock_guard lock(mutex_);
    return std::exchange(lines_, {});
  }
  bool wait_for(const std::string& line) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, test::kHang,
                             [&] { return std::find(lines_.begin(), lines_.end(), line) != lines_.end(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

std::string seconds(nanoseconds time) { return std::to_string(time / 1ms) + " ms"; }

NodeHeartOptions node_options(NodeId id, const Address& driver, const Clock& clock, Told& told) {
  NodeHeartOptions options;
  options.self = id;
  options.run = kRun;
  options.driver = driver;
  options.clock = &clock;
  options.progress = [] { return 0; };
  options.queued = [] { return 0; };
  options.on_fenced = [&told](const std::string& why) { told.add("fenced: " + why); };
  options.on_driver_lost = [&told](nanoseconds silent) { told.add("driver lost after " + seconds(silent)); };
  return options;
}

DriverHeartOptions driver_options(const Clock& clock, Told& told) {
  DriverHeartOptions options;
  options.run = kRun;
  options.clock = &clock;
  const auto tell = [&told](const char* what) {
    return [&told, what](NodeId node, nanoseconds silent) {
      told.add(std::to_string(node) + " " + what + " " + seconds(silent));
    };
  };
  options.on_suspect = tell("suspect");
  options.on_well = tell("well");
  options.on_dead = tell("dead");
  return options;
}

// A driver and two nodes, stepped by hand in a time of their own.
class HeartTest : public testing::Test {
 protected:
  class HandClock : public Clock {
   public:
    nanoseconds steady() const override { return now; }
    std::chrono::system_clock::time_point wall() const override { return {}; }
    nanoseconds now{1'000s};
  };
  struct NodeSide {
    Told told;
    std::uint64_t progress = 0;
    std::uint64_t queued = 0;
    bool running = true;
    std::unique_ptr<NodeHeart> heart;
  };

  HeartTest() {
    auto control = network_.attach(0, Channel::kControl);
    driver_address_ = control->address();
    driver_ = std::make_unique<DriverHeart>(driver_options(clock_, driver_told_), std::move(control));
    for (NodeId id = 1; id <= 2; ++id) start(id);
  }

  void start(NodeId id) {
    NodeSide& node = nodes_[id];
    NodeHeartOptions options = node_options(id, driver_address_, clock_, node.told);
    options.progress = [&node] { return node.progress; };
    options.queued = [&node] { return node.queued; };
    node.heart = std::make_unique<NodeHeart>(options, network_.attach(id, Channel::kControl));
  }
  // Frames take no time: everybody steps until nobody has anything more to do now.
  void settle() {
    for (int i = 0; i < 3; ++i) {
      for (auto& [id, node] : nodes_) {
        if (node.running) node.heart->step(clock_.now);
      }
      if (driver_runs_) driver_->step(clock_.now);
    }
  }
  void pass(nanoseconds time) {
    const nanoseconds end = clock_.now + time;
    settle();
    for (nanoseconds next = next_deadline(); next <= end; next = next_deadline()) {
      ASSERT_GT(next, clock_.now) << "nothing is left to be done now";
      clock_.now = next;
      settle();
    }
    clock_.now = end;
    settle();
  }
  // Somebody who is no heart says something to the driver.
  void say(NodeId self, const Bytes& frame) {
    const auto outsider = network_.attach(self, Channel::kControl);
    outsider->connect(0, driver_address_);
    outsider->send(0, frame);
    settle();
  }

  HandClock clock_;
  InProcessNetwork network_;
  Address driver_address_;
  Told driver_told_;
  std::map<NodeId, NodeSide> nodes_;
  std::unique_ptr<DriverHeart> driver_;
  bool driver_runs_ = true;

 private:
  nanoseconds next_deadline() const {
    nanoseconds next = nanoseconds::max();
    for (const auto& [id, node] : nodes_) {
      if (node.running) next = std::min(next, node.heart->deadline().value_or(nanoseconds::max()));
    }
    return driver_runs_ ? std::min(next, driver_->deadline().value_or(nanoseconds::max())) : next;
  }
};

TEST_F(HeartTest, nodes_that_beat_are_well) {
  driver_->watch(1);
  driver_->watch(2);
  pass(60s);
  EXPECT_THAT(driver_told_.take(), IsEmpty());
  EXPECT_THAT(nodes_[1].told.take(), IsEmpty());
  EXPECT_EQ(driver_->health().at(1).state.liveness, Liveness::kWell);
  EXPECT_EQ(nodes_[1].heart->round_trip(), 0ns);
}

TEST_F(HeartTest, a_node_that_is_stopped_is_suspected_then_dead_then_fenced) {
  driver_->watch(1);
  driver_->watch(2);
  pass(5s);
  nodes_[1].running = false;  // SIGSTOP
  pass(20s);
  EXPECT_THAT(driver_told_.take(), ElementsAre("1 suspect 3000 ms", "1 dead 10000 ms"));
  nodes_[1].running = true;  // SIGCONT
  settle();
  EXPECT_THAT(nodes_[1].told.take(), ElementsAre("fenced: the driver had taken this node for dead"));
  EXPECT_FALSE(nodes_[1].heart->deadline());
  pass(20s);
  EXPECT_THAT(nodes_[1].told.take(), IsEmpty());
  EXPECT_THAT(nodes_[2].told.take(), IsEmpty());
}

TEST_F(HeartTest, a_suspect_that_beats_again_is_well) {
  driver_->watch(1);
  driver_->forget(2);
  nodes_[2].running = false;
  pass(5s);
  nodes_[1].running = false;
  pass(4s);
  nodes_[1].running = true;
  pass(5s);
  EXPECT_THAT(driver_told_.take(), ElementsAre("1 suspect 3000 ms", "1 well 4000 ms"));
  EXPECT_THAT(nodes_[1].told.take(), IsEmpty());
}

TEST_F(HeartTest, a_node_whose_process_has_ended_is_dead_at_once) {
  driver_->watch(1);
  driver_->watch(2);
  pass(1s);
  driver_->declare_dead(1);
  EXPECT_EQ(driver_->health().at(1).state.liveness, Liveness::kDead);
  pass(1s);
  EXPECT_THAT(driver_told_.take(), IsEmpty());
  EXPECT_THAT(nodes_[1].told.take(), ElementsAre("fenced: the driver had taken this node for dead"));
}

TEST_F(HeartTest, a_node_that_nobody_watches_is_fenced) {
  driver_->watch(2);
  pass(1s);
  EXPECT_THAT(nodes_[1].told.take(), ElementsAre("fenced: the driver does not know this node"));
  EXPECT_THAT(nodes_[2].told.take(), IsEmpty());
}

TEST_F(HeartTest, a_driver_that_is_silent_is_lost_after_10_s) {
  driver_->watch(1);
  driver_->watch(2);
  pass(5s);
  driver_runs_ = false;
  pass(30s);
  EXPECT_THAT(nodes_[1].told.take(), ElementsAre("driver lost after 10000 ms"));
  EXPECT_THAT(nodes_[2].told.take(), ElementsAre("driver lost after 10000 ms"));
}

TEST_F(HeartTest, a_driver_that_was_stopped_takes_nobody_for_dead) {
  driver_->watch(1);
  driver_->watch(2);
  pass(5s);
  driver_runs_ = false;
  pass(9s);
  for (auto& [id, node] : nodes_) node.running = false;  // and now nobody sends
  clock_.now += 60s;
  driver_runs_ = true;
  settle();
  EXPECT_THAT(driver_told_.take(), IsEmpty());
  for (auto& [id, node] : nodes_) node.running = true;
  pass(5s);
  EXPECT_THAT(driver_told_.take(), IsEmpty());
  EXPECT_THAT(nodes_[1].told.take(), IsEmpty());  // its own stall does not cost it the driver
}

TEST_F(HeartTest, busy_is_not_dead_and_progress_shows) {
  driver_->watch(1);
  driver_->watch(2);
  nodes_[1].progress = 7;
  nodes_[1].queued = 3;
  for (int i = 0; i < 120; ++i) {
    ++nodes_[2].progress;
    pass(500ms);
  }
  EXPECT_THAT(driver_told_.take(), IsEmpty());
  const auto health = driver_->health();
  EXPECT_EQ(health.at(1).state.progress, 7u);
  EXPECT_EQ(health.at(1).state.unchanged_for, 60s);
  EXPECT_EQ(health.at(1).queued, 3u);
  EXPECT_LE(health.at(2).state.unchanged_for, 500ms);
}

TEST_F(HeartTest, a_heart_wakes_no_more_often_than_it_beats) {
  driver_->watch(1);
  driver_->watch(2);
  settle();
  EXPECT_EQ(nodes_[1].heart->deadline(), clock_.now + 500ms);
  EXPECT_EQ(driver_->deadline(), clock_.now + 500ms);
  clock_.now += 200ms;
  settle();
  EXPECT_EQ(nodes_[1].heart->deadline(), clock_.now + 300ms);
}

TEST_F(HeartTest, a_driver_that_watches_nobody_is_never_due) {
  nodes_.clear();
  settle();
  EXPECT_FALSE(driver_->deadline());
}

TEST_F(HeartTest, what_is_not_for_us_is_dropped_and_counted) {
  driver_->watch(1);
  driver_->watch(2);
  driver_->watch(3);
  pass(1s);
  ControlFrame frame;
  frame.run = kRun + 1;  // another run's
  frame.source = 10;
  frame.body = Beat();
  say(10, encode(frame));
  frame.run = kRun;
  frame.destination = 5;  // another's
  frame.source = 11;
  say(11, encode(frame));
  EXPECT_EQ(driver_->dropped().foreign, 2u);
  frame.destination = 0;
  frame.source = 3;  // not the sender's own number
  say(12, encode(frame));
  EXPECT_EQ(driver_->dropped().forged, 1u);
  EXPECT_EQ(driver_->health().at(3).state.silent_for, 1s);
  say(13, frame_of("junk"));
  frame.source = 14;
  frame.body = Pulse();  // the driver is sent none
  say(14, encode(frame));
  EXPECT_EQ(driver_->dropped().malformed, 2u);
  pass(1s);
  EXPECT_THAT(driver_told_.take(), IsEmpty());
}

TEST_F(HeartTest, only_the_driver_can_fence) {
  driver_->watch(1);
  driver_->watch(2);
  pass(1s);
  const auto rebel = network_.attach(9, Channel::kControl);
  rebel->connect(1, Address("in-process://1", "", "in-process://1/control"));
  ControlFrame frame;
  frame.run = kRun;
  frame.destination = 1;
  frame.body = Fencing();
  frame.source = 9;
  rebel->send(1, encode(frame));
  frame.source = 0;
  rebel->send(1, encode(frame));
  pass(1s);
  EXPECT_EQ(nodes_[1].heart->dropped().malformed, 1u);
  EXPECT_EQ(nodes_[1].heart->dropped().forged, 1u);
  EXPECT_THAT(nodes_[1].told.take(), IsEmpty());
}

// Over sockets, each heart on a thread of its own.
class HeartOverSockets : public testing::TestWithParam<test::NetworkKind> {
 protected:
  class Thread {
   public:
    explicit Thread(Heart& heart) : heart_(heart), thread_([&heart] { heart.run(); }) {}
    ~Thread() {
      heart_.stop();
      thread_.join();
    }

   private:
    Heart& heart_;
    std::thread thread_;
  };

  // Limits that a busy machine does not reach, and an interval that does not keep the test waiting.
  static FailureLimits patient() {
    FailureLimits limits;
    limits.interval = 5ms;
    limits.suspect = 60s;
    limits.dead = 120s;
    return limits;
  }
  std::unique_ptr<DriverHeart> driver(const FailureLimits& limits) {
    DriverHeartOptions options = driver_options(clock_, driver_told_);
    options.limits = limits;
    return std::make_unique<DriverHeart>(options, network_->attach(0, Channel::kControl));
  }
  std::unique_ptr<NodeHeart> node(NodeId id, const FailureLimits& limits,
                                  std::function<std::uint64_t()> progress) {
    NodeHeartOptions options = node_options(id, network_->address(0), clock_, node_told_);
    options.limits = limits;
    options.progress = std::move(progress);
    return std::make_unique<NodeHeart>(options, network_->attach(id, Channel::kControl));
  }

  const SystemClock clock_{};
  const std::unique_ptr<test::Network> network_ = GetParam().make();
  Told driver_told_;
  Told node_told_;
};

INSTANTIATE_TEST_SUITE_P(Each, HeartOverSockets,
                         testing::Values(test::kInProcess, test::kIpc, test::kTcp, test::kCurve),
                         test::network_name);

TEST_P(HeartOverSockets, beats_are_answered_and_carry_progress) {
  std::atomic<std::uint64_t> progress = 0;
  std::atomic<std::uint64_t> read = 0;
  const auto driver_heart = driver(patient());
  const auto node_heart = node(1, patient(), [&] {
    ++read;
    return progress.load();
  });
  driver_heart->watch(1);
  const Thread driver_thread(*driver_heart);
  const Thread node_thread(*node_heart);
  progress = 42;
  const auto deadline = std::chrono::steady_clock::now() + test::kHang;
  while (driver_heart->health().at(1).state.progress != 42 || !node_heart->round_trip()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
  EXPECT_GT(read, 0u);
  EXPECT_THAT(driver_told_.take(), IsEmpty());
  EXPECT_THAT(node_told_.take(), IsEmpty());
}

TEST_P(HeartOverSockets, a_node_that_is_dead_for_the_driver_hears_so) {
  const auto driver_heart = driver(patient());
  const auto node_heart = node(1, patient(), [] { return 0; });
  driver_heart->watch(1);
  const Thread driver_thread(*driver_heart);
  const Thread node_thread(*node_heart);
  driver_heart->declare_dead(1);
  EXPECT_TRUE(node_told_.wait_for("fenced: the driver had taken this node for dead"));
}

TEST_P(HeartOverSockets, silence_is_noticed_without_a_frame) {
  FailureLimits limits;
  limits.interval = 5ms;
  limits.suspect = 10ms;
  limits.dead = 20ms;
  std::promise<void> dead;
  DriverHeartOptions options = driver_options(clock_, driver_told_);
  options.limits = limits;
  options.on_dead = [&dead](NodeId, nanoseconds) { dead.set_value(); };
  DriverHeart driver_heart(options, network_->attach(0, Channel::kControl));
  const Thread driver_thread(driver_heart);
  driver_heart.watch(1);  // wakes it
  EXPECT_EQ(dead.get_future().wait_for(test::kHang), std::future_status::ready);
}

}  // namespace
}  // namespace wisp::runtime
