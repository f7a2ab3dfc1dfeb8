// A driver and nodes of one process, joined by plain queues.
#include "runtime/system.h"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/frames.h"
#include "tests/runtime/nodes.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using test::kHang;
using testing::ElementsAre;
using testing::HasSubstr;

class Counter : public Actor {
 public:
  using Constructor = void(std::int64_t);
  explicit Counter(std::int64_t start) : value_(start) {
    if (start < 0) throw Error("a counter begins at 0", Fault::kConfig);
  }
  std::int64_t add(std::int64_t amount) { return value_ += amount; }
  NodeId node() { return context().self().node; }
  Task<Handle<Counter>> spawn_another(std::string name, std::string node, std::int64_t start) {
    const Handle<Counter> other = co_await spawn<Counter>(context(), Options(name).on(node), start);
    const std::int64_t sum = co_await other.call<&Counter::add>(100);
    value_ = sum;
    co_return other;
  }
  // Has an actor killed again and again, and puts another in its place as soon as it hears of its end.
  Task<int> replace(std::string name, int times) {
    Handle<Counter> one = co_await spawn<Counter>(context(), Options(name).on("node1"), 0);
    for (int i = 1; i <= times; ++i) {
      auto end = one.monitor();
      one.kill();
      (void)co_await end;
      const char* const next = i % 2 == 0 ? "node1" : "node2";
      Handle<Counter> other = co_await spawn<Counter>(context(), Options(name).on(next), i);
      one = other;
    }
    const std::int64_t value = co_await one.call<&Counter::add>(0);
    co_return static_cast<int>(value);
  }
  Task<int> never() {
    const int never = co_await Promise<int>("nothing").future();
    co_return never;
  }
  Task<int> ask(Handle<Counter> other) {
    const int answer = co_await other.call<&Counter::never>();
    co_return answer;
  }

 private:
  std::int64_t value_;
};

class SystemTest : public testing::Test {
 protected:
  SystemTest() {
    register_services(registry_);
    registry_.actor<Counter>("counter")
        .method<&Counter::add>("add")
        .method<&Counter::node>("node")
        .method<&Counter::spawn_another>("spawn_another")
        .method<&Counter::replace>("replace")
        .method<&Counter::never>("never")
        .method<&Counter::ask>("ask");
    SystemOptions options;
    options.run = test::kRun;
    options.fingerprint = "gd, 10 dimensions";
    options.clock = &clock_;
    options.make_log = journal_.logs();
    options.on_failure = [this](const std::string& why) { failed_.set_value(why); };
    system_ = std::make_unique<System>(std::move(options), registry_, network_.attach(0));
  }
  ~SystemTest() override {
    for (auto& [node, thread] : threads_) {
      end(node);
      thread.join();
    }
  }

  // Also where the driver has lost it: by a frame of another node.
  void end(NodeId node) {
    const NodeId other = 1000 + node;
    const auto transport = network_.attach(other);
    transport->connect(node, Address("in-process://" + std::to_string(node), ""));
    FrameHeader header;
    header.run = test::kRun;
    header.source = other;
    header.destination = node;
    header.sequence = 1;
    Envelope envelope;
    envelope.method = registry_.id_of<&NodeService::stop>();
    transport->send(
        node,
        test::write_frame(header, {test::Message(envelope, call_detail::packed_arguments<std::tuple<>>())}));
  }

  NodeParameters parameters(NodeId node) {
    NodeParameters parameters;
    parameters.name = "node" + std::to_string(node);
    parameters.run = test::kRun;
    parameters.network.self = node;
    parameters.driver = system_->node().address();
    parameters.fingerprint = "gd, 10 dimensions";
    return parameters;
  }
  void serve_here(const NodeParameters& given, milliseconds deadline = kHang) {
    serve(given, registry_, clock_, journal_.logs(), network_.attach(given.network.self), nullptr, deadline);
  }
  // As long as nobody takes it for dead.
  void serve_until_dead(const NodeParameters& given) {
    try {
      serve_here(given);
    } catch (const Fenced&) {
    }
  }
  NodeId start() {
    const NodeId node = system_->expect("node" + std::to_string(threads_.size() + 1));
    threads_.emplace(node, std::thread([this, given = parameters(node)] { serve_until_dead(given); }));
    return node;
  }
  void wait_for(const std::vector<NodeId>& nodes) {
    system_->wait_for(nodes, kHang, [](const auto&) {});
  }

