// Failure detection and links between processes, over sockets. tools/soak.sh runs the long forms.
#include <cstdio>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/runtime/real_cluster.h"
#include "tests/support/seed.h"

namespace wisp::runtime::real {
namespace {

using std::chrono::milliseconds;
using test::kHang;
using testing::HasSubstr;
using testing::MatchesRegex;
using What = Health::What;

std::vector<Wire> wires() { return {Wire::kIpc, Wire::kTcp}; }

class RealNodes : public testing::TestWithParam<Wire> {};
INSTANTIATE_TEST_SUITE_P(Over, RealNodes, testing::ValuesIn(wires()), wire_name);

// Where the actors run on the loop's thread nothing is received meanwhile; where they don't, their mailbox
// fills.
TEST_P(RealNodes, readers_that_compute_lose_nothing_and_are_not_taken_for_dead) {
  Cluster cluster(GetParam());
  System& system = cluster.system();
  cluster.wait_for({cluster.start("on-loop", 0), cluster.start("on-pool", 1)});
  const milliseconds busy = soak() ? milliseconds(60'000) : 3 * limits().dead;
  struct Busy {
    Handle<Reader> reader;
    Future<void> computed;
    std::uint64_t sent;
    Future<void> rest;
  };
  std::vector<Busy> all;
  for (const std::string name : {"on-loop", "on-pool"}) {
    const auto reader = system.spawn<Reader>(Options("reader-" + name).on(name)).get(kHang);
    const auto sender = system.adopt("sender-" + name, std::make_unique<Sender>());
    auto computed = reader.call<&Reader::compute>(busy);
    std::uint64_t sent = 0;
    while (!computed.ready() && reader.tell<&Reader::read>(sent)) ++sent;
    EXPECT_FALSE(computed.ready()) << "it was to be busy until there is no room";
    auto rest = sender.call<&Sender::send>(reader, sent, sent + 1000);
    all.push_back(Busy{reader, std::move(computed), sent, std::move(rest)});
  }
  for (Busy& each : all) {
    each.computed.get(busy + kHang);
    each.rest.get(kHang);
    EXPECT_EQ(each.reader.call<&Reader::count>().get(kHang), each.sent + 1000);
    EXPECT_TRUE(each.reader.call<&Reader::in_order>().get(kHang));
  }
  EXPECT_EQ(cluster.health().count(What::kDead), 0u);
  std::printf("figures: %s: busy for %.0f s, %llu messages once and in order, %zu suspicions, 0 deaths\n",
              GetParam() == Wire::kIpc ? "ipc" : "tcp", std::chrono::duration<double>(busy).count(),
              static_cast<unsigned long long>(all[0].sent + all[1].sent + 2000),
              cluster.health().count(What::kSuspect));
}

// A node that tells two counters without end, one on the driver's node and one on another's.
class StoppedNode : public testing::TestWithParam<Wire> {
 protected:
  StoppedNode() {
    stopped_ = cluster_.start("stopped", 1);
    other_ = cluster_.start("other");
    cluster_.wait_for({stopped_, other_});
    teller_.emplace(system_.spawn<Teller>(Options("teller").on("stopped")).get(kHang));
    caller_.emplace(system_.spawn<Caller>(Options("caller").on("other")).get(kHang));
    far_.emplace(system_.spawn<Counter>(Options("far").on("other")).get(kHang));
    near_.emplace(system_.adopt("near", std::make_unique<Counter>()));
    teller_->call<&Teller::begin>(*near_, *far_, file_.string()).get(kHang);
    wait_until_above(*near_, 0);
    wait_until_above(*far_, 0);
  }
  static std::uint64_t value(const Handle<Counter>& counter) {
    return counter.call<&Counter::value>().get(kHang);
  }
  static void wait_until_above(const Handle<Counter>& counter, std::uint64_t bound) {
    const Time begin = now();
    while (value(counter) <= bound) ASSERT_LT(seconds_since(begin), 30) << "the counter does not move";
  }
  std::uint64_t told() const {
    std::uint64_t told = 0;
    std::ifstream(file_, std::ios::binary).read(reinterpret_cast<char*>(&told), sizeof told);
    return told;
  }
  // The first time that it is told of the stopped node, in seconds after `begin`.
  double first(What what, Time begin) {
    const auto at = cluster_.health().first(what, stopped_, begin + limits().dead + lateness());
    EXPECT_TRUE(at);
    return std::chrono::duration<double>(at.value_or(now()) - begin).count();
  }
  static double seconds(milliseconds time) { return std::chrono::duration<double>(time).count(); }
  // Silence begins with the last beat, which came up to an interval before the stop.
  static void expect_in_time(double took, milliseconds limit) {
    EXPECT_GT(took, seconds(limit - 2 * limits().interval));
    EXPECT_LT(took, seconds(limit + lateness()));
  }

  Cluster cluster_{GetParam()};
  System& system_ = cluster_.system();
  const std::filesystem::path file_ = cluster_.folder() / "told";
  NodeId stopped_ = 0;
  NodeId other_ = 0;
  std::optional<Handle<Teller>> teller_;
  std::optional<Handle<Caller>> caller_;
  std::optional<Handle<Counter>> near_;
  std::optional<Handle<Counter>> far_;
};
INSTANTIATE_TEST_SUITE_P(Over, StoppedNode, testing::ValuesIn(wires()), wire_name);

TEST_P(StoppedNode, is_suspect_then_dead_and_fenced_when_it_wakes) {
  auto here = teller_->call<&Teller::never>();
  auto there = caller_->call<&Caller::cause_of_death>(*teller_);
  (void)value(*far_);  // the call to `caller` came before
  const Time stop = now();
  cluster_.process(stopped_).signal(SIGSTOP);
  const double suspect = first(What::kSuspect, stop);
  const double dead = first(What::kDead, stop);
  expect_in_time(suspect, limits().suspect);
  expect_in_time(dead, limits().dead);
  try {
    here.get(lateness());
    ADD_FAILURE() << "a dead node has answered";
  } catch (const ActorDied& error) {
    EXPECT_EQ(error.actor(), "teller");
    EXPECT_THAT(error.cause(), HasSubstr("no heartbeats for"));
  }
  EXPECT_THAT(there.get(lateness()), MatchesRegex("teller: .*no heartbeats for.*"));

  const std::uint64_t near_before = value(*near_);
  const std::uint64_t far_before = value(*far_);
  const std::uint64_t told_before = told();
  const Time wake = now();
  cluster_.process(stopped_).signal(SIGCONT);
  EXPECT_EQ(cluster_.process(stopped_).wait(milliseconds(500) + lateness()), kFenced)
      << cluster_.process(stopped_).said();
  const double fenced = seconds_since(wake);
  EXPECT_EQ(value(*near_), near_before);
  EXPECT_EQ(value(*far_), far_before);
  std::printf(
      "figures: %s: suspect after %.2f s, dead after %.2f s, fenced %.2f s after waking, %llu messages since "
      "then, none "
      "taken\n",
      GetParam() == Wire::kIpc ? "ipc" : "tcp", suspect, dead, fenced,
      static_cast<unsigned long long>(told() - told_before));
}

TEST_P(StoppedNode, goes_on_if_it_wakes_before_it_is_dead) {
  cluster_.process(stopped_).signal(SIGSTOP);
  (void)first(What::kSuspect, now());
  cluster_.process(stopped_).signal(SIGCONT);
  (void)first(What::kWell, now());
  if (cluster_.health().count(What::kDead) > 0)
    GTEST_SKIP() << "this machine is too slow for the limits of this test";
  const std::uint64_t begin = told();
  wait_until_above(*near_, begin);
  wait_until_above(*far_, begin);
}

TEST_P(StoppedNode, that_was_killed_is_noticed_by_its_parent) {
  auto here = teller_->call<&Teller::never>();
  auto there = caller_->call<&Caller::cause_of_death>(*teller_);
  (void)value(*far_);
  const Time begin = now();
  cluster_.process(stopped_).signal(SIGKILL);
  cluster_.report_end(stopped_);
  EXPECT_THAT(there.get(milliseconds(500) + lateness()), MatchesRegex("teller: .*killed by signal 9.*"));
  try {
    here.get(lateness());
    ADD_FAILURE() << "a dead node has answered";
  } catch (const ActorDied& error) {
    EXPECT_THAT(error.cause(), HasSubstr("killed by signal 9"));
  }
  std::printf("figures: %s: a killed node's callers were told after %.3f s\n",
              GetParam() == Wire::kIpc ? "ipc" : "tcp", seconds_since(begin));
  EXPECT_EQ(cluster_.health().count(What::kDead), 0u);
}

TEST_P(RealNodes, end_when_their_driver_is_silent) {
  Cluster cluster(GetParam());
  const NodeId node = cluster.start("orphan", 1);
  cluster.wait_for({node});
  const auto actor = cluster.system().spawn<Counter>(Options("counter").on("orphan")).get(kHang);
  EXPECT_EQ(actor.call<&Counter::value>().get(kHang), 0u);
  const Time begin = now();
  cluster.end_driver();
  EXPECT_EQ(cluster.process(node).wait(limits().dead + lateness()), kDriverGone);
  EXPECT_THAT(cluster.process(node).said(), HasSubstr("has been silent for"));
  std::printf("figures: %s: a node ended %.2f s after its driver\n", GetParam() == Wire::kIpc ? "ipc" : "tcp",
              seconds_since(begin));
}

// Nodes of one driver that start in any order, at any time; their actors call each other before all are
// there. One in four times a node dies before or while it joins.
class Registration {
 public:
  Registration(std::uint64_t seed, std::uint64_t number)
      : rng_(seed, 0, number, Purpose::kNetwork), cluster_(rng_.below(2) == 0 ? Wire::kIpc : Wire::kTcp) {
    const std::uint32_t count = 2 + rng_.below(3);
    doomed_ = rng_.below(4) == 0 ? std::optional<std::size_t>(rng_.below(count)) : std::nullopt;
    for (std::uint32_t i = 0; i < count; ++i) {
      nodes_.push_back(Starting{"node-" + std::to_string(i), 0, rng_.below(2), milliseconds(rng_.below(30))});
    }
  }

  void run() {
    for (Starting& each : nodes_) each.id = cluster_.system().expect(each.name);
    std::vector<Future<Handle<Talker>>> talkers;
    for (const Starting& each : nodes_) {
      talkers.push_back(
          cluster_.system().spawn<Talker>(Options("talker-" + each.name).on(each.name).get_if_exists()));
    }
    launch();
    std::vector<Future<std::vector<std::string>>> greeted;
    for (const std::size_t i : by_delay()) {
      try {
        greeted.push_back(talkers[i].get(kHang).call<&Talker::greet>(names()));
      } catch (const ActorDied&) {
        EXPECT_EQ(i, doomed_);
      }
    }
    for (auto& each : greeted) check(each);
    end();
  }

 private:
  struct Starting {
    std::string name;
    NodeId id;
    unsigned threads;
    milliseconds delay;
  };
  void launch() {
    std::vector<std::size_t> order = indices();
    rng_.shuffle(std::span(order));
    for (const std::size_t i : order)
      cluster_.launch(nodes_[i].id, nodes_[i].name, nodes_[i].threads, nodes_[i].delay);
    if (!doomed_) return;
    cluster_.process(nodes_[*doomed_].id).signal(SIGKILL);
    cluster_.report_end(nodes_[*doomed_].id);
  }
  void check(Future<std::vector<std::string>>& greeted) {
    try {
      for (const std::string& answer : greeted.get(kHang)) {
        if (doomed_ && answer.starts_with(nodes_[*doomed_].name + ":")) continue;
        EXPECT_THAT(answer, HasSubstr(": hello talker-"));
      }
    } catch (const ActorDied& error) {
      EXPECT_TRUE(doomed_ && error.actor() == "talker-" + nodes_[*doomed_].name) << error.what();
    }
  }
  void end() {
    for (const Starting& each : nodes_) cluster_.system().stop(each.id);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      NodeProcess& process = cluster_.process(nodes_[i].id);
      const auto status = process.wait(kHang);
      EXPECT_TRUE(i == doomed_ || status == kEnded) << nodes_[i].name << ": " << process.said();
    }
  }
  std::vector<std::size_t> indices() const {
    std::vector<std::size_t> all(nodes_.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    return all;
  }
  std::vector<std::size_t> by_delay() const {
    std::vector<std::size_t> order = indices();
    std::ranges::sort(order, {}, [this](std::size_t i) { return nodes_[i].delay; });
    return order;
  }
  std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const Starting& each : nodes_) all.push_back(each.name);
    rng_.shuffle(std::span(all));
    return all;
  }

