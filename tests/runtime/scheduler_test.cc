#include "runtime/scheduler.h"

#include <future>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/handle.h"
#include "tests/runtime/nodes.h"

namespace wisp::runtime {
namespace {

using test::kHang;
using testing::ElementsAre;

// Shared by the actors of a test.
struct Notes {
  void add(const std::string& note) {
    std::lock_guard lock(mutex);
    all.push_back(note);
  }
  std::mutex mutex;
  std::vector<std::string> all;
};

// Sets a promise when the thread that first waited for it ends.
struct AtThreadEnd {
  std::promise<void>* ended = nullptr;
  ~AtThreadEnd() {
    if (ended != nullptr) ended->set_value();
  }
};
thread_local AtThreadEnd at_thread_end;

class Player : public Actor {
 public:
  using Constructor = void();
  explicit Player(Notes& notes) : notes_(notes) {}
  void note(std::string text) { notes_.add(text); }
  void tell_all(std::vector<Handle<Player>> others) {
    notes_.add(context().name());
    for (const auto& each : others) each.tell<&Player::note>(each.name());
  }
  void play(Handle<Player> other, int left) {
    notes_.add(context().name());
    if (left > 0) other.tell<&Player::play>(context().handle<Player>(), left - 1);
  }
  void play_on(Handle<Player> other) { other.tell<&Player::play_on>(context().handle<Player>()); }
  // Tells the other, and computes until that has been done.
  bool hurry(Handle<Player> other, std::promise<void>* done) {
    other.tell<&Player::fulfil>(done);
    context().flush();
    return done->get_future().wait_for(kHang) == std::future_status::ready;
  }
  void fulfil(std::promise<void>* promise) { promise->set_value(); }
  bool wait(std::promise<void>* begun, std::shared_future<void> gate) {
    begun->set_value();
    return gate.wait_for(kHang) == std::future_status::ready;
  }
  std::thread::id thread() { return std::this_thread::get_id(); }
  void watch_thread(std::promise<void>* ended) { at_thread_end.ended = ended; }

 private:
  Notes& notes_;
};

class SchedulerTest : public testing::Test {
 protected:
  std::unique_ptr<Node> node(unsigned threads) {
    return std::make_unique<Node>(test::node_options(1, journal_, threads), registry_,
                                  network_.attach(next_++));
  }
  Handle<Player> player(Node& node, const std::string& name, bool own_thread = false) {
    CellOptions options;
    options.own_thread = own_thread;
    return Handle<Player>(node, node.adopt(name, std::make_unique<Player>(notes_), options), name);
  }