  template <class T>
  std::string why_not(Future<T> future) {
    try {
      (void)future.get(kHang);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  const SystemClock clock_;
  test::Journal journal_;
  Registry registry_;
  InProcessNetwork network_;
  std::promise<std::string> failed_;
  std::unique_ptr<System> system_;
  std::map<NodeId, std::thread> threads_;
};

TEST_F(SystemTest, spawns_actors_on_the_nodes_that_joined) {
  const NodeId first = start();
  const NodeId second = start();
  wait_for({first, second});
  const auto here = system_->spawn<Counter>(Options("here"), 1).get(kHang);
  const auto there = system_->spawn<Counter>(Options("there").on("node2"), 40).get(kHang);
  EXPECT_EQ(here.call<&Counter::node>().get(kHang), 0u);
  EXPECT_EQ(there.call<&Counter::node>().get(kHang), second);
  EXPECT_EQ(there.name(), "there");
  EXPECT_EQ(there.call<&Counter::add>(2).get(kHang), 42);
}

TEST_F(SystemTest, spawns_before_the_node_has_joined) {
  const NodeId node = system_->expect("late");
  auto spawned = system_->spawn<Counter>(Options("c").on("late"), 1);
  EXPECT_FALSE(spawned.ready());
  threads_.emplace(node, std::thread([this, given = parameters(node)] { serve_here(given); }));
  EXPECT_EQ(spawned.get(kHang).call<&Counter::node>().get(kHang), node);
}

TEST_F(SystemTest, actors_spawn_actors_on_other_nodes) {
  wait_for({start(), start()});
  const auto first = system_->spawn<Counter>(Options("first").on("node1"), 0).get(kHang);
  const auto second = first.call<&Counter::spawn_another>("second", "node2", 7).get(kHang);
  EXPECT_EQ(second.call<&Counter::node>().get(kHang), 2u);
  EXPECT_EQ(second.call<&Counter::add>(0).get(kHang), 107);
  EXPECT_EQ(first.call<&Counter::add>(0).get(kHang), 107);  // spoke to it directly
  EXPECT_THAT(why_not(first.call<&Counter::spawn_another>("third", "node2", -1)), HasSubstr("begins at 0"));
}

TEST_F(SystemTest, knows_which_nodes_do_not_hear_each_other) {
  wait_for({start(), start()});
  const NodeId nowhere = system_->expect("nowhere");
  EXPECT_THAT(system_->find_unreachable(1, {2}, kHang).get(kHang), ElementsAre());
  EXPECT_THAT(system_->find_unreachable(1, {2, nowhere}, milliseconds(500)).get(kHang), ElementsAre(nowhere));
  EXPECT_EQ(system_->endpoint_of(2), "in-process://2");
  EXPECT_EQ(system_->endpoint_of(nowhere), "");
}

TEST_F(SystemTest, finds_actors_by_name) {
  wait_for({start()});
  (void)system_->spawn<Counter>(Options("spawned").on("node1"), 5).get(kHang);
  (void)system_->adopt("adopted", std::make_unique<Counter>(6));
  EXPECT_EQ(system_->get_actor<Counter>("spawned").get(kHang).call<&Counter::add>(1).get(kHang), 6);
  EXPECT_EQ(system_->get_actor<Counter>("adopted").get(kHang).call<&Counter::add>(1).get(kHang), 7);
  EXPECT_EQ(why_not(system_->get_actor<Counter>("nobody")), "driver: no actor is called nobody");
}

TEST_F(SystemTest, a_name_is_taken_once) {
  wait_for({start()});
  (void)system_->spawn<Counter>(Options("c"), 1).get(kHang);
  EXPECT_EQ(why_not(system_->spawn<Counter>(Options("c").on("node1"), 1)),
            "driver: an actor is called c already");

  auto one = system_->spawn<Counter>(Options("d").on("node1"), 1);
  auto other = system_->spawn<Counter>(Options("d").on("node1"), 2);  // while the first is on its way
  EXPECT_EQ(one.get(kHang).call<&Counter::add>(0).get(kHang), 1);
  EXPECT_EQ(why_not(std::move(other)), "driver: an actor is called d already");
}

TEST_F(SystemTest, the_name_of_an_actor_is_free_when_its_supervisor_hears_of_its_end) {
  wait_for({start(), start(), start()});
  for (const char* at : {"", "node1", "node2", "node3"}) {
    const auto supervisor =
        system_->spawn<Counter>(Options("supervisor" + std::string(at)).on(at), 0).get(kHang);
    EXPECT_EQ(supervisor.call<&Counter::replace>("child" + std::string(at), 50).get(kHang), 50);
  }
}

TEST_F(SystemTest, a_spawn_that_fails_leaves_the_name_free) {
  wait_for({start()});
  for (const char* node : {"", "node1"}) {
    auto failed = system_->spawn<Counter>(Options("e").on(node), -1);
    try {
      (void)failed.get(kHang);
      FAIL() << "no exception";
    } catch (const ActorError& error) {
      EXPECT_THAT(error.what(), HasSubstr("a counter begins at 0"));
      EXPECT_EQ(error.fault(), Fault::kConfig);
    }
  }
  EXPECT_EQ(why_not(system_->spawn<Counter>(Options("e").on("nowhere"), 1)),
            "driver: no node is called nowhere");
  EXPECT_EQ(why_not(system_->spawn<Counter>(Options("e"), 1)), "");
}

TEST_F(SystemTest, waiting_ends_with_the_names_of_the_missing) {
  const NodeId first = start();
  const std::vector<NodeId> all = {first, system_->expect("slow"), system_->expect("slower")};
  wait_for({first});
  std::vector<std::string> told;
  try {
    system_->wait_for(
        all, milliseconds(20), [&](const auto& missing) { told = missing; }, milliseconds(5));
    FAIL() << "no exception";
  } catch (const Timeout& error) {
    EXPECT_STREQ(error.what(), "these nodes have not joined within 20ms: slow slower");
  }
  EXPECT_THAT(told, ElementsAre("slow", "slower"));
  EXPECT_THROW(system_->wait_for(all, kHang, [](const auto&) { throw Error("its process has ended"); }),
               Error);
}

TEST_F(SystemTest, a_node_of_another_job_is_refused_with_both_texts) {
  NodeParameters other = parameters(system_->expect("other"));
  other.fingerprint = "isega, 12 dimensions";
  try {
    serve_here(other);
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "cannot join the driver at in-process://0: driver: it was started for 'isega, 12 dimensions', the "
        "driver for 'gd, 10 dimensions'");
    EXPECT_EQ(error.fault(), Fault::kHost);
  }
}

TEST_F(SystemTest, a_node_that_nobody_expects_is_refused) {
  try {
    serve_here(parameters(9));
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("node 9 is not expected"));
  }
}