  Rng rng_;
  Cluster cluster_;
  std::vector<Starting> nodes_;
  std::optional<std::size_t> doomed_;
};

TEST(RealRegistration, in_any_order_and_at_any_time_leaves_no_call_without_an_answer) {
  const std::uint64_t starts = soak().value_or(50);
  const Time begin = now();
  for (std::uint64_t number = 0; number < starts; ++number) {
    Registration(wisp::test::seed(), number).run();
    ASSERT_FALSE(testing::Test::HasFailure()) << "start " << number << " of seed " << wisp::test::seed();
  }
  std::printf("figures: %llu starts of 2 to 4 nodes in %.0f s, no abort, no hang\n",
              static_cast<unsigned long long>(starts), seconds_since(begin));
}

// As replacements do: with keys of their own, which the others learn when they join.
TEST(RealLateNodes, are_let_in_by_those_that_run_while_others_are_lost) {
  Cluster cluster(Wire::kCurve);
  System& system = cluster.system();
  const std::vector<NodeId> staying = {cluster.start_late("staying-1", 1), cluster.start_late("staying-2")};
  cluster.wait_for(staying);
  const auto expect_way = [&](NodeId from, const std::vector<NodeId>& to) {
    EXPECT_THAT(system.find_unreachable(from, to, kHang).get(2 * kHang), testing::IsEmpty());
  };
  expect_way(staying[0], {staying[1]});
  const std::uint64_t lives = soak().value_or(20);
  for (std::uint64_t life = 0; life < lives; ++life) {
    const NodeId node = cluster.start_late("node-" + std::to_string(life), static_cast<unsigned>(life % 3));
    cluster.wait_for({node});
    expect_way(node, staying);
    for (const NodeId each : staying) expect_way(each, {node});
    cluster.process(node).signal(SIGKILL);
    cluster.report_end(node);
    ASSERT_FALSE(testing::Test::HasFailure()) << "life " << life;
  }
  std::printf("figures: %llu late nodes, each of whom all could reach\n",
              static_cast<unsigned long long>(lives));
}

std::uint64_t repeats() { return soak().value_or(50); }

// Whether the answer came, and is the value or what an end or a cancellation makes of it.
void expect_over(Future<int>& future, int value) {
  try {
    EXPECT_EQ(future.get(kHang), value);
  } catch (const ActorDied&) {
  } catch (const Cancelled&) {
  } catch (const Error& error) {
    ADD_FAILURE() << error.what();
  }
}

TEST(RealRace, an_end_or_a_cancellation_meets_the_answers) {
  Cluster cluster(Wire::kIpc);
  System& system = cluster.system();
  const NodeId node = cluster.start("racing", 2);
  const NodeId other = cluster.start("watching", 0);
  cluster.wait_for({node, other});
  const auto watching = system.spawn<Racer>(Options("watching").on("watching")).get(kHang);
  for (std::uint64_t repeat = 0; repeat < repeats(); ++repeat) {
    Rng rng(wisp::test::seed(), 0, repeat, Purpose::kFaults);
    const auto racer =
        system.spawn<Racer>(Options("racer-" + std::to_string(repeat)).on("racing")).get(kHang);
    auto down = racer.monitor();
    std::vector<Future<int>> calls;
    for (int i = 0; i < 4; ++i) {
      calls.push_back(racer.call<&Racer::at_once>(i));
      calls.push_back(racer.call<&Racer::later>(i));
      calls.push_back(watching.call<&Racer::through>(racer, i));
    }
    const auto pause = std::chrono::microseconds(rng.below(600));
    std::thread canceller([&, chosen = rng.below(12)] {
      for (std::size_t i = 0; i < 3; ++i) calls[(chosen + 5 * i) % calls.size()].cancel();
    });
    std::thread killer([&, how = rng.below(3)] {
      std::this_thread::sleep_for(pause);  // the moment is what differs
      if (how == 0) racer.stop();
      if (how == 1) racer.kill("in a race");
      if (how == 2) {
        racer.stop();
        racer.kill("in a race");
      }
    });
    for (std::size_t i = 0; i < calls.size(); ++i) expect_over(calls[i], static_cast<int>(i / 3));
    canceller.join();
    killer.join();
    EXPECT_NO_THROW((void)down.get(kHang));
    EXPECT_EQ(watching.call<&Racer::at_once>(5).get(kHang), 5);
    ASSERT_FALSE(testing::Test::HasFailure()) << "repeat " << repeat << " of seed " << wisp::test::seed();
  }
  std::printf("figures: %llu ends of an actor among 12 calls\n", static_cast<unsigned long long>(repeats()));
}

TEST(RealRace, nodes_come_and_go_with_calls_in_flight) {
  Cluster cluster(Wire::kIpc);
  System& system = cluster.system();
  cluster.wait_for({cluster.start("staying", 1)});
  const auto staying = system.spawn<Racer>(Options("staying").on("staying")).get(kHang);
  for (std::uint64_t repeat = 0; repeat < repeats(); ++repeat) {
    Rng rng(wisp::test::seed(), 1, repeat, Purpose::kFaults);
    const std::string name = "node-" + std::to_string(repeat);
    const NodeId node = cluster.start(name, rng.below(3));
    auto spawned = system.spawn<Racer>(Options("racer-" + name).on(name));
    const auto racer = spawned.get(kHang);
    std::vector<Future<int>> calls;
    for (int i = 0; i < 8; ++i) {
      calls.push_back(racer.call<&Racer::later>(i));
      calls.push_back(staying.call<&Racer::through>(racer, i));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(rng.below(1500)));  // the moment is what differs
    const bool kill = rng.below(2) == 0;
    if (kill) {
      cluster.process(node).signal(SIGKILL);
    } else {
      system.stop(node);
    }
    cluster.report_end(node);
    EXPECT_EQ(cluster.process(node).wait(kHang), kill ? -SIGKILL : kEnded) << cluster.process(node).said();
    for (std::size_t i = 0; i < calls.size(); ++i) expect_over(calls[i], static_cast<int>(i / 2));
    ASSERT_FALSE(testing::Test::HasFailure()) << "repeat " << repeat << " of seed " << wisp::test::seed();
  }
  EXPECT_EQ(staying.call<&Racer::at_once>(5).get(kHang), 5);
  std::printf("figures: %llu ends of a node among 16 calls\n", static_cast<unsigned long long>(repeats()));
}

}  // namespace
}  // namespace wisp::runtime::real
