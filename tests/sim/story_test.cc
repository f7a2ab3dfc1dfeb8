// What links and nodes do, told line by line in virtual time.
#include "tests/support/story.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Counter : public Actor {
 public:
  using Constructor = void();
  std::int64_t add(std::int64_t amount) { return value_ += amount; }

 private:
  std::int64_t value_ = 0;
};

// Has an actor killed, and puts another in its place as soon as it hears of its end.
class Supervisor : public Actor {
 public:
  using Constructor = void();
  Task<std::string> replace(Handle<Counter> one) {
    auto end = one.monitor();
    one.kill();
    (void)co_await end;
    const Handle<Counter> other = co_await spawn<Counter>(context(), Options(one.name()).on("second"));
    co_return other.name();
  }
};

const Registry& registry() {
  static const std::unique_ptr<const Registry> all = [] {
    auto made = std::make_unique<Registry>();
    register_services(*made);
    made->actor<Counter>("counter").method<&Counter::add>("add");
    made->actor<Supervisor>("supervisor").method<&Supervisor::replace>("replace");
    return made;
  }();
  return *all;
}

// A driver and a node with a counter, 1 ms apart; what led there is no part of the stories, which begin at
// second 10.
class Story : public testing::Test {
 protected:
  Story() : world_(options(), registry()), node_(world_.start_node("node", "host")) {
    world_.system().wait_for({node_}, seconds(10), [](const auto&) {});
    counter_ = world_.system().spawn<Counter>(Options("counter").on("node")).get(seconds(1));
    world_.run_for(seconds(10) - world_.now());
    world_.forget_trace(world_.trace().size());
  }
  static WorldOptions options() {
    WorldOptions options;
    options.keep_trace = true;
    return options;
  }
  // A call whose frame is lost.
  Future<std::int64_t> lost_call() {
    NetworkFaults faults;
    faults.drop = 1;
    world_.network().set_faults(faults);
    auto answer = counter_.call<&Counter::add>(1);
    world_.run_for(milliseconds(1));
    world_.network().set_faults(NetworkFaults());
    return answer;
  }

  SimulatedWorld world_;
  const NodeId node_;
  Handle<Counter> counter_;
};

TEST_F(Story, a_call_and_its_answer) {
  const auto answer = counter_.call<&Counter::add>(3);
  EXPECT_STORY(world_, R"(
    [10000.000] driver > data 3 to node: call counter.add
    [10001.000] node < data 3 from driver: call counter.add
    [10001.000] node > data 3 to driver: answer
    [10002.000] driver < data 3 from node: answer
    [10022.000] driver > acknowledgement of 3 to node
    [10023.000] node < acknowledgement of 3 from driver
  )");
  EXPECT_TRUE(answer.ready());
  world_.run_for(std::chrono::minutes(1));
  EXPECT_THAT(world_.trace(), testing::IsEmpty());  // then there is silence
}

TEST_F(Story, a_lost_frame_is_missed_and_sent_again) {
  auto first = lost_call();
  auto second = counter_.call<&Counter::add>(1);
  EXPECT_STORY(world_, R"(
    [10000.000] driver > data 3 to node: call counter.add
    [10000.000] driver x data 3 to node: call counter.add (dropped)
    [10001.000] driver > data 4 to node: call counter.add
    [10002.000] node < data 4 from driver: call counter.add
    [10002.000] node > gap after 2 to driver
    [10003.000] driver < gap after 2 from node
    [10003.000] driver > data 3 to node: call counter.add
    [10003.000] driver > data 4 to node: call counter.add
    [10004.000] node < data 3 from driver: call counter.add
    [10004.000] node < data 4 from driver: call counter.add
    [10004.000] node > data 3 to driver: answer, answer
    [10005.000] driver < data 3 from node: answer, answer
  )");
  EXPECT_EQ(first.get(), 1);
  EXPECT_EQ(second.get(), 2);
}

TEST_F(Story, a_lost_last_frame_is_found_by_a_probe) {
  auto answer = lost_call();
  EXPECT_STORY(world_, R"(
    [10000.000] driver > data 3 to node: call counter.add
    [10000.000] driver x data 3 to node: call counter.add (dropped)
    [10200.000] driver > probe after 3 to node
    [10201.000] node < probe after 3 from driver
    [10201.000] node > gap after 2 to driver
    [10202.000] driver < gap after 2 from node
    [10202.000] driver > data 3 to node: call counter.add
    [10203.000] node < data 3 from driver: call counter.add
    [10203.000] node > data 3 to driver: answer
    [10204.000] driver < data 3 from node: answer
  )");
  EXPECT_EQ(answer.get(), 1);
}