TEST_F(SystemTest, a_node_that_finds_no_driver_gives_up) {
  NodeParameters lost = parameters(system_->expect("lost"));
  lost.driver = Address("in-process://77", "");
  try {
    serve_here(lost, milliseconds(20));
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "cannot join the driver at in-process://77: no answer from driver.join within 20ms");
  }
}

TEST_F(SystemTest, a_lost_node_is_lost_to_everybody) {
  const NodeId second = (start(), start());
  wait_for({1, second});
  const auto asking = system_->spawn<Counter>(Options("asking").on("node1"), 0).get(kHang);
  const auto silent = system_->spawn<Counter>(Options("silent").on("node2"), 0).get(kHang);
  auto from_driver = silent.call<&Counter::never>();
  auto from_node = asking.call<&Counter::ask>(silent);
  system_->lose(second, "node2: killed by signal 9");
  EXPECT_EQ(why_not(std::move(from_driver)), "silent: node2: killed by signal 9");
  EXPECT_EQ(why_not(std::move(from_node)), "silent: node2: killed by signal 9");
  EXPECT_EQ(why_not(asking.call<&Counter::ask>(silent)), "silent: node2: killed by signal 9");
  EXPECT_EQ(why_not(system_->spawn<Counter>(Options("x").on("node2"), 0)), "driver: no node is called node2");
  EXPECT_EQ(asking.call<&Counter::add>(1).get(kHang), 1);
}

