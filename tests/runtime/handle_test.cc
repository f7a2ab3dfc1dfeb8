// Actors of two nodes that call each other, over plain queues and over sockets, with and without a pool of
// threads.
#include "runtime/handle.h"

#include <chrono>
#include <future>
#include <numeric>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/two_nodes.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using test::Gate;
using test::kHang;
using test::Script;
using test::Unspawned;
using testing::ElementsAre;

// Counts how often it is packed.
struct Model {
  Model() = default;
  explicit Model(int model_round) : round(model_round), iterate(100, 0.5) {}
  int round = 0;
  std::vector<double> iterate;
  static inline std::atomic<int> packed = 0;
  template <class F>
  void fields(F& f) {
    if constexpr (std::is_same_v<F, pack_detail::Writer>) ++packed;
    f(round, iterate);
  }
};

class Echo : public Actor {
 public:
  using Constructor = void();
  std::string say(std::string text) { return context().name() + ": " + text; }
  void note(int value) { notes_.push_back(value); }
  std::vector<int> notes() const { return notes_; }
  int fail(std::string why) { throw Error(why, Fault::kConfig); }
  void fail_with_nothing() { throw 42; }
  Task<std::string> pass_on(std::vector<Handle<Echo>> others, std::string text) {
    std::string all;
    for (const Handle<Echo>& other : others) {
      const std::string answer = co_await other.call<&Echo::say>(text);
      all += answer + "; ";
    }
    co_return all;
  }
  Handle<Echo> self() { return context().handle<Echo>(); }
  Task<int> fail_after(Handle<Echo> other) {
    const std::string answer = co_await other.call<&Echo::say>("x");
    throw Error("after " + answer);
  }

 private:
  std::vector<int> notes_;
};

class Gated : public Actor {
 public:
  using Constructor = void();
  explicit Gated(Gate gate) : gate_(std::move(gate)) {}
  Task<int> wait(Model model) {
    log_.push_back("begin");
    gate_.reached.set();
    auto opening = gate_.opened.future();
    const int opened = co_await opening;
    log_.push_back("end");
    co_return opened + model.round;
  }
  Task<void> wait_silently(Model model) {
    const int opened = co_await wait(std::move(model));
    if (opened < 0) throw Error("closed");
  }
  std::vector<std::string> log() {
    log_.push_back("log");
    return log_;
  }

 private:
  const Gate gate_;
  std::vector<std::string> log_;
};

class HandleTest : public test::TwoNodes {
 protected:
  HandleTest() {
    registry_.actor<Unspawned>("test")
        .method<&Echo::say>("say")
        .method<&Echo::note>("note")
        .method<&Echo::notes>("notes")
        .method<&Echo::fail>("fail")
        .method<&Echo::fail_with_nothing>("fail_with_nothing")
        .method<&Echo::pass_on>("pass_on")
        .method<&Echo::self>("self")
        .method<&Echo::fail_after>("fail_after")
        .method<&Gated::wait>("wait")
        .method<&Gated::wait_silently>("wait_silently")
        .method<&Gated::log>("log");
    start();
  }

  Handle<Echo> echo(NodeId at, const std::string& name = "echo") {
    return adopt(at, name, std::make_unique<Echo>());
  }
  Handle<Gated> gated(NodeId at, const Gate& gate, const std::string& name = "gated") {
    return adopt(at, name, std::make_unique<Gated>(gate));
  }
};

INSTANTIATE_TEST_SUITE_P(Each, HandleTest, test::each_world(), test::world_name);

TEST_P(HandleTest, calls_actors_here_and_there) {
  EXPECT_EQ(echo(1, "near").call<&Echo::say>("hello").get(kHang), "near: hello");
  EXPECT_EQ(echo(2, "far").call<&Echo::say>("hello").get(kHang), "far: hello");
}

TEST_P(HandleTest, keeps_the_order_of_one_callers_tells_and_calls) {
  std::vector<int> expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  for (const NodeId at : {1u, 2u}) {
    const auto outside = echo(at);
    for (const int i : expected) {
      if (i % 3 == 0) {
        (void)outside.call<&Echo::note>(i);
      } else {
        outside.tell<&Echo::note>(i);
      }
    }
    EXPECT_EQ(outside.call<&Echo::notes>().get(kHang), expected);

    const auto inside = echo(at);
    run(1, [inside, expected](Context&) -> Task<std::string> {
      for (const int i : expected) {
        if (i % 100 == 0) {
          co_await inside.call<&Echo::note>(i);
        } else {
          inside.tell<&Echo::note>(i);
        }
      }
      co_return "";
    });
    EXPECT_EQ(inside.call<&Echo::notes>().get(kHang), expected);
  }
}