  Notes notes_;
  test::Journal journal_;
  Registry registry_;
  InProcessNetwork network_;
  NodeId next_ = 1;
};

TEST_F(SchedulerTest, runs_next_who_was_told_last) {
  const auto one = node(0);
  const auto first = player(*one, "first");
  const auto second = player(*one, "second");
  const auto third = player(*one, "third");
  const auto fourth = player(*one, "fourth");
  one->step();
  first.tell<&Player::tell_all>(std::vector<Handle<Player>>(1, third));
  second.tell<&Player::note>("second");
  one->step();
  EXPECT_THAT(notes_.all, ElementsAre("first", "third", "second"));
  notes_.all.clear();
  first.tell<&Player::tell_all>(std::vector<Handle<Player>>({third, fourth}));
  second.tell<&Player::note>("second");
  one->step();
  EXPECT_THAT(notes_.all, ElementsAre("first", "fourth", "second", "third"));
}

TEST_F(SchedulerTest, two_that_play_starve_nobody) {
  const auto one = node(0);
  const auto ping = player(*one, "ping");
  const auto pong = player(*one, "pong");
  const auto other = player(*one, "other");
  one->step();
  ping.tell<&Player::play>(pong, 1000);
  other.tell<&Player::note>("other");
  one->step();
  EXPECT_EQ(notes_.all.size(), 1002u);
  EXPECT_LT(std::ranges::find(notes_.all, "other") - notes_.all.begin(), 40);
}

TEST_F(SchedulerTest, an_actor_with_a_thread_of_its_own_keeps_nobody_waiting) {
  const auto one = node(0);
  const auto alone = player(*one, "alone", true);
  const auto other = player(*one, "other");
  const test::Serving serving(*one);
  std::promise<void> begun;
  std::promise<void> gate;
  auto waiting = alone.call<&Player::wait>(&begun, gate.get_future().share());
  EXPECT_EQ(begun.get_future().wait_for(kHang), std::future_status::ready);
  EXPECT_NE(other.call<&Player::thread>().get(kHang), std::thread::id());
  gate.set_value();
  EXPECT_TRUE(waiting.get(kHang));
  const std::thread::id own = alone.call<&Player::thread>().get(kHang);
  EXPECT_NE(own, other.call<&Player::thread>().get(kHang));
  EXPECT_EQ(own, alone.call<&Player::thread>().get(kHang));
}

TEST_F(SchedulerTest, a_thread_ends_with_its_actor) {
  const auto one = node(0);
  const auto alone = player(*one, "alone", true);
  const test::Serving serving(*one);
  std::promise<void> ended;
  alone.call<&Player::watch_thread>(&ended).get(kHang);
  alone.kill();
  EXPECT_EQ(ended.get_future().wait_for(kHang), std::future_status::ready);
}

TEST_F(SchedulerTest, nothing_runs_before_the_start) {
  for (const bool own_thread : {false, true}) {
    const auto one = node(2);
    const auto early = player(*one, "early", own_thread);
    auto call = early.call<&Player::thread>();
    EXPECT_THROW((void)call.get(std::chrono::milliseconds(1)), Timeout);
    const test::Serving serving(*one);
    EXPECT_NE(call.get(kHang), std::this_thread::get_id());
  }
}

TEST_F(SchedulerTest, a_flush_lets_another_thread_go_on_at_once) {
  const auto one = node(2);
  const auto hurried = player(*one, "hurried");
  const auto other = player(*one, "other");
  const test::Serving serving(*one);
  for (int i = 0; i < test::repeats(); ++i) {
    std::promise<void> done;
    EXPECT_TRUE(hurried.call<&Player::hurry>(other, &done).get(2 * kHang));
  }
}

TEST_F(SchedulerTest, a_pool_uses_its_threads) {
  const auto one = node(2);
  std::vector<Handle<Player>> players;
  for (int i = 0; i < 2; ++i) players.push_back(player(*one, "player-" + std::to_string(i)));
  const test::Serving serving(*one);
  std::promise<void> gates[2];
  const std::shared_future<void> first = gates[0].get_future().share();
  const std::shared_future<void> second = gates[1].get_future().share();
  auto one_waits = players[0].call<&Player::wait>(&gates[0], second);
  auto other_waits = players[1].call<&Player::wait>(&gates[1], first);
  EXPECT_TRUE(one_waits.get(2 * kHang));
  EXPECT_TRUE(other_waits.get(2 * kHang));
}

TEST_F(SchedulerTest, a_turn_that_has_begun_ends) {
  for (const bool own_thread : {false, true}) {
    const auto one = node(own_thread ? 0 : 2);
    const auto busy = player(*one, "busy", own_thread);
    const auto idle = player(*one, "idle");
    std::promise<void> begun;
    std::promise<void> gate;
    std::thread loop([&one] { one->run(); });
    auto waiting = busy.call<&Player::wait>(&begun, gate.get_future().share());
    EXPECT_EQ(begun.get_future().wait_for(kHang), std::future_status::ready);
    one->stop();
    auto late = busy.call<&Player::thread>();  // it is of this turn or of none
    gate.set_value();
    loop.join();
    EXPECT_TRUE(waiting.get(kHang));
    try {
      (void)late.get(kHang);
    } catch (const ActorDied&) {
    }
    EXPECT_THROW((void)idle.call<&Player::thread>().get(kHang), ActorDied);
  }
}

// Who sends to whom has no end; the node has.
TEST_F(SchedulerTest, may_stop_at_any_moment) {
  for (int repeat = 0; repeat < test::repeats(); ++repeat) {
    const auto one = node(static_cast<unsigned>(repeat % 3));
    std::vector<Handle<Player>> players;
    for (int i = 0; i < 6; ++i) players.push_back(player(*one, "player", i % 3 == 0));
    std::thread loop([&one] { one->run(std::chrono::milliseconds(0)); });
    for (std::size_t i = 0; i < 6; ++i) players[i].tell<&Player::play_on>(players[(i + 1) % 6]);
    if (repeat % 2 == 0) (void)players[1].call<&Player::thread>().get(kHang);
    std::thread outside([&players] {
      for (int i = 0; i < 100; ++i) players[0].tell<&Player::note>("x");
    });
    one->stop();
    loop.join();
    outside.join();
  }
}

TEST_F(SchedulerTest, an_actor_that_is_given_a_thread_later_has_one) {
  const auto one = node(0);
  std::optional<Handle<Player>> late;
  {
    const test::Serving serving(*one);
    const auto early = player(*one, "early");
    (void)early.call<&Player::thread>().get(kHang);
    const auto alone = player(*one, "alone", true);
    EXPECT_NE(alone.call<&Player::thread>().get(kHang), early.call<&Player::thread>().get(kHang));
  }
  late = player(*one, "late", true);
  late->tell<&Player::note>("never");
  one->end();
  EXPECT_THROW((void)late->call<&Player::thread>().get(kHang), ActorDied);
}

}  // namespace
}  // namespace wisp::runtime