TEST_F(SystemTest, stops_a_node) {
  const NodeId node = start();
  wait_for({node});
  system_->stop(node);
  threads_.at(node).join();
  threads_.clear();
}

// Fails for ever when told to.
class Breaking : public Transport {
 public:
  Breaking(std::unique_ptr<Transport> whole, const std::atomic<bool>& broken)
      : whole_(std::move(whole)), broken_(broken) {}
  Address address() const override { return whole_->address(); }
  void connect(NodeId peer, const Address& address) override { whole_->connect(peer, address); }
  void disconnect(NodeId peer) override { whole_->disconnect(peer); }
  SendResult send(NodeId peer, const Bytes& frame) override { return whole_->send(peer, frame); }
  std::optional<Received> receive(std::optional<milliseconds> wait) override {
    if (broken_) throw Error("the socket is gone", Fault::kHost);
    return whole_->receive(wait);
  }
  void wake() override { whole_->wake(); }
  void close(milliseconds linger) override { whole_->close(linger); }

 private:
  const std::unique_ptr<Transport> whole_;
  const std::atomic<bool>& broken_;
};

TEST_F(SystemTest, tells_when_it_fails_and_nobody_waits_in_vain) {
  InProcessNetwork network;
  std::atomic<bool> broken = false;
  std::promise<std::string> failed;
  SystemOptions options;
  options.run = test::kRun;
  options.clock = &clock_;
  options.make_log = journal_.logs();
  options.on_failure = [&](const std::string& why) { failed.set_value(why); };
  System system(std::move(options), registry_, std::make_unique<Breaking>(network.attach(0), broken));
  system.node().add_peer(7, Address("in-process://7", ""));
  const Handle<Counter> far(system.node(), ActorId(7, 1), "far");
  const auto near = system.spawn<Counter>(Options("near"), 0).get(kHang);
  auto far_call = far.call<&Counter::never>();
  auto near_call = near.call<&Counter::never>();
  broken = true;
  near.tell<&Counter::add>(1);
  auto why = failed.get_future();
  ASSERT_EQ(why.wait_for(kHang), std::future_status::ready);
  EXPECT_EQ(why.get(), "the driver lost touch with the nodes: the socket is gone");
  EXPECT_THROW(far_call.get(kHang), ActorDied);
  EXPECT_THROW(near_call.get(kHang), ActorDied);
  EXPECT_THROW(system.spawn<Counter>(Options("late"), 0).get(kHang), ActorDied);
}

// Shows its face, and waits to see the other's.
class Guest : public Actor {
 public:
  using Constructor = void();
  Guest(std::promise<void>& mine, std::shared_future<void> other) : mine_(mine), other_(std::move(other)) {}
  bool meet() {
    mine_.set_value();
    return other_.wait_for(kHang) == std::future_status::ready;
  }

 private:
  std::promise<void>& mine_;
  const std::shared_future<void> other_;
};

TEST(SystemPool, runs_two_actors_of_the_driver_at_once) {
  const SystemClock clock;
  test::Journal journal;
  Registry registry;
  register_services(registry);
  InProcessNetwork network;
  SystemOptions options;
  options.clock = &clock;
  options.threads = 2;
  options.make_log = journal.logs();
  System system(std::move(options), registry, network.attach(0));
  std::promise<void> one;
  std::promise<void> other;
  const auto one_seen = one.get_future().share();
  const auto other_seen = other.get_future().share();
  const auto first = system.adopt<Guest>("first", std::make_unique<Guest>(one, other_seen));
  const auto second = system.adopt<Guest>("second", std::make_unique<Guest>(other, one_seen));
  auto first_met = first.call<&Guest::meet>();
  auto second_met = second.call<&Guest::meet>();
  EXPECT_TRUE(first_met.get(2 * kHang));
  EXPECT_TRUE(second_met.get(2 * kHang));
}

}  // namespace
}  // namespace wisp::runtime
