#include "runtime/cell.h"

#include <functional>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/handle.h"
#include "tests/runtime/nodes.h"
#include "tests/runtime/stage.h"

namespace wisp::runtime {
namespace {

using test::kHang;
using testing::ElementsAre;
using testing::SizeIs;

class Noting : public Actor {
 public:
  using Constructor = void();
  explicit Noting(std::vector<int>& notes) : notes_(notes) {}
  void note(int value) { notes_.push_back(value); }
  std::uint64_t dropped() const { return context().dropped(); }
  Task<void> twice(int value) {
    note(value);
    co_await test::Yield();
    note(-value);
  }
  Task<int> forever(int value) {
    const std::vector<int> held(100, value);
    auto nothing = Promise<int>().future();
    const int never = co_await nothing;
    co_return never + held[0];
  }
  Task<int> wait_for(Promise<int> promise) {
    auto future = promise.future();
    const int value = co_await future;
    note(value);
    co_return value;
  }
  void end_after(int value) {
    note(value);
    context().end("it had enough");
  }
  void fail(std::string why) { throw Error(why); }
  bool tells(Handle<Noting> other, int value) { return other.tell<&Noting::note>(value); }
  Task<void> sends(Handle<Noting> other, int count) {
    for (int i = 0; i < count; ++i) co_await other.send<&Noting::note>(i);
  }
  Task<void> watch(Handle<Noting> other) {
    context().monitor(other);
    co_return;
  }

  Task<void> on_start() override { return start ? start() : Task<void>(); }
  void on_down(const Down& down) override { downs.push_back(down.name + ": " + down.cause); }
  void on_stop() override {
    note(1000);
    if (fails_to_stop) throw Error("no stop");
  }

  std::function<Task<void>()> start;
  bool fails_to_stop = false;
  std::vector<std::string> downs;

 private:
  std::vector<int>& notes_;
};

// Actors of one node, whose turns the test takes.
class CellTest : public testing::Test {
 protected:
  CellTest() {
    registry_.actor<Unbuilt>("noting")
        .method<&Noting::note>("note")
        .method<&Noting::twice>("twice")
        .method<&Noting::forever>("forever")
        .method<&Noting::fail>("fail");
    auto options = test::node_options(1, journal_);
    options.log_path = [](const std::string& actor) { return "/logs/" + actor; };
    node_ = std::make_unique<Node>(std::move(options), registry_, network_.attach(1));
    node_->adopt("service", std::make_unique<Unbuilt>());
    node_->step();
  }

  // Registered in its place, as Noting can't be built from a message.
  class Unbuilt : public Actor {
   public:
    using Constructor = void();
  };

