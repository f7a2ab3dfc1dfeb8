// What a user of actors is promised, story by story: with the actor that is called in the caller's node and
// in another, on every network, with and without a pool of threads. Calls, groups and failures as such are in
// handle_test.cc, names in system_test.cc.
#include <future>
#include <numeric>
#include <optional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/two_nodes.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Gate;
using test::kHang;
using testing::ElementsAre;

// Counts the copies of a large value.
struct Tally {
  Tally() = default;
  Tally(const Tally&) { ++copies; }
  Tally(Tally&&) noexcept = default;
  Tally& operator=(const Tally&) {
    ++copies;
    return *this;
  }
  Tally& operator=(Tally&&) noexcept = default;
  ~Tally() = default;
  static inline std::atomic<int> copies = 0;
};

struct Grid {
  Grid() = default;
  explicit Grid(std::size_t size) : values(size, 0.5) {}
  Tally tally;
  std::vector<double> values;
  template <class F>
  void fields(F& f) {
    f(values);
  }
};

// Tells when it is destroyed.
class Witness {
 public:
  explicit Witness(Promise<void> gone) : gone_(std::move(gone)) {}
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() { gone_.set(); }

 private:
  const Promise<void> gone_;
};

struct Gates {
  Gate first;
  Gate second;
  Promise<void> destroyed;
};

class Subject : public Actor {
 public:
  using Constructor = void();
  Subject() = default;
  explicit Subject(std::shared_ptr<const Gates> gates, bool starts_late = false)
      : gates_(std::move(gates)), starts_late_(starts_late) {}

  Task<void> on_start() override {
    if (starts_late_) (void)co_await pass(gates_->first);
  }
  void on_stop() override { note(-1); }

  void note(int value) { notes_.push_back(value); }
  std::vector<int> notes() const { return notes_; }
  Task<int> wait_twice(int value) {
    const Witness witness(gates_->destroyed);
    note(value);
    const int first = co_await pass(gates_->first);
    note(first);
    const int second = co_await pass(gates_->second);
    note(second);
    co_return first + second;
  }
  int fail(std::string why) { throw Error(why, Fault::kConfig); }
  Task<int> fail_later(std::string why) {
    co_await context().sleep(milliseconds(1));
    throw Error(why);
  }
  // Others have their turn at co_await, and only there.
  Task<int> interleave(int rounds) {
    int mistakes = 0;
    for (int i = 0; i < rounds; ++i) {
      const int mine = ++inside_;
      std::this_thread::yield();
      if (inside_ != mine) ++mistakes;
      co_await context().sleep(std::chrono::microseconds(1));
    }
    co_return mistakes;
  }
  Task<void> sleep(int length) {
    co_await context().sleep(milliseconds(length));
    note(length);
  }
  void watch(Handle<Subject> other) { context().monitor(other); }
  void on_down(const Down& down) override { downs_.push_back(down.name + ": " + down.cause); }
  std::vector<std::string> downs() const { return downs_; }

  std::size_t take(Grid grid) {
    grid_ = std::move(grid);
    return grid_.values.size();
  }
  std::size_t look(const Grid& grid) { return grid.values.size(); }
  Task<std::size_t> take_slowly(Grid grid) {
    co_await context().sleep(std::chrono::microseconds(1));
    grid_ = std::move(grid);
    co_return grid_.values.size();
  }
  Grid give() { return std::move(grid_); }
  Task<Grid> give_slowly() {
    co_await context().sleep(std::chrono::microseconds(1));
    co_return std::move(grid_);
  }
  std::unique_ptr<int> double_it(std::unique_ptr<int> number) {
    *number *= 2;
    return number;
  }
  std::uint64_t where(Bytes blob) {
    blob_ = blob;
    return reinterpret_cast<std::uint64_t>(blob.data());
  }
  Bytes back() { return blob_; }

 private:
  static Task<int> pass(const Gate& gate) {
    gate.reached.set();
    auto opening = gate.opened.future();
    const int value = co_await opening;
    co_return value;
  }

  const std::shared_ptr<const Gates> gates_ = std::make_shared<const Gates>();
  const bool starts_late_ = false;
  std::vector<int> notes_;
  std::vector<std::string> downs_;
  int inside_ = 0;
  Grid grid_;
  Bytes blob_;
};