// The supervisor's request overtakes the word of the end, which is held up.
TEST(Supervision, a_name_is_free_when_its_supervisor_hears_of_the_end) {
  SimulatedWorld world(WorldOptions(), registry());
  System& system = world.system();
  system.wait_for({world.start_node("first", "one"), world.start_node("second", "two")}, seconds(10),
                  [](const auto&) {});
  const auto counter = system.spawn<Counter>(Options("counter").on("first")).get(seconds(1));
  const auto supervisor = system.spawn<Supervisor>(Options("supervisor").on("second")).get(seconds(1));
  world.network().cut("", "one", world.now(), world.now() + seconds(1));
  EXPECT_EQ(supervisor.call<&Supervisor::replace>(counter).get(seconds(20)), "counter");
}

TEST_F(Story, a_partition_heals) {
  world_.network().cut("", "host", seconds(10), seconds(11));
  auto answer = counter_.call<&Counter::add>(1);
  EXPECT_STORY(world_, R"(
    [10000.000] driver > data 3 to node: call counter.add
    [10000.000] driver x data 3 to node: call counter.add (cut)
    [10200.000] driver > probe after 3 to node
    [10200.000] driver x probe after 3 to node (cut)
    [10600.000] driver > probe after 3 to node
    [10600.000] driver x probe after 3 to node (cut)
    [11400.000] driver > probe after 3 to node
    [11401.000] node < probe after 3 from driver
    [11401.000] node > gap after 2 to driver
    [11402.000] driver < gap after 2 from node
    [11402.000] driver > data 3 to node: call counter.add
    [11403.000] node < data 3 from driver: call counter.add
    [11403.000] node > data 3 to driver: answer
    [11404.000] driver < data 3 from node: answer
  )");
  EXPECT_EQ(answer.get(), 1);
}

TEST_F(Story, a_node_dies_and_its_callers_hear_of_it) {
  auto answer = counter_.call<&Counter::add>(1);
  world_.after(milliseconds(1), [this] { world_.crash(node_, "killed by signal 9"); });
  EXPECT_STORY(world_, R"(
    [10000.000] driver > data 3 to node: call counter.add
    [10001.000] node < data 3 from driver: call counter.add
    [10001.000] node * ended: killed by signal 9
  )");
  try {
    (void)answer.get();
    FAIL() << "a dead node has answered";
  } catch (const ActorDied& died) {
    EXPECT_STREQ(died.what(), "counter: killed by signal 9");
  }
  EXPECT_EQ(world_.now(), milliseconds(10'101));  // the report of its end takes 100 ms
}

TEST_F(Story, a_zombie_is_fenced) {
  world_.pause(node_, seconds(2));
  auto answer = counter_.call<&Counter::add>(1);
  world_.run_for(seconds(1));
  world_.system().lose(node_, "it does not answer");
  EXPECT_STORY(world_, R"(
    [10000.000] node * paused
    [10000.000] driver > data 3 to node: call counter.add
    [10001.000] node < data 3 from driver: call counter.add
    [10200.000] driver > probe after 3 to node
    [10201.000] node < probe after 3 from driver
    [10600.000] driver > probe after 3 to node
    [10601.000] node < probe after 3 from driver
    [12000.000] node > data 3 to driver: answer
    [12001.000] driver < data 3 from node: answer
    [12001.000] driver > fenced to node
    [12002.000] node < fenced from driver
    [12002.000] node | node-1 error: fenced: node 0 takes this one for dead
    [12002.000] node * ended: fenced: node 0 takes this one for dead
  )");
  EXPECT_THROW((void)answer.get(), ActorDied);
}

TEST_F(Story, a_node_that_is_told_to_stop_acknowledges_and_ends) {
  world_.system().stop(node_);
  EXPECT_STORY(world_, R"(
    [10000.000] driver > data 3 to node: tell node-1.stop
    [10001.000] node < data 3 from driver: tell node-1.stop
    [10001.000] node > acknowledgement of 3 to driver
    [10001.000] node * ended: it was told to stop
    [10002.000] driver < acknowledgement of 3 from node
  )");
}

}  // namespace
}  // namespace wisp::runtime
