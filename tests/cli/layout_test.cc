#include "cli/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using runtime::HostSlots;
using runtime::Isolation;
using testing::ElementsAre;
using testing::HasSubstr;

actors::JobSpec job(std::uint32_t workers, Isolation master, Isolation worker) {
  actors::JobSpec job;
  job.master.isolation = master;
  job.worker.isolation = worker;
  job.worker.replicas = workers;
  return job;
}

// "name@host: actors", a node each.
std::vector<std::string> nodes_of(const JobLayout& layout) {
  std::vector<std::string> nodes;
  for (const NodePlan& node : layout.nodes) {
    std::string text = node.name + "@" + node.host + ":";
    for (const std::string& actor : node.actors) text += " " + actor;
    nodes.push_back(text);
  }
  return nodes;
}

const std::vector<HostSlots> kOneHost = {HostSlots("local", kUnlimitedSlots)};
const std::vector<HostSlots> kTwoHosts = {HostSlots("n1", 2), HostSlots("n2", 2)};

TEST(Layout, gives_each_process_isolated_actor_a_node_of_its_own) {
  const JobLayout layout = lay_out(job(2, Isolation::kProcess, Isolation::kProcess), kOneHost);
  EXPECT_THAT(nodes_of(layout),
              ElementsAre("master@local: master", "worker-0@local: worker-0", "worker-1@local: worker-1"));
  EXPECT_EQ(layout.master_node, "master");
  EXPECT_THAT(layout.worker_nodes, ElementsAre("worker-0", "worker-1"));
  EXPECT_THAT(layout.worker_hosts, ElementsAre("local", "local"));
}

TEST(Layout, puts_thread_isolated_actors_of_a_host_into_one_node) {
  const JobLayout layout = lay_out(job(3, Isolation::kThread, Isolation::kThread), kOneHost);
  EXPECT_THAT(nodes_of(layout), ElementsAre("guests-1@local: master worker-0 worker-1 worker-2"));
  EXPECT_EQ(layout.master_node, "guests-1");
  EXPECT_THAT(layout.worker_nodes, ElementsAre("guests-1", "guests-1", "guests-1"));
}

TEST(Layout, has_a_relay_on_each_host_where_the_model_is_large_or_the_job_says_so) {
  actors::JobSpec spec = job(4, Isolation::kProcess, Isolation::kProcess);
  constexpr std::uint32_t kLarge = kRelayedFrom / sizeof(double);
  EXPECT_TRUE(lay_out(spec, kTwoHosts).relays.empty()) << "nobody knows yet how large";
  EXPECT_TRUE(lay_out(spec, kTwoHosts, kLarge - 1).relays.empty());
  EXPECT_TRUE(lay_out(spec, kOneHost, kLarge).relays.empty());
  const JobLayout layout = lay_out(spec, kTwoHosts, kLarge);
  EXPECT_THAT(nodes_of(layout),
              ElementsAre("master@n1: master", "worker-0@n1: worker-0", "worker-1@n2: worker-1",
                          "worker-2@n1: worker-2", "worker-3@n2: worker-3", "relay-0@n1: relay-0",
                          "relay-1@n2: relay-1"));
  ASSERT_EQ(layout.relays.size(), 2u);
  EXPECT_EQ(layout.relays[0].node, "relay-0");
  EXPECT_THAT(layout.relays[0].workers, ElementsAre(0u, 2u));
  EXPECT_THAT(layout.relays[1].workers, ElementsAre(1u, 3u));
  EXPECT_EQ(layout.classes.at("relay-1"), "relay/float64");
  actors::JobSpec one_elsewhere = job(3, Isolation::kProcess, Isolation::kProcess);
  EXPECT_TRUE(lay_out(one_elsewhere, kTwoHosts, kLarge).relays.empty())
      << "the model leaves n1 once as it is";
  spec.method.broadcast.way = "star";
  EXPECT_TRUE(lay_out(spec, kTwoHosts, kLarge).relays.empty());
  spec.method.broadcast.way = "chain";
  EXPECT_EQ(lay_out(spec, kOneHost).relays.size(), 1u);
}