class ActorModelTest : public test::TwoNodes {
 protected:
  ActorModelTest() {
    registry_.actor<Subject>("subject")
        .method<&Subject::note>("note")
        .method<&Subject::notes>("notes")
        .method<&Subject::wait_twice>("wait_twice")
        .method<&Subject::fail>("fail")
        .method<&Subject::fail_later>("fail_later")
        .method<&Subject::interleave>("interleave")
        .method<&Subject::sleep>("sleep")
        .method<&Subject::watch>("watch")
        .method<&Subject::downs>("downs")
        .method<&Subject::take>("take")
        .method<&Subject::look>("look")
        .method<&Subject::take_slowly>("take_slowly")
        .method<&Subject::give>("give")
        .method<&Subject::give_slowly>("give_slowly")
        .method<&Subject::double_it>("double_it")
        .method<&Subject::where>("where")
        .method<&Subject::back>("back");
    start([](NodeOptions& options) {
      options.log_path = [](const std::string& actor) { return "/run/log/" + actor + ".log"; };
      options.limits.window = {16, 8 << 20};
      options.limits.waiting = {16, 8 << 20};
    });
  }
  Handle<Subject> subject(NodeId at, const std::string& name = "subject") {
    return adopt(at, name, std::make_unique<Subject>());
  }
  Handle<Subject> gated(NodeId at, const std::shared_ptr<const Gates>& gates, bool starts_late = false,
                        const CellOptions& options = CellOptions()) {
    return adopt(at, "gated", std::make_unique<Subject>(gates, starts_late), options);
  }
  // All that was sent to node 2 before has been taken in there.
  void wait_until_taken_in() { subject(2, "barrier").call<&Subject::notes>().get(kHang); }