TEST_P(HandleTest, an_actor_has_one_turn_at_a_time) {
  const auto shared = echo(2);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&shared, caller] {
      for (int i = 0; i < 200; ++i) shared.tell<&Echo::note>(caller * 1000 + i);
    });
  }
  for (std::thread& caller : callers) caller.join();
  const auto notes = shared.call<&Echo::notes>().get(kHang);
  EXPECT_EQ(notes.size(), 800u);
  std::map<int, int> next;  // of each caller
  for (const int note : notes) EXPECT_EQ(note % 1000, next[note / 1000]++);
}

TEST_P(HandleTest, methods_interleave_at_co_await) {
  const Gate gate;
  const auto actor = gated(2, gate);
  auto waiting = actor.call<&Gated::wait>(Model(7));
  EXPECT_THAT(actor.call<&Gated::log>().get(kHang), ElementsAre("begin", "log"));
  EXPECT_FALSE(waiting.ready());
  gate.open(10);
  EXPECT_EQ(waiting.get(kHang), 17);
  EXPECT_THAT(actor.call<&Gated::log>().get(kHang), ElementsAre("begin", "log", "end", "log"));
}

TEST_P(HandleTest, a_method_that_throws_answers_and_the_actor_lives) {
  for (const NodeId at : {1u, 2u}) {
    const auto actor = echo(at, "echo-" + std::to_string(at));
    try {
      actor.call<&Echo::fail>("the shard is empty").get(kHang);
      FAIL() << "no exception";
    } catch (const ActorError& error) {
      EXPECT_EQ(error.actor(), actor.name());
      EXPECT_EQ(error.what(), actor.name() + ": the shard is empty");
      EXPECT_EQ(error.fault(), Fault::kConfig);
      EXPECT_EQ(error.failure().kind, Failure::Kind::kThrew);
    }
    EXPECT_THROW(actor.call<&Echo::fail_with_nothing>().get(kHang), ActorError);
    try {
      actor.call<&Echo::fail_after>(actor).get(kHang);
      FAIL() << "no exception";
    } catch (const ActorError& error) {
      EXPECT_EQ(error.what(), actor.name() + ": after " + actor.name() + ": x");
    }
    actor.tell<&Echo::fail>("told");
    EXPECT_EQ(actor.call<&Echo::say>("alive").get(kHang), actor.name() + ": alive");
    EXPECT_TRUE(journal_.holds(actor.name() + " error fail failed: told"));
  }
}

TEST_P(HandleTest, an_actor_can_catch_what_another_threw) {
  const auto far = echo(2, "far");
  const std::string caught = run(1, [far](Context&) -> Task<std::string> {
    std::string text;
    try {
      const int never = co_await far.call<&Echo::fail>("no");
      text = std::to_string(never);
    } catch (const ActorError& error) {
      text = error.what();
    }
    const std::string after = co_await far.call<&Echo::say>("yes");
    co_return text + ", " + after;
  });
  EXPECT_EQ(caught, "far: no, far: yes");
}

TEST_P(HandleTest, what_is_not_there_is_refused) {
  for (const NodeId at : {1u, 2u}) {
    ActorId id;
    id.node = at;
    id.index = 99;
    try {
      Handle<Echo>(here(), id, "ghost").call<&Echo::say>("x").get(kHang);
      FAIL() << "no exception";
    } catch (const ActorError& error) {
      EXPECT_EQ(error.failure().kind, Failure::Kind::kDied);  // or it has ended: nobody keeps a list
      EXPECT_STREQ(error.what(), "actor 99: is not on this node");
    }
    const auto actor = echo(at);
    const Handle<Gated> mistaken(here(), actor.id(), "echo");
    try {
      mistaken.call<&Gated::log>().get(kHang);
      FAIL() << "no exception";
    } catch (const ActorError& error) {
      EXPECT_EQ(error.failure().kind, Failure::Kind::kRefused);
      EXPECT_STREQ(error.what(), "echo: has no such method");
    }
    const auto unknown = make_ref<TypedState<void>>(&here(), Awaited{Name("echo")});
    here().call(actor.id(), 1, unknown, PackedView());
    EXPECT_THROW(Future<void>(unknown).get(kHang), ActorError);
  }
}