TEST(Layout, has_no_relays_without_rounds) {
  actors::JobSpec spec = job(4, Isolation::kProcess, Isolation::kProcess);
  constexpr std::uint32_t kLarge = kRelayedFrom / sizeof(double);
  for (const char* consistency : {"async", "ssp"}) {
    spec.method.consistency.kind = consistency;
    EXPECT_TRUE(lay_out(spec, kTwoHosts, kLarge).relays.empty());
  }
  spec.method.consistency.kind = "sync";
  EXPECT_EQ(lay_out(spec, kTwoHosts, kLarge).relays.size(), 2u);
}

TEST(Layout, begins_the_chain_at_the_masters_host) {
  actors::JobSpec spec = job(3, Isolation::kThread, Isolation::kThread);
  spec.method.broadcast.way = "chain";
  spec.master.host = "n2";
  const JobLayout layout = lay_out(spec, kTwoHosts);
  EXPECT_THAT(nodes_of(layout),
              ElementsAre("guests-2@n2: master worker-1 relay-0", "guests-1@n1: worker-0 worker-2 relay-1"));
  EXPECT_THAT(layout.relays[0].workers, ElementsAre(1u));
  spec.worker.placement.hosts = {"n1"};
  spec.worker.placement.oversubscribe = true;
  const JobLayout one = lay_out(spec, kTwoHosts);
  ASSERT_EQ(one.relays.size(), 1u) << "where there are no workers there is no relay";
  EXPECT_EQ(one.relays[0].node, "guests-1");
}

TEST(Layout, mixes_both_kinds) {
  EXPECT_THAT(nodes_of(lay_out(job(2, Isolation::kProcess, Isolation::kThread), kOneHost)),
              ElementsAre("master@local: master", "guests-1@local: worker-0 worker-1"));
  EXPECT_THAT(nodes_of(lay_out(job(1, Isolation::kThread, Isolation::kProcess), kOneHost)),
              ElementsAre("guests-1@local: master", "worker-0@local: worker-0"));
}

TEST(Layout, spreads_workers_over_hosts) {
  const JobLayout layout = lay_out(job(4, Isolation::kProcess, Isolation::kThread), kTwoHosts);
  EXPECT_THAT(nodes_of(layout), ElementsAre("master@n1: master", "guests-1@n1: worker-0 worker-2",
                                            "guests-2@n2: worker-1 worker-3"));
  EXPECT_THAT(layout.worker_hosts, ElementsAre("n1", "n2", "n1", "n2"));
  EXPECT_THAT(layout.worker_nodes, ElementsAre("guests-1", "guests-2", "guests-1", "guests-2"));
}

TEST(Layout, packs_where_asked) {
  actors::JobSpec packed = job(3, Isolation::kProcess, Isolation::kProcess);
  packed.worker.placement.kind = "pack";
  EXPECT_THAT(lay_out(packed, kTwoHosts).worker_hosts, ElementsAre("n1", "n1", "n2"));
}

TEST(Layout, puts_the_master_where_asked_without_a_slot) {
  actors::JobSpec elsewhere = job(4, Isolation::kThread, Isolation::kProcess);
  elsewhere.master.host = "n2";
  const JobLayout layout = lay_out(elsewhere, kTwoHosts);
  EXPECT_EQ(nodes_of(layout).front(), "guests-2@n2: master");
  EXPECT_THAT(layout.worker_hosts, ElementsAre("n1", "n2", "n1", "n2"));
}

TEST(Layout, refuses_a_host_that_is_not_there) {
  actors::JobSpec nowhere = job(1, Isolation::kProcess, Isolation::kProcess);
  nowhere.master.host = "n3";
  const auto [fault, why] = test::error_of([&] { lay_out(nowhere, kTwoHosts); });
  EXPECT_EQ(fault, Fault::kConfig);
  EXPECT_EQ(why, "actors.master.host names n3, which is not among hosts");
}

