// Worlds as tests use them; what happens inside is told in tests/sim.
#include "runtime/simulated_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

class Echo : public Actor {
 public:
  using Constructor = void();
  std::int64_t same(std::int64_t value) { return value; }
  Task<void> wait(std::int64_t count) { co_await context().sleep(milliseconds(count)); }
  Task<void> loop() {
    for (;;) co_await context().sleep(nanoseconds(1));
  }
};

const Registry& registry() {
  static const std::unique_ptr<const Registry> all = [] {
    auto made = std::make_unique<Registry>();
    register_services(*made);
    made->actor<Echo>("echo").method<&Echo::same>("same").method<&Echo::wait>("wait").method<&Echo::loop>(
        "loop");
    return made;
  }();
  return *all;
}

class SimulatedWorldTest : public testing::Test {
 protected:
  void build(const WorldOptions& options = WorldOptions()) {
    world_ = std::make_unique<SimulatedWorld>(options, registry());
    node_ = world_->start_node("node", "host");
    world_->system().wait_for({node_}, seconds(10), [](const auto&) {});
    echo_ = world_->system().spawn<Echo>(Options("echo").on("node")).get(seconds(10));
  }

  std::unique_ptr<SimulatedWorld> world_;
  NodeId node_ = 0;
  Handle<Echo> echo_;
};

TEST_F(SimulatedWorldTest, get_runs_it_until_the_answer_is_there) {
  build();
  const nanoseconds before = world_->now();
  EXPECT_EQ(echo_.call<&Echo::same>(7).get(), 7);
  EXPECT_EQ(world_->now() - before, milliseconds(2));
}

TEST_F(SimulatedWorldTest, a_deadline_passes_in_virtual_time) {
  build();
  const nanoseconds before = world_->now();
  EXPECT_THROW(echo_.call<&Echo::wait>(60'000).get(seconds(5)), Timeout);
  EXPECT_EQ(world_->now() - before, seconds(5));
}

TEST_F(SimulatedWorldTest, an_answer_that_can_never_come_is_an_error_that_names_the_seed) {
  build();
  try {
    (void)Promise<int>("godot", &world_->system().node()).future().get();
    FAIL() << "nobody can have answered";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "seed 1: nothing is left to happen, and there is no answer from godot");
  }
}

TEST_F(SimulatedWorldTest, more_events_than_its_bound_are_an_error_that_names_the_seed) {
  WorldOptions options;
  options.seed = 77;
  options.events_most = 10'000;
  build(options);
  try {
    echo_.call<&Echo::loop>().get();
    FAIL() << "there is no end";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("seed 77: more than 10000 events"));
  }
}

TEST_F(SimulatedWorldTest, handling_a_message_takes_the_time_of_the_compute_model) {
  WorldOptions options;
  options.compute = Delay::constant(milliseconds(10));
  build(options);
  world_->run_for(seconds(1));
  const nanoseconds before = world_->now();
  auto first = echo_.call<&Echo::same>(1);
  world_->run_for(milliseconds(2));
  auto second = echo_.call<&Echo::same>(2);  // comes while the first is computed
  EXPECT_EQ(first.get(), 1);
  EXPECT_EQ(world_->now() - before, milliseconds(12));
  EXPECT_EQ(second.get(), 2);
  EXPECT_EQ(world_->now() - before, milliseconds(22));
}

TEST_F(SimulatedWorldTest, ends_of_nodes_are_reported_once) {
  build();
  std::vector<std::string> ends;
  world_->on_ended([&](const Spawner::Ended& ended) { ends.push_back(ended.name + ": " + ended.cause); });
  world_->crash(node_, "a meteorite");
  world_->crash(node_, "another");
  EXPECT_EQ(world_->find(node_), nullptr);
  world_->run_for(seconds(1));
  EXPECT_THAT(ends, ElementsAre("node: a meteorite"));
}

TEST_F(SimulatedWorldTest, a_power_cut_ends_the_nodes_of_a_host_and_undoes_what_was_not_synced) {
  build();
  world_->start_node("other", "elsewhere");
  world_->disk("host").append_text("/file", "not synced");
  world_->power_cut("host");
  EXPECT_EQ(world_->find(node_), nullptr);
  EXPECT_NE(world_->find(node_ + 1), nullptr);
  EXPECT_FALSE(world_->disk("host").exists("/file"));
}

TEST_F(SimulatedWorldTest, a_name_can_be_used_again_by_a_new_node) {
  build();
  world_->crash(node_);
  world_->run_for(seconds(1));
  const NodeId again = world_->start_node("node", "host");
  EXPECT_NE(again, node_);
  world_->system().wait_for({again}, seconds(10), [](const auto&) {});
  const auto echo = world_->system().spawn<Echo>(Options("echo").on("node")).get(seconds(10));
  EXPECT_EQ(echo.call<&Echo::same>(3).get(), 3);
}

TEST_F(SimulatedWorldTest, tasks_come_in_the_order_of_their_times) {
  build();
  std::string order;
  world_->after(milliseconds(2), [&] { order += 'c'; });
  world_->after(milliseconds(1), [&] { order += 'a'; });
  world_->after(milliseconds(1), [&] { order += 'b'; });
  world_->run_for(seconds(1));
  EXPECT_EQ(order, "abc");
}

TEST_F(SimulatedWorldTest, hearts_tell_of_a_node_that_stands_still_and_fence_it_when_it_wakes) {
  WorldOptions options;
  options.heartbeats = true;
  options.keep_trace = true;
  build(options);
  std::vector<std::string> ends;
  world_->on_ended([&](const Spawner::Ended& ended) { ends.push_back(ended.cause); });
  world_->run_for(minutes(1));
  EXPECT_NE(world_->find(node_), nullptr);
  world_->pause(node_, seconds(20));
  const nanoseconds before = world_->now();
  auto answer = echo_.call<&Echo::same>(1);
  EXPECT_THROW((void)answer.get(), ActorDied);
  EXPECT_GE(world_->now() - before, milliseconds(9'500));  // from the last beat
  EXPECT_LE(world_->now() - before, seconds(11));
  world_->run_for(nanoseconds(0));
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_THAT(ends.front(), HasSubstr("no heartbeats for"));
  world_->run_for(seconds(20) - (world_->now() - before) + seconds(1));
  ASSERT_EQ(ends.size(), 2u);
  EXPECT_THAT(ends.back(), HasSubstr("fenced"));
}

TEST_F(SimulatedWorldTest, a_node_without_a_driver_ends) {
  WorldOptions options;
  options.heartbeats = true;
  build(options);
  world_->network().cut(0, node_, world_->now(), kForever);
  world_->run_for(seconds(15));
  EXPECT_EQ(world_->find(node_), nullptr);
}

TEST_F(SimulatedWorldTest, the_trace_is_kept_only_if_asked_for_and_the_hash_always) {
  build();
  const std::uint64_t hash = world_->trace_hash();
  EXPECT_TRUE(world_->trace().empty());
  WorldOptions options;
  options.keep_trace = true;
  build(options);
  EXPECT_EQ(world_->trace_hash(), hash);
  EXPECT_EQ(world_->trace().front(), "[    0.000] node * started");
  options.network.latency = Delay::constant(milliseconds(2));
  build(options);
  EXPECT_NE(world_->trace_hash(), hash);
}

}  // namespace
}  // namespace wisp::runtime