TEST_P(HandleTest, the_loss_of_a_node_fails_calls_to_it) {
  const auto far = gated(2, Gate(), "far");
  const auto also_far = echo(2, "also-far");
  const auto near = echo(1, "near");
  auto from_outside = far.call<&Gated::wait>(Model(1));
  auto from_inside = begin(1, [far](Context&) -> Task<std::string> {
    const int never = co_await far.call<&Gated::wait>(Model(2));
    co_return std::to_string(never);
  });
  EXPECT_EQ(also_far.call<&Echo::say>("x").get(kHang), "also-far: x");
  here().remove_peer(2, "node 2 was killed by signal 9");
  here().remove_peer(2, "said twice");
  for (auto* call : {&from_outside}) {
    try {
      call->get(kHang);
      FAIL() << "no exception";
    } catch (const ActorDied& error) {
      EXPECT_STREQ(error.what(), "far: node 2 was killed by signal 9");
    }
  }
  try {
    from_inside.get(kHang);
    FAIL() << "no exception";
  } catch (const ActorDied& error) {
    EXPECT_STREQ(error.what(), "far: node 2 was killed by signal 9");
  }
  try {
    also_far.call<&Echo::say>("too late").get(kHang);
    FAIL() << "no exception";
  } catch (const ActorDied& error) {
    EXPECT_STREQ(error.what(), "also-far: node 2 was killed by signal 9");
  }
  also_far.tell<&Echo::note>(1);
  EXPECT_EQ(near.call<&Echo::say>("x").get(kHang), "near: x");
}

TEST_P(HandleTest, a_group_answers_in_its_own_order) {
  std::vector<Gate> gates;
  std::vector<Handle<Gated>> group;
  for (const NodeId at : {2u, 1u, 2u, 2u}) {
    gates.emplace_back();
    group.push_back(gated(at, gates.back(), "gated-" + std::to_string(group.size())));
  }
  Model::packed = 0;
  auto all = begin(1, [group](Context&) -> Task<std::string> {
    const std::vector<int> answers = co_await call<&Gated::wait>(group, Model(100));
    std::string text;
    for (const int answer : answers) text += std::to_string(answer) + " ";
    co_return text;
  });
  for (const Gate& gate : gates) gate.wait_until_reached();
  for (const std::size_t i : {2u, 3u, 0u, 1u}) {
    gates[i].open(static_cast<int>(i));
    // Two turns behind the one that was just made possible: by then its answer has gone.
    (void)group[i].call<&Gated::log>().get(kHang);
    EXPECT_THAT(group[i].call<&Gated::log>().get(kHang), ElementsAre("begin", "end", "log", "log"));
  }
  EXPECT_EQ(all.get(kHang), "100 101 102 103 ");
  EXPECT_EQ(Model::packed, 1);
}

TEST_P(HandleTest, a_group_fails_with_its_first_failure) {
  const std::vector<Handle<Echo>> group = {echo(2, "a"), echo(1, "b")};
  const std::string caught = run(1, [group](Context&) -> Task<std::string> {
    std::string text;
    try {
      const std::vector<int> never = co_await call<&Echo::fail>(group, "no");
      text = std::to_string(never.size());
    } catch (const ActorError& error) {
      text = error.what();
    }
    co_return text;
  });
  EXPECT_EQ(caught, "a: no");
}

TEST_P(HandleTest, a_group_may_have_nothing_to_say) {
  const Gate first;
  const Gate second;
  first.open(0);
  second.open(0);
  const std::vector<Handle<Gated>> group = {gated(2, first), gated(1, second)};
  EXPECT_EQ(run(1,
                [group](Context&) -> Task<std::string> {
                  co_await call<&Gated::wait_silently>(group, Model(1));
                  const std::vector<Handle<Gated>> nobody;
                  co_await call<&Gated::wait_silently>(nobody, Model(2));
                  co_return "done";
                }),
            "done");
}

