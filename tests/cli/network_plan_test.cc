#include "cli/network_plan.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

launcher::HostInfo here() {
  launcher::HostInfo host;
  host.name = "local";
  host.cores = 4;
  host.local = true;
  return host;
}
launcher::HostInfo there(const std::string& name, const std::string& address, const std::string& driver) {
  launcher::HostInfo host;
  host.name = name;
  host.cores = 2;
  host.address = address;
  host.driver_address = driver;
  return host;
}
runtime::NetworkSpec network(const std::string& transport, const std::string& security = "curve") {
  runtime::NetworkSpec spec;
  spec.transport = transport;
  spec.security = security;
  spec.port_first = 21000;
  spec.port_last = 21999;
  spec.message_max = 1 << 20;
  return spec;
}
runtime::Address at(const std::string& endpoint, const std::string& key = "") {
  return runtime::Address(endpoint, key);
}
NodePlan node(const std::string& host, std::size_t actors = 1) {
  return NodePlan{"some-node", host, std::vector<std::string>(actors, "actor")};
}

TEST(NetworkPlan, takes_the_private_folder_where_all_is_on_this_host) {
  for (const char* transport : {"auto", "ipc"}) {
    NetworkPlan plan(network(transport), {here()}, "/run/job", 77);
    plan.add_node(1, "local");
    const auto driver = plan.driver();
    EXPECT_THAT(driver.binds, ElementsAre("ipc:///run/job/0"));
    EXPECT_FALSE(driver.keys.has_value());
    const auto parameters = plan.parameters(1, node("local"), {at("ipc:///run/job/0")});
    EXPECT_EQ(parameters.name, "some-node");
    EXPECT_EQ(parameters.run, 77u);
    EXPECT_EQ(parameters.network.self, 1u);
    EXPECT_EQ(parameters.network.message_max, 1u << 20);
    EXPECT_THAT(parameters.network.binds, ElementsAre("ipc:///run/job/1"));
    EXPECT_EQ(parameters.driver.endpoint, "ipc:///run/job/0");
    EXPECT_EQ(parameters.driver.public_key, "");
  }
}

TEST(NetworkPlan, takes_loopback_without_keys_for_tcp_on_this_host) {
  NetworkPlan plan(network("tcp"), {here()}, "/run/job", 77);
  plan.add_node(1, "local");
  EXPECT_THAT(plan.driver().binds, ElementsAre("tcp://127.0.0.1"));
  EXPECT_FALSE(plan.driver().keys.has_value());
  EXPECT_FALSE(plan.driver().plaintext_off_loopback);
  const auto parameters = plan.parameters(1, node("local"), {at("tcp://127.0.0.1:21000")});
  EXPECT_THAT(parameters.network.binds, ElementsAre("tcp://127.0.0.1"));
  EXPECT_EQ(parameters.network.port_first, 21000);
  EXPECT_EQ(parameters.network.port_last, 21999);
  EXPECT_EQ(parameters.driver.endpoint, "tcp://127.0.0.1:21000");
}

TEST(NetworkPlan, needs_no_keys_for_hosts_on_loopback) {
  NetworkPlan plan(network("auto"),
                   {there("n1", "127.0.0.11", "127.0.0.1"), there("n2", "127.0.0.12", "127.0.0.1")},
                   "/run/job", 77);
  plan.add_node(1, "n1");
  plan.add_node(2, "n2");
  EXPECT_THAT(plan.driver().binds, ElementsAre("tcp://127.0.0.1"));  // once
  EXPECT_FALSE(plan.driver().keys.has_value());
  const auto second = plan.parameters(2, node("n2"), {at("tcp://127.0.0.1:21000")});
  EXPECT_THAT(second.network.binds, ElementsAre("tcp://127.0.0.12"));
  EXPECT_FALSE(second.network.keys.has_value());
}

