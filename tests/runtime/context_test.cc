// What an actor sees of its surroundings; on_down and flush are in cell_test.cc and scheduler_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/simulated_clock.h"
#include "runtime/handle.h"
#include "tests/runtime/nodes.h"
#include "tests/runtime/scripted_transport.h"

namespace wisp::runtime {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

class Looking : public Actor {
 public:
  using Constructor = void();
  Context& view() { return context(); }
  Task<void> sleep(int length) {
    co_await context().sleep(seconds(length));
    awake.push_back(length);
  }
  void begin(int length) { context().begin(sleep(length)); }
  void begin_failing() {
    context().begin([]() -> Task<void> {
      throw Error("beside the messages");
      co_return;
    }());
  }
  void note(int value) { awake.push_back(value); }
  std::vector<int> awake;
};

class ContextTest : public testing::Test {
 protected:
  ContextTest() {
    auto options = test::node_options(3, journal_);
    options.clock = &clock_;
    node_ = std::make_unique<Node>(std::move(options), registry_,
                                   std::make_unique<test::ScriptedTransport>(tape_));
    node_->adopt("service", std::make_unique<Looking>());
    auto actor = std::make_unique<Looking>();
    looking_ = actor.get();
    handle_.emplace(*node_, node_->adopt("looking", std::move(actor)), "looking");
    node_->step();
  }

  SimulatedClock clock_;
  test::Journal journal_;
  test::Tape tape_;
  const Registry registry_;
  std::unique_ptr<Node> node_;
  Looking* looking_ = nullptr;
  std::optional<Handle<Looking>> handle_;
};

TEST_F(ContextTest, shows_who_and_where_it_is) {
  const Context& view = looking_->view();
  EXPECT_EQ(view.self(), ActorId(3, 1));
  EXPECT_EQ(view.name(), "looking");
  EXPECT_EQ(&view.node(), node_.get());
  EXPECT_EQ(view.handle<Looking>().id(), view.self());
  clock_.advance(seconds(7));
  EXPECT_EQ(view.now(), seconds(7));
  view.log().info("seen");
  EXPECT_THAT(journal_.lines(), ElementsAre("looking info seen"));
  EXPECT_EQ(view.traffic().sent, node_->traffic().sent);
}

TEST_F(ContextTest, a_sleep_lets_others_have_their_turn) {
  handle_->tell<&Looking::sleep>(2);
  handle_->tell<&Looking::sleep>(1);
  node_->step();
  handle_->tell<&Looking::note>(0);
  node_->step();
  EXPECT_THAT(looking_->awake, ElementsAre(0));
  ASSERT_TRUE(node_->deadline());
  EXPECT_EQ(*node_->deadline(), seconds(1));
  for (int i = 0; i < 2; ++i) {
    clock_.advance(seconds(1));
    node_->step();
  }
  EXPECT_THAT(looking_->awake, ElementsAre(0, 1, 2));
}

TEST_F(ContextTest, begins_what_goes_on_beside_its_messages) {
  auto begun = handle_->call<&Looking::begin>(5);
  node_->step();
  begun.get();
  clock_.advance(seconds(5));
  node_->step();
  EXPECT_THAT(looking_->awake, ElementsAre(5));
  handle_->call<&Looking::begin_failing>().state();
  node_->step();
  EXPECT_THAT(journal_.lines(), ElementsAre("looking error a method failed: beside the messages"));
}

TEST_F(ContextTest, a_sleeper_that_is_killed_sleeps_no_more) {
  handle_->tell<&Looking::sleep>(5);
  node_->step();
  handle_->kill();
  node_->step();
  clock_.advance(seconds(5));
  node_->step();
  EXPECT_EQ(node_->actors(), 1u);
}

}  // namespace
}  // namespace wisp::runtime