  template <class T>
  std::string why_not(Future<T> future) {
    try {
      (void)future.get(kHang);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
};

INSTANTIATE_TEST_SUITE_P(Each, ActorModelTest, test::each_world(), test::world_name);

TEST_P(ActorModelTest, waits_for_some_of_many) {
  std::vector<std::shared_ptr<const Gates>> gates;
  std::vector<Handle<Subject>> subjects;
  for (const NodeId at : {1u, 2u, 2u, 1u}) {
    gates.push_back(std::make_shared<const Gates>());
    subjects.push_back(gated(at, gates.back()));
    gates.back()->second.open(0);
  }
  for (const std::size_t i : {1u, 3u}) gates[i]->first.open(static_cast<int>(i));
  const Promise<void> last_may_open;
  auto told = begin(1, [subjects, last_may_open](Context&) -> Task<std::string> {
    std::vector<Future<int>> futures;
    for (const auto& each : subjects) futures.push_back(each.call<&Subject::wait_twice>(0));
    std::string text;
    const std::vector<std::size_t> none = co_await wait(futures, 0);
    const std::vector<std::size_t> two = co_await wait(futures, 2);
    for (const std::size_t each : two) text += std::to_string(each) + " ";
    const std::vector<std::size_t> late = co_await wait(futures, 3, milliseconds(20));
    text += "| " + std::to_string(late.size()) + " | ";
    last_may_open.set();
    const std::vector<std::size_t> all = co_await wait(futures, 4, kHang);
    for (const std::size_t each : all) {
      const int value = co_await futures[each];
      text += std::to_string(value) + " ";
    }
    std::vector<Future<int>> nothing;
    const std::vector<std::size_t> nobody = co_await wait(nothing, 0, milliseconds(1));
    co_return text + std::to_string(nobody.size());
  });
  last_may_open.future().get(kHang);
  for (const std::size_t i : {0u, 2u}) gates[i]->first.open(static_cast<int>(i));
  EXPECT_EQ(told.get(kHang), "1 3 | 2 | 0 1 2 3 0");
}

TEST_P(ActorModelTest, a_call_has_a_deadline) {
  for (const NodeId at : {1u, 2u}) {
    const auto gates = std::make_shared<const Gates>();
    const auto slow = gated(at, gates);
    auto begun = slow.call<&Subject::wait_twice>(1);
    EXPECT_THAT(slow.call<&Subject::notes>().get(kHang),
                ElementsAre(1));  // it is there, and not forgotten unbegun
    EXPECT_EQ(why_not(std::move(begun).within(milliseconds(15))),
              "no answer from gated.wait_twice within 15ms");
    EXPECT_EQ(run(1,
                  [slow](Context&) -> Task<std::string> {
                    std::string text;
                    auto late = slow.call<&Subject::wait_twice>(2);
                    late.within(milliseconds(1));
                    try {
                      const int never = co_await late;
                      text = std::to_string(never);
                    } catch (const Timeout& error) {
                      text = error.what();
                    }
                    auto in_time = slow.call<&Subject::notes>();
                    in_time.within(kHang);
                    const std::vector<int> notes = co_await in_time;
                    co_return text + ", " + std::to_string(notes.front());
                  }),
              "no answer from gated.wait_twice within 1ms, 1");
    gates->first.open(3);  // the late answers go nowhere
    gates->second.open(4);
    EXPECT_EQ(slow.call<&Subject::notes>().get(kHang).front(), 1);
  }
}

TEST_P(ActorModelTest, a_cancelled_call_is_destroyed_where_it_waits) {
  for (const NodeId at : {1u, 2u}) {
    const auto gates = std::make_shared<const Gates>();
    const auto actor = gated(at, gates);
    auto call = actor.call<&Subject::wait_twice>(1);
    gates->first.wait_until_reached();
    call.cancel();
    gates->destroyed.future().get(kHang);
    try {
      (void)call.get(kHang);
      FAIL() << "no exception";
    } catch (const Cancelled& error) {
      EXPECT_STREQ(error.what(), "gated: the call was cancelled");
    }
    gates->first.open(2);
    EXPECT_THAT(actor.call<&Subject::notes>().get(kHang), ElementsAre(1));
  }
}

TEST_P(ActorModelTest, a_call_that_is_cancelled_in_the_queue_never_begins) {
  for (const NodeId at : {1u, 2u}) {
    const auto gates = std::make_shared<const Gates>();
    const auto actor = gated(at, gates, true);
    gates->second.open(0);
    auto cancelled = actor.call<&Subject::wait_twice>(1);
    auto kept = actor.call<&Subject::sleep>(2);
    cancelled.cancel();
    wait_until_taken_in();
    gates->first.open(9);
    kept.get(kHang);
    EXPECT_THROW((void)cancelled.get(kHang), Cancelled);
    EXPECT_THAT(actor.call<&Subject::notes>().get(kHang), ElementsAre(2));
  }
}

TEST_P(ActorModelTest, a_cancellation_may_come_at_any_moment) {
  for (const NodeId at : {1u, 2u}) {
    const auto actor = subject(at);
    for (int i = 0; i < test::repeats(); ++i) {
      auto one = actor.call<&Subject::interleave>(i % 4);
      auto other = actor.call<&Subject::sleep>(0);
      if (i % 3 == 0) (void)actor.call<&Subject::notes>().get(kHang);
      one.cancel();
      other.get(kHang);
      try {
        EXPECT_EQ(one.get(kHang), 0);  // it was done before
      } catch (const Cancelled&) {
      }
    }
  }
}

TEST_P(ActorModelTest, an_exception_bears_actor_cause_and_log) {
  for (const NodeId at : {1u, 2u}) {
    const std::string name = "subject-" + std::to_string(at);
    const auto actor = subject(at, name);
    for (const bool later : {false, true}) {
      try {
        (void)(later ? actor.call<&Subject::fail_later>("the shard is empty")
                     : actor.call<&Subject::fail>("the shard is empty"))
            .get(kHang);
        FAIL() << "no exception";
      } catch (const ActorError& error) {
        EXPECT_EQ(error.actor(), name);
        EXPECT_EQ(error.cause(), "the shard is empty");
        EXPECT_EQ(error.log(), "/run/log/" + name + ".log");
        EXPECT_EQ(error.fault(), later ? Fault::kFailed : Fault::kConfig);
      }
    }
  }
}

TEST_P(ActorModelTest, is_ready_when_it_has_started) {
  for (const NodeId at : {1u, 2u}) {
    const auto gates = std::make_shared<const Gates>();
    const auto actor = gated(at, gates, true);
    auto ready = actor.ready();
    auto early = actor.call<&Subject::notes>();
    gates->first.wait_until_reached();
    wait_until_taken_in();
    EXPECT_FALSE(ready.ready());
    EXPECT_FALSE(early.ready());
    gates->first.open(0);
    ready.get(kHang);
    EXPECT_THAT(early.get(kHang), ElementsAre());
  }
}

TEST_P(ActorModelTest, a_stop_lets_what_came_before_be_done) {
  for (const NodeId at : {1u, 2u}) {
    const auto gates = std::make_shared<const Gates>();
    const auto actor = gated(at, gates);
    auto before = actor.call<&Subject::wait_twice>(1);
    auto down = actor.monitor();
    actor.stop();
    auto after = actor.call<&Subject::notes>();
    EXPECT_EQ(why_not(std::move(after)), "gated: it was asked to stop");
    EXPECT_FALSE(before.ready());
    gates->first.open(3);
    gates->second.open(4);
    EXPECT_EQ(before.get(kHang), 7);
    EXPECT_EQ(down.get(kHang).cause, "it was asked to stop");
    EXPECT_THROW((void)actor.call<&Subject::notes>().get(kHang), ActorDied);
  }
}

TEST_P(ActorModelTest, a_kill_takes_effect_where_it_waits) {
  for (const NodeId at : {1u, 2u}) {
    const auto gates = std::make_shared<const Gates>();
    const auto actor = gated(at, gates);
    auto waiting = actor.call<&Subject::wait_twice>(1);
    gates->first.wait_until_reached();
    auto down = actor.monitor();
    wait_until_taken_in();
    actor.kill("it computes nonsense");
    EXPECT_EQ(why_not(std::move(waiting)), "gated: it computes nonsense");
    gates->destroyed.future().get(kHang);
    EXPECT_EQ(down.get(kHang).cause, "it computes nonsense");
    EXPECT_EQ(down.get(kHang).actor, actor.id());
  }
}

TEST_P(ActorModelTest, a_kill_may_come_at_any_moment) {
  for (const NodeId at : {1u, 2u}) {
    for (int i = 0; i < test::repeats(); ++i) {
      const auto actor = subject(at);
      const auto other = subject(at);
      std::vector<Future<int>> calls;
      for (int k = 0; k < 5; ++k) calls.push_back(actor.call<&Subject::interleave>(k));
      auto down = actor.monitor();
      other.tell<&Subject::watch>(actor);
      if (i % 2 == 0) (void)other.call<&Subject::notes>().get(kHang);
      actor.kill("at any moment");
      (void)down.get(kHang);
      for (auto& each : calls) {
        try {
          EXPECT_EQ(each.get(kHang), 0);
        } catch (const ActorDied&) {
        }
      }
    }
  }
}

TEST_P(ActorModelTest, who_watches_is_told_of_every_end) {
  const auto watcher = subject(1, "watcher");
  const auto killed = subject(2, "killed");
  const auto stopped = subject(1, "stopped");
  const auto gone = subject(2, "gone");
  for (const auto& each : {killed, stopped, gone}) watcher.call<&Subject::watch>(each).get(kHang);
  wait_until_taken_in();
  std::vector<Future<Down>> downs;
  for (const auto& each : {killed, stopped, gone}) downs.push_back(each.monitor());
  wait_until_taken_in();
  killed.kill("a bullet");
  (void)downs[0].get(kHang);
  stopped.stop();
  (void)downs[1].get(kHang);
  here().remove_peer(2, "node 2 was killed by signal 9");
  EXPECT_EQ(downs[2].get(kHang).cause, "node 2 was killed by signal 9");
  std::vector<std::string> told;
  while (told.size() < 3) told = watcher.call<&Subject::downs>().get(kHang);
  EXPECT_THAT(told, testing::UnorderedElementsAre("killed: a bullet", "stopped: it was asked to stop",
                                                  "gone: node 2 was killed by signal 9"));
  EXPECT_EQ(gone.monitor().get(kHang).cause, "node 2 was killed by signal 9");
}

TEST_P(ActorModelTest, sleepers_wake_in_the_order_of_their_times) {
  for (const NodeId at : {1u, 2u}) {
    const auto actor = subject(at);
    std::vector<Future<void>> sleeping;
    for (const int length : {60, 30, 1}) sleeping.push_back(actor.call<&Subject::sleep>(length));
    for (auto& each : sleeping) each.get(kHang);
    EXPECT_THAT(actor.call<&Subject::notes>().get(kHang), ElementsAre(1, 30, 60));
  }
}

TEST_P(ActorModelTest, others_have_their_turn_at_co_await_only) {
  for (const NodeId at : {1u, 2u}) {
    const auto actor = subject(at);
    std::vector<Future<int>> calls;
    for (int i = 0; i < 10; ++i) calls.push_back(actor.call<&Subject::interleave>(20));
    for (auto& each : calls) EXPECT_EQ(each.get(kHang), 0);
  }
}

TEST_P(ActorModelTest, what_only_moves_goes_to_actors_of_the_own_node) {
  EXPECT_EQ(*subject(1).call<&Subject::double_it>(std::make_unique<int>(21)).get(kHang), 42);
  const auto far = subject(2, "far");
  try {
    (void)far.call<&Subject::double_it>(std::make_unique<int>(21));
    FAIL() << "no exception";
  } catch (const ActorError& error) {
    EXPECT_EQ(error.failure().kind, Failure::Kind::kRefused);
    EXPECT_STREQ(error.what(),
                 "far: it is on another node, and this method's arguments or result can't travel");
  }
}

TEST_P(ActorModelTest, a_large_value_is_not_copied_on_its_way_to_a_neighbour) {
  const auto near = subject(1);
  Grid kept(1000);
  Tally::copies = 0;
  EXPECT_EQ(near.call<&Subject::take>(Grid(1000)).get(kHang), 1000u);
  EXPECT_EQ(near.call<&Subject::look>(Grid(1000)).get(kHang), 1000u);
  EXPECT_EQ(near.call<&Subject::take_slowly>(Grid(1000)).get(kHang), 1000u);
  EXPECT_EQ(near.call<&Subject::give>().get(kHang).values.size(), 1000u);
  near.tell<&Subject::take>(std::move(kept));
  EXPECT_EQ(near.call<&Subject::give_slowly>().get(kHang).values.size(), 1000u);
  EXPECT_EQ(run(1,
                [near](Context&) -> Task<std::string> {
                  auto taken = near.call<&Subject::take>(Grid(500));
                  const std::size_t size = co_await taken;
                  auto given = near.call<&Subject::give_slowly>();
                  Grid grid = co_await given;
                  co_await near.send<&Subject::take>(std::move(grid));
                  const Grid again = co_await near.call<&Subject::give>();
                  co_return std::to_string(size) + " " + std::to_string(again.values.size());
                }),
            "500 500");
  EXPECT_EQ(Tally::copies, 0);
  const Grid mine(10);
  near.call<&Subject::take>(mine).get(kHang);  // who keeps it gives a copy
  EXPECT_EQ(Tally::copies, 1);
}

Bytes blob_of(std::size_t size) {
  Buffer buffer(size);
  std::ranges::fill(buffer.span(), std::byte{7});
  return std::move(buffer).freeze();
}

// Whether the memory is the same can be seen where both nodes are in one process.
TEST_P(ActorModelTest, bytes_with_headroom_travel_as_they_are) {
  const bool shows = GetParam().network.name == test::kInProcess.name;
  const auto near = subject(1);
  const auto far = subject(2);
  const auto place = [](const Bytes& blob) { return reinterpret_cast<std::uint64_t>(blob.data()); };
  const Bytes by_thread = blob_of(1 << 20);
  const std::uint64_t arrived = far.call<&Subject::where>(by_thread).get(kHang);
  if (shows) {
    EXPECT_EQ(arrived, place(by_thread));
  }
  const std::uint64_t second = far.call<&Subject::where>(by_thread).get(kHang);
  EXPECT_NE(second, place(by_thread));  // the headroom is used up: a copy
  EXPECT_EQ(near.call<&Subject::where>(by_thread).get(kHang), place(by_thread));

  const Bytes by_actor = blob_of(1 << 20);
  const Bytes by_send = blob_of(1 << 20);
  const Bytes by_group = blob_of(1 << 20);
  const std::string places = run(1, [far, by_actor, by_send, by_group](Context&) -> Task<std::string> {
    const std::uint64_t called = co_await far.call<&Subject::where>(by_actor);
    co_await far.send<&Subject::where>(by_send);
    const Bytes sent = co_await far.call<&Subject::back>();
    const std::vector<Handle<Subject>> group(1, far);
    const std::vector<std::uint64_t> grouped = co_await call<&Subject::where>(group, by_group);
    co_return std::to_string(called == reinterpret_cast<std::uint64_t>(by_actor.data())) +
        std::to_string(sent.size()) +
        std::to_string(grouped[0] == reinterpret_cast<std::uint64_t>(by_group.data()));
  });
  EXPECT_EQ(places, shows ? "110485761" : "010485760");
}

TEST_P(ActorModelTest, a_bounded_mailbox_refuses_calls_from_anywhere) {
  for (const NodeId at : {1u, 2u}) {
    const auto gates = std::make_shared<const Gates>();
    CellOptions options;
    options.capacity = 3;
    const auto actor = gated(at, gates, true, options);
    std::vector<Future<void>> calls;
    for (int i = 0; i < 5; ++i) calls.push_back(actor.call<&Subject::note>(i));
    for (const std::size_t i : {3u, 4u}) {
      EXPECT_EQ(why_not(std::move(calls[i])), "gated: its mailbox is full (3 messages)");
    }
    gates->first.open(0);
    for (const std::size_t i : {0u, 1u, 2u}) calls[i].get(kHang);
    EXPECT_THAT(actor.call<&Subject::notes>().get(kHang), ElementsAre(0, 1, 2));
  }
}

TEST_P(ActorModelTest, a_send_waits_for_room_here_and_there) {
  std::vector<int> expected(500);
  std::iota(expected.begin(), expected.end(), 0);
  for (const NodeId at : {1u, 2u}) {
    CellOptions options;
    if (at == 1) {
      options.capacity = 4;
      options.overflow = Overflow::kBlock;
    }
    const auto actor = gated(at, std::make_shared<const Gates>(), false, options);
    run(1, [actor](Context& context) -> Task<std::string> {
      for (int i = 0; i < 500; ++i) co_await actor.send<&Subject::note>(i);
      context.flush();  // before somebody else, who hears of the end, calls
      co_return "";
    });
    EXPECT_EQ(actor.call<&Subject::notes>().get(kHang), expected);
  }
}

TEST_P(ActorModelTest, a_tell_says_when_there_is_no_room_on_the_link) {
  const auto gates = std::make_shared<const Gates>();
  const auto actor = gated(2, gates, true);
  gates->first.wait_until_reached();
  EXPECT_EQ(run(1,
                [actor](Context& context) -> Task<std::string> {
                  int taken = 0;
                  for (int i = 0; i < 100'000; ++i) {
                    if (!actor.tell<&Subject::note>(taken)) break;
                    ++taken;
                    context.flush();
                    if (i % 8 == 0) co_await context.sleep(std::chrono::microseconds(1));
                  }
                  co_return taken < 100'000 ? "full" : "never full";
                }),
            "full");
  actor.must_tell<&Subject::note>(-5);  // gets through all the same
  gates->first.open(0);
  run(1, [actor](Context&) -> Task<std::string> {
    co_await actor.send<&Subject::note>(-6);
    co_return "";
  });
  const std::vector<int> notes = actor.call<&Subject::notes>().get(kHang);
  ASSERT_GT(notes.size(), 2u);
  for (std::size_t i = 0; i + 2 < notes.size(); ++i) EXPECT_EQ(notes[i], static_cast<int>(i));
  EXPECT_THAT(std::vector<int>(notes.end() - 2, notes.end()), ElementsAre(-5, -6));
}

TEST_P(ActorModelTest, a_mailbox_that_blocks_holds_back_the_link) {
  const auto gates = std::make_shared<const Gates>();
  CellOptions options;
  options.capacity = 3;
  options.overflow = Overflow::kBlock;
  const auto actor = gated(2, gates, true, options);
  std::vector<int> expected;
  std::vector<Future<void>> calls;
  while (actor.tell<&Subject::note>(static_cast<int>(expected.size()))) {
    expected.push_back(static_cast<int>(expected.size()));
    if (expected.size() % 4 != 0) continue;
    calls.push_back(actor.call<&Subject::note>(static_cast<int>(expected.size())));
    expected.push_back(static_cast<int>(expected.size()));
  }
  EXPECT_GT(expected.size(), 3u);
  gates->first.open(0);
  for (Future<void>& each : calls) each.get(kHang);
  EXPECT_EQ(actor.call<&Subject::notes>().get(kHang), expected);
}

TEST_P(ActorModelTest, a_send_to_the_dead_is_lost_as_a_tell_is) {
  for (const NodeId at : {1u, 2u}) {
    const auto actor = subject(at);
    auto down = actor.monitor();
    actor.kill();
    (void)down.get(kHang);
    EXPECT_EQ(run(1,
                  [actor](Context&) -> Task<std::string> {
                    for (int i = 0; i < 100; ++i) co_await actor.send<&Subject::note>(i);
                    co_return "done";
                  }),
              "done");
  }
}

TEST_P(ActorModelTest, an_actor_awaits_many_answers_in_one_coroutine) {
  const auto near = subject(1);
  EXPECT_EQ(run(1,
                [near](Context&) -> Task<std::string> {
                  std::size_t sum = 0;
                  for (int i = 0; i < 20'000; ++i) {
                    const std::vector<int> notes = co_await near.call<&Subject::notes>();
                    sum += notes.size();
                  }
                  co_return std::to_string(sum);
                }),
            "0");
}

}  // namespace
}  // namespace wisp::runtime