TEST(NetworkPlan, speaks_curve_as_soon_as_one_host_is_off_loopback) {
  NetworkPlan plan(network("auto"),
                   {there("n1", "127.0.0.11", "127.0.0.1"), there("n2", "192.0.2.2", "192.0.2.1")},
                   "/run/job", 77);
  plan.add_node(1, "n1");
  plan.add_node(2, "n2");
  const auto driver = plan.driver();
  ASSERT_TRUE(driver.keys.has_value());
  const std::string& key = driver.keys->public_key;
  const std::vector<runtime::Address> addresses = {at("tcp://127.0.0.1:1", key),
                                                   at("tcp://192.0.2.1:2", key)};
  const auto first = plan.parameters(1, node("n1"), addresses);
  const auto second = plan.parameters(2, node("n2"), addresses);
  ASSERT_TRUE(first.network.keys.has_value() && second.network.keys.has_value());
  EXPECT_EQ(first.driver.public_key, key);

  const std::map<runtime::NodeId, std::string> members = {{0, driver.keys->public_key},
                                                          {1, first.network.keys->public_key},
                                                          {2, second.network.keys->public_key}};
  EXPECT_EQ(driver.allowed, members);
  EXPECT_EQ(second.network.allowed, members);
  EXPECT_THAT(std::set<std::string>(
                  {driver.keys->secret_key, first.network.keys->secret_key, second.network.keys->secret_key}),
              SizeIs(3));
}

TEST(NetworkPlan, tells_each_host_where_it_sees_the_driver) {
  NetworkPlan plan(network("tcp"),
                   {there("n1", "192.0.2.2", "192.0.2.1"), there("n2", "2001:db8::2", "2001:db8::1")},
                   "/run/job", 77);
  plan.add_node(1, "n1");
  plan.add_node(2, "n2");
  EXPECT_THAT(plan.driver().binds, ElementsAre("tcp://192.0.2.1", "tcp://[2001:db8::1]"));
  const std::vector<runtime::Address> addresses = {at("tcp://192.0.2.1:21000"),
                                                   at("tcp://[2001:db8::1]:21001")};
  EXPECT_EQ(plan.parameters(1, node("n1"), addresses).driver.endpoint, addresses[0].endpoint);
  const auto second = plan.parameters(2, node("n2"), addresses);
  EXPECT_EQ(second.driver.endpoint, addresses[1].endpoint);
  EXPECT_THAT(second.network.binds, ElementsAre("tcp://[2001:db8::2]"));
}

TEST(NetworkPlan, speaks_plaintext_off_loopback_only_when_told_so) {
  NetworkPlan plan(network("auto", "plaintext"), {there("n1", "192.0.2.2", "192.0.2.1")}, "/run/job", 77);
  plan.add_node(1, "n1");
  const auto parameters = plan.parameters(1, node("n1"), {at("tcp://192.0.2.1:21000")});
  for (const auto& options : {plan.driver(), parameters.network}) {
    EXPECT_TRUE(options.plaintext_off_loopback);
    EXPECT_FALSE(options.keys.has_value());
    EXPECT_THAT(options.allowed, IsEmpty());
  }
}

TEST(NetworkPlan, gives_guests_as_many_threads_as_the_host_has_cores) {
  NetworkPlan plan(network("auto"), {here()}, "/run/job", 77);
  plan.add_node(1, "local");
  const auto threads = [&](std::size_t actors) {
    return plan.parameters(1, node("local", actors), {at("x")}).threads;
  };
  EXPECT_EQ(threads(1), 0u);
  EXPECT_EQ(threads(3), 3u);
  EXPECT_EQ(threads(100), 4u);
}

TEST(NetworkPlan, refuses_ipc_for_another_host) {
  const auto [fault, why] = test::error_of(
      [] { NetworkPlan(network("ipc"), {there("n1", "127.0.0.11", "127.0.0.1")}, "/run/job", 77); });
  EXPECT_EQ(fault, Fault::kConfig);
  EXPECT_EQ(why, "network.transport: ipc reaches this host only; use tcp or auto");
}

}  // namespace
}  // namespace wisp::cli