TEST_P(HandleTest, handles_travel_in_messages) {
  const auto near = echo(1, "near");
  const auto far = echo(2, "far");
  const auto further = echo(2, "further");
  const std::vector<Handle<Echo>> others = {near, further, far};  // far calls itself last
  EXPECT_EQ(far.call<&Echo::pass_on>(others, "x").get(kHang), "near: x; further: x; far: x; ");
  const Handle<Echo> back = far.call<&Echo::self>().get(kHang);
  EXPECT_EQ(back.id(), far.id());
  EXPECT_EQ(&back.node(), &here());
  EXPECT_EQ(back.call<&Echo::say>("y").get(kHang), "far: y");
  EXPECT_EQ(run(2,
                [far](Context& context) -> Task<std::string> {
                  // A handle is used where its node is: this one is made anew for node 2.
                  const Handle<Echo> mine(context.node(), far.id(), far.name());
                  const Handle<Echo> answered = co_await mine.call<&Echo::self>();
                  const std::string said = co_await answered.call<&Echo::say>("z");
                  co_return said;
                }),
            "far: z");
}

TEST_P(HandleTest, a_deadline_names_actor_and_method) {
  const auto closed = gated(2, Gate(), "worker-3");
  try {
    closed.call<&Gated::wait>(Model(1)).get(milliseconds(20));
    FAIL() << "no exception";
  } catch (const Timeout& error) {
    EXPECT_STREQ(error.what(), "no answer from worker-3.wait within 20ms");
  }
}

TEST_P(HandleTest, bytes_are_counted_on_both_sides) {
  const auto far = echo(2);
  far.call<&Echo::say>(std::string(10'000, 'x')).get(kHang);
  EXPECT_GT(here().traffic().sent, 10'000u);
  EXPECT_GT(here().traffic().received, 10'000u);
  EXPECT_GT(there().traffic().sent, 10'000u);
  EXPECT_GT(there().traffic().received, 10'000u);
  // An acknowledgement may still be on its way.
  const auto agree = [&] {
    return there().traffic().received == here().traffic().sent &&
           there().traffic().sent == here().traffic().received;
  };
  const auto deadline = std::chrono::steady_clock::now() + kHang;
  while (!agree() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(there().traffic().received, here().traffic().sent);
  EXPECT_EQ(there().traffic().sent, here().traffic().received);
}

// Shows its face, and waits to see the other's.
class Meeting : public Actor {
 public:
  using Constructor = void();
  Meeting(std::promise<void>& mine, std::shared_future<void> other) : mine_(mine), other_(std::move(other)) {}
  bool meet() {
    mine_.set_value();
    return other_.wait_for(kHang) == std::future_status::ready;
  }
  void stop() { context().node().stop(); }

 private:
  std::promise<void>& mine_;
  std::shared_future<void> other_;
};

TEST(NodePool, runs_two_actors_at_once) {
  Registry registry;
  registry.actor<Unspawned>("meeting").method<&Meeting::meet>("meet");
  test::Journal journal;
  InProcessNetwork network;
  Node node(test::node_options(1, journal, 2), registry, network.attach(1));
  std::promise<void> one;
  std::promise<void> other;
  const auto one_seen = one.get_future().share();
  const auto other_seen = other.get_future().share();
  const Handle<Meeting> first(node, node.adopt("one", std::make_unique<Meeting>(one, other_seen)), "one");
  const Handle<Meeting> second(node, node.adopt("other", std::make_unique<Meeting>(other, one_seen)),
                               "other");
  const test::Serving serving(node);
  auto first_met = first.call<&Meeting::meet>();
  auto second_met = second.call<&Meeting::meet>();
  EXPECT_TRUE(first_met.get(2 * kHang));
  EXPECT_TRUE(second_met.get(2 * kHang));
}

TEST(NodeStop, ends_run_from_any_thread) {
  Registry registry;
  registry.actor<Unspawned>("meeting").method<&Meeting::stop>("stop");
  for (const unsigned threads : {0u, 2u}) {
    test::Journal journal;
    InProcessNetwork network;
    {
      Node node(test::node_options(1, journal, threads), registry, network.attach(1));
      std::thread loop([&node] { node.run(); });
      node.stop();
      loop.join();
    }
    std::promise<void> unused;
    Node node(test::node_options(2, journal, threads), registry, network.attach(2));
    const Handle<Meeting> actor(
        node, node.adopt("a", std::make_unique<Meeting>(unused, unused.get_future().share())), "a");
    actor.tell<&Meeting::stop>();
    node.run();  // ends by the actor's own turn
  }
}

}  // namespace
}  // namespace wisp::runtime