  Handle<Noting> noting(const CellOptions& options = CellOptions(), const std::string& name = "noting") {
    auto actor = std::make_unique<Noting>(notes_);
    actor_ = actor.get();
    return Handle<Noting>(*node_, node_->adopt(name, std::move(actor), options), name);
  }
  static CellOptions bounded(std::uint32_t capacity, Overflow overflow) {
    CellOptions options;
    options.capacity = capacity;
    options.overflow = overflow;
    return options;
  }
  Ref<Cell> cell_of(const Handle<Noting>& handle) const { return node_->find(handle.id().index); }
  template <class T>
  std::string why_not(Future<T> future) {
    try {
      (void)future.get(kHang);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  test::Journal journal_;
  Registry registry_;
  InProcessNetwork network_;
  std::vector<int> notes_;
  Noting* actor_ = nullptr;  // made last
  std::unique_ptr<Node> node_;
};

TEST_F(CellTest, handles_what_waits_and_then_rests) {
  const auto actor = noting();
  actor.tell<&Noting::note>(1);
  actor.tell<&Noting::note>(2);
  EXPECT_THAT(notes_, ElementsAre());
  EXPECT_EQ(cell_of(actor)->waiting(), 2u);
  node_->step();
  EXPECT_THAT(notes_, ElementsAre(1, 2));
  EXPECT_EQ(cell_of(actor)->waiting(), 0u);
  EXPECT_FALSE(node_->step());
  actor.tell<&Noting::note>(3);
  node_->step();
  EXPECT_THAT(notes_, ElementsAre(1, 2, 3));
}

TEST_F(CellTest, a_long_queue_gives_way_to_others) {
  const auto busy = noting();
  const auto other = noting();
  for (int i = 0; i < 1000; ++i) busy.tell<&Noting::note>(i);
  other.tell<&Noting::note>(-1);
  node_->step();
  ASSERT_THAT(notes_, SizeIs(1001));
  EXPECT_LT(std::ranges::find(notes_, -1) - notes_.begin(), 300);
}

TEST_F(CellTest, a_coroutine_goes_on_behind_what_waits) {
  const auto actor = noting();
  actor.tell<&Noting::twice>(1);
  actor.tell<&Noting::note>(2);
  node_->step();
  EXPECT_THAT(notes_, ElementsAre(1, 2, -1));
}

TEST_F(CellTest, a_failure_is_answered_or_else_logged) {
  const auto actor = noting();
  auto answered = actor.call<&Noting::fail>("first");
  actor.tell<&Noting::fail>("second");
  actor.tell<&Noting::note>(1);
  node_->step();
  try {
    answered.get();
    FAIL() << "no exception";
  } catch (const ActorError& error) {
    EXPECT_EQ(error.actor(), "noting");
    EXPECT_EQ(error.cause(), "first");
    EXPECT_EQ(error.log(), "/logs/noting");
  }
  EXPECT_THAT(journal_.lines(), ElementsAre("noting error fail failed: second"));
  EXPECT_THAT(notes_, ElementsAre(1));
}

TEST_F(CellTest, goes_with_its_coroutines_and_messages_at_the_nodes_end) {
  const auto actor = noting();
  std::vector<Future<int>> waiting;
  for (int i = 0; i < 5; ++i) waiting.push_back(actor.call<&Noting::forever>(i));
  node_->step();
  waiting.push_back(actor.call<&Noting::forever>(5));
  node_->end();
  for (auto& each : waiting) EXPECT_EQ(why_not(std::move(each)), "noting: this node has stopped");
  EXPECT_THAT(notes_, ElementsAre());
}

TEST_F(CellTest, a_full_mailbox_that_fails_refuses) {
  const auto actor = noting(bounded(2, Overflow::kFail));
  EXPECT_TRUE(actor.tell<&Noting::note>(1));
  EXPECT_TRUE(actor.tell<&Noting::note>(2));
  EXPECT_FALSE(actor.tell<&Noting::note>(3));
  auto call = actor.call<&Noting::forever>(4);
  EXPECT_TRUE(call.ready());
  EXPECT_THROW(call.get(), MailboxFull);
  EXPECT_EQ(actor_->dropped(), 1u) << "a tell that says false is its sender's";
  actor.must_tell<&Noting::note>(3);
  node_->step();
  EXPECT_THAT(notes_, ElementsAre(1, 2, 3));
  EXPECT_TRUE(actor.tell<&Noting::note>(5));
}

TEST_F(CellTest, a_full_mailbox_that_drops_the_newest_keeps_what_came_first) {
  const auto actor = noting(bounded(2, Overflow::kDropNewest));
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(actor.tell<&Noting::note>(i));
  EXPECT_EQ(why_not(actor.call<&Noting::fail>("x")), "noting: its mailbox is full (2 messages)");
  EXPECT_EQ(actor_->dropped(), 4u);
  node_->step();
  EXPECT_THAT(notes_, ElementsAre(1, 2));
}

TEST_F(CellTest, a_full_mailbox_that_drops_the_oldest_keeps_what_came_last) {
  const auto actor = noting(bounded(2, Overflow::kDropOldest));
  auto dropped = actor.call<&Noting::fail>("never begun");
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(actor.tell<&Noting::note>(i));
  EXPECT_EQ(why_not(std::move(dropped)), "noting: its mailbox is full (2 messages)");
  EXPECT_EQ(actor_->dropped(), 4u);
  node_->step();
  EXPECT_THAT(notes_, ElementsAre(4, 5));
  actor.tell<&Noting::note>(6);
  node_->step();
  EXPECT_THAT(notes_, ElementsAre(4, 5, 6));
}

TEST_F(CellTest, a_full_mailbox_that_blocks_makes_threads_wait_and_actors_try) {
  const auto actor = noting(bounded(2, Overflow::kBlock));
  const auto other = noting(CellOptions(), "other");
  {
    const test::Serving serving(*node_);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 2; ++thread) {
      threads.emplace_back([&actor, thread] {
        for (int i = 0; i < 200; ++i) {
          if (i % 3 == 0) {
            (void)actor.call<&Noting::note>(thread * 1000 + i);
          } else {
            EXPECT_TRUE(actor.tell<&Noting::note>(thread * 1000 + i));
          }
        }
      });
    }
    for (std::thread& each : threads) each.join();
    other.call<&Noting::sends>(actor, 100).get(kHang);
    actor.ready().get(kHang);
  }
  ASSERT_THAT(notes_, SizeIs(500));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(notes_[static_cast<std::size_t>(400 + i)], i);
}

TEST_F(CellTest, in_a_turn_nothing_blocks) {
  const auto actor = noting(bounded(1, Overflow::kBlock));
  const auto other = noting(CellOptions(), "other");
  auto first = other.call<&Noting::tells>(actor, 1);
  auto second = other.call<&Noting::tells>(actor, 2);
  node_->step();
  EXPECT_TRUE(first.get());
  EXPECT_FALSE(second.get());
}

TEST_F(CellTest, a_send_waits_for_room_whatever_the_mailbox_does_with_the_rest) {
  for (const Overflow overflow : {Overflow::kBlock, Overflow::kFail, Overflow::kDropNewest}) {
    notes_.clear();
    const auto actor = noting(bounded(3, overflow));
    const auto other = noting(CellOptions(), "other");
    auto sent = other.call<&Noting::sends>(actor, 50);
    node_->step();
    sent.get();
    EXPECT_THAT(notes_, SizeIs(50));
  }
}

TEST_F(CellTest, what_is_no_message_takes_no_place) {
  for (const Overflow overflow : {Overflow::kFail, Overflow::kDropNewest, Overflow::kDropOldest}) {
    notes_.clear();
    const auto actor = noting(bounded(2, overflow));
    std::vector<Future<Down>> ends;
    for (int i = 0; i < 10; ++i) ends.push_back(actor.monitor());
    for (int i = 0; i < 10; ++i) {
      actor.call<&Noting::forever>(i).cancel();
      node_->step();
    }
    EXPECT_TRUE(actor.tell<&Noting::note>(1));
    EXPECT_TRUE(actor.tell<&Noting::note>(2));
    for (auto& each : ends) EXPECT_FALSE(each.ready());
    actor.kill("enough");
    node_->step();
    for (auto& each : ends) EXPECT_EQ(each.get().cause, "enough");
  }
}

TEST_F(CellTest, nobody_waits_for_room_in_the_mailbox_of_the_dead) {
  for (const Overflow overflow :
       {Overflow::kBlock, Overflow::kFail, Overflow::kDropNewest, Overflow::kDropOldest}) {
    const auto actor = noting(bounded(2, overflow));
    const auto other = noting(CellOptions(), "other");
    const auto hang = [&] { return other.call<&Noting::sends>(actor, 20); };
    node_->step();
    for (int i = 0; i < 2; ++i) actor.tell<&Noting::note>(i);
    auto before = hang();
    actor.kill("killed");
    node_->step();
    before.get(kHang);
    auto after = hang();
    node_->step();
    after.get(kHang);
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(actor.tell<&Noting::note>(i));  // lost, as any
      EXPECT_EQ(why_not(actor.call<&Noting::fail>("x")), "noting: killed");
    }
  }
}

TEST_F(CellTest, a_kill_destroys_what_waits_and_refuses_the_rest) {
  const auto actor = noting();
  auto begun = actor.call<&Noting::forever>(1);
  node_->step();
  auto end = actor.monitor();
  node_->step();
  auto queued = actor.call<&Noting::forever>(2);
  actor.kill("the first cause");
  actor.kill("the second");
  node_->step();
  auto late = actor.call<&Noting::forever>(3);
  for (auto* each : {&begun, &queued, &late}) {
    try {
      (void)each->get(kHang);
      FAIL() << "no exception";
    } catch (const ActorDied& error) {
      EXPECT_EQ(error.actor(), "noting");
      EXPECT_EQ(error.cause(), "the first cause");
      EXPECT_EQ(error.log(), "/logs/noting");
    }
  }
  const Down down = end.get(kHang);
  EXPECT_EQ(down.actor, actor.id());
  EXPECT_EQ(down.name, "noting");
  EXPECT_EQ(down.cause, "the first cause");
  EXPECT_EQ(actor.monitor().get(kHang).actor, actor.id());  // it has ended already
}

TEST_F(CellTest, an_actor_ends_itself_at_the_end_of_its_turn) {
  const auto actor = noting();
  auto last = actor.call<&Noting::end_after>(1);
  auto refused = actor.call<&Noting::end_after>(2);
  node_->step();
  last.get(kHang);
  EXPECT_EQ(why_not(std::move(refused)), "noting: it had enough");
  EXPECT_THAT(notes_, ElementsAre(1));
}

TEST_F(CellTest, a_stop_lets_what_came_before_be_done) {
  const auto actor = noting();
  const Promise<int> gate;
  auto waiting = actor.call<&Noting::wait_for>(gate);
  actor.tell<&Noting::twice>(1);
  actor.stop();
  auto refused = actor.call<&Noting::forever>(2);
  auto end = actor.monitor();
  node_->step();
  EXPECT_EQ(why_not(std::move(refused)), "noting: it was asked to stop");
  EXPECT_FALSE(end.ready());
  gate.set(7);
  node_->step();
  EXPECT_EQ(waiting.get(), 7);
  EXPECT_EQ(end.get(kHang).cause, "it was asked to stop");
  EXPECT_THAT(notes_, ElementsAre(1, -1, 7, 1000));
}

TEST_F(CellTest, a_stop_that_fails_says_so) {
  const auto actor = noting();
  actor_->fails_to_stop = true;
  actor.stop();
  auto end = actor.monitor();
  node_->step();
  EXPECT_EQ(end.get(kHang).cause, "on_stop() failed: no stop");
}

TEST_F(CellTest, messages_wait_for_the_start) {
  std::vector<CellOptions> kinds = {CellOptions(), bounded(10, Overflow::kFail),
                                    bounded(10, Overflow::kDropOldest)};
  for (const CellOptions& options : kinds) {
    notes_.clear();
    const Promise<int> gate;
    const auto actor = noting(options);
    actor_->start = [this, gate]() -> Task<void> {
      auto opened = gate.future();
      const int value = co_await opened;
      notes_.push_back(value);
    };
    for (int i = 1; i <= 3; ++i) actor.tell<&Noting::note>(i);
    auto ready = actor.ready();
    node_->step();
    EXPECT_THAT(notes_, ElementsAre());
    EXPECT_FALSE(ready.ready());
    actor.tell<&Noting::note>(4);
    node_->step();
    gate.set(0);
    node_->step();
    EXPECT_THAT(notes_, ElementsAre(0, 1, 2, 3, 4));
    EXPECT_TRUE(ready.ready());
  }
}

TEST_F(CellTest, a_start_that_fails_is_the_end) {
  for (const bool waits : {false, true}) {
    const auto actor = noting();
    actor_->start = [waits]() -> Task<void> {
      if (!waits) throw Error("no start");
      return []() -> Task<void> {
        co_await test::Yield();
        throw Error("no start");
      }();
    };
    auto ready = actor.ready();
    node_->step();
    EXPECT_EQ(why_not(std::move(ready)), "noting: its start failed: no start");
  }
}

TEST_F(CellTest, an_actor_that_is_watched_may_end_by_whatever) {
  const auto watching = noting(CellOptions(), "watching");
  Noting& watcher = *actor_;
  const auto killed = noting(CellOptions(), "killed");
  const auto stopped = noting(CellOptions(), "stopped");
  const auto gone = noting(CellOptions(), "gone");
  gone.kill("long ago");
  node_->step();
  for (const auto& each : {killed, stopped, gone}) watching.tell<&Noting::watch>(each);
  node_->step();
  EXPECT_THAT(watcher.downs, SizeIs(1));
  killed.kill("a bullet");
  node_->step();
  stopped.stop();
  node_->step();
  EXPECT_THAT(watcher.downs, SizeIs(3));
  EXPECT_EQ(watcher.downs[1], "killed: a bullet");
  EXPECT_EQ(watcher.downs[2], "stopped: it was asked to stop");
}

TEST_F(CellTest, a_call_that_was_cancelled_in_the_queue_never_begins) {
  const auto actor = noting();
  auto call = actor.call<&Noting::twice>(1);
  call.cancel();
  node_->step();
  EXPECT_THROW(call.get(), Cancelled);
  EXPECT_THAT(notes_, ElementsAre());
}

TEST_F(CellTest, a_call_that_was_cancelled_while_it_waits_goes_no_further) {
  const auto actor = noting();
  const Promise<int> gate;
  auto call = actor.call<&Noting::wait_for>(gate);
  const Promise<int> other_gate;
  auto other = actor.call<&Noting::wait_for>(other_gate);
  node_->step();
  call.cancel();
  EXPECT_THROW(call.get(), Cancelled);
  node_->step();
  gate.set(3);
  other_gate.set(4);
  node_->step();
  EXPECT_THAT(notes_, ElementsAre(4));
  EXPECT_EQ(other.get(), 4);
}

// What it waits for is there, and it is about to go on, when the call is cancelled, or the actor killed.
TEST_F(CellTest, a_coroutine_that_is_about_to_go_on_can_be_destroyed) {
  for (const bool kills : {false, true}) {
    notes_.clear();
    const auto actor = noting();
    const Promise<int> gate;
    auto call = actor.call<&Noting::wait_for>(gate);
    node_->step();
    if (kills) {
      actor.kill("killed");
    } else {
      call.cancel();
    }
    gate.set(3);
    node_->step();
    EXPECT_THROW(call.get(), ActorError);
    EXPECT_THAT(notes_, ElementsAre());
  }
}

TEST_F(CellTest, one_that_was_resumed_first_may_be_destroyed_at_its_next_wait) {
  const auto actor = noting();
  auto call = actor.call<&Noting::twice>(1);
  actor.tell<&Noting::note>(2);
  call.cancel();  // never begun
  auto begun = actor.call<&Noting::twice>(5);
  node_->step();
  EXPECT_THROW(call.get(), Cancelled);
  begun.get();
  EXPECT_THAT(notes_, ElementsAre(2, 5, -5));
}

}  // namespace
}  // namespace wisp::runtime