TEST(Layout, refuses_more_workers_than_slots) {
  actors::JobSpec many = job(5, Isolation::kProcess, Isolation::kProcess);
  EXPECT_EQ(test::error_of([&] { lay_out(many, kTwoHosts); }).first, Fault::kConfig);
  many.worker.placement.oversubscribe = true;
  EXPECT_EQ(lay_out(many, kTwoHosts).worker_nodes.size(), 5u);
}

actors::GroupSpec group(const std::string& name, std::uint32_t replicas, const std::string& host = "") {
  actors::GroupSpec group;
  group.name = name;
  group.class_name = "my::" + name;
  group.actor.replicas = replicas;
  group.actor.host = host;
  return group;
}

TEST(Layout, places_plain_actors_group_after_group) {
  const JobLayout layout = lay_out({group("main", 1, "n2"), group("a", 2), group("b", 2)}, kTwoHosts);
  EXPECT_THAT(nodes_of(layout),
              ElementsAre("main@n2: main", "a-0@n1: a-0", "a-1@n2: a-1", "b-0@n1: b-0", "b-1@n2: b-1"));
  EXPECT_EQ(layout.node_of.at("a-1"), "a-1");
  EXPECT_EQ(layout.classes.at("a-1"), "my::a");
  EXPECT_THROW(lay_out({group("a", 3), group("b", 2)}, kTwoHosts), Error);  // five actors, four slots
  EXPECT_THAT(test::error_of([] { lay_out({group("a", 1, "n3")}, kTwoHosts); }).second,
              HasSubstr("actors.a.host names n3"));
}

TEST(Layout, plain_actors_that_are_threads_share_a_node_and_its_environment) {
  actors::GroupSpec a = group("a", 2);
  actors::GroupSpec b = group("b", 1);
  a.actor.isolation = b.actor.isolation = Isolation::kThread;
  a.actor.env = {{"X", "1"}};
  b.actor.env = {{"Y", "2"}};
  const JobLayout layout = lay_out({a, b}, kOneHost);
  EXPECT_THAT(nodes_of(layout), ElementsAre("guests-1@local: a-0 a-1 b"));
  EXPECT_THAT(layout.nodes[0].env, ElementsAre(testing::Pair("X", "1"), testing::Pair("Y", "2")));
  b.actor.env = {{"X", "3"}};
  EXPECT_THAT(test::error_of([&] { lay_out({a, b}, kOneHost); }).second, HasSubstr("different values of X"));
}

TEST(Layout, a_process_takes_what_its_actors_take) {
  actors::JobSpec spec = job(2, Isolation::kProcess, Isolation::kProcess);
  spec.worker.resources.cpus = 2;
  spec.worker.resources.memory = 100;
  spec.worker.resources.nice = 5;
  const JobLayout apart = lay_out(spec, kTwoHosts);
  EXPECT_THAT(nodes_of(apart),
              ElementsAre("master@n1: master", "worker-0@n1: worker-0", "worker-1@n2: worker-1"));
  EXPECT_EQ(apart.nodes[1].cpus, 2u);
  EXPECT_EQ(apart.nodes[1].memory, 100u);
  EXPECT_EQ(apart.nodes[1].nice, 5);
  EXPECT_EQ(apart.nodes[0].nice, 0);
  spec.worker.isolation = Isolation::kThread;
  const JobLayout together = lay_out(spec, kOneHost);
  EXPECT_EQ(together.nodes[1].cpus, 4u);
  EXPECT_EQ(together.nodes[1].memory, 200u);
  spec.master.isolation = Isolation::kThread;
  spec.master.resources.nice = 5;
  EXPECT_EQ(lay_out(spec, kOneHost).nodes[0].memory, 0u) << "the master has no limit";
  spec.master.resources.nice = 0;
  try {
    lay_out(spec, kOneHost);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("have one niceness, but worker-0 and master want different ones"));
  }
}

}  // namespace
}  // namespace wisp::cli
