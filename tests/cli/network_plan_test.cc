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

launcher::HostInfo with_addresses(launcher::HostInfo host) {
  host.ssh_address = host.address;
  host.addresses = {{"eth0", "192.0.2.2", 24}, {"eth1", "198.51.100.2", 25}, {"eth1", "2001:db8::2", 64}};
  return host;
}
const std::vector<launcher::InterfaceAddress> kOwn = {{"wlan0", "203.0.113.1", 24},
                                                      {"br1", "198.51.100.1", 24}};

TEST(NetworkPlan, takes_of_a_hosts_addresses_the_one_that_the_job_file_means) {
  struct Case {
    const char* subnet;
    const char* interface;
    const char* address;
    const char* driver;
  };
  for (const Case& each : {Case{"198.51.100.0/24", "", "198.51.100.2", "198.51.100.1"},
                           Case{"", "eth1", "198.51.100.2", "198.51.100.1"},
                           Case{"2001:db8::/32", "eth1", "2001:db8::2", "192.0.2.1"},
                           Case{"192.0.2.0/24", "", "192.0.2.2", "192.0.2.1"},
                           Case{"0.0.0.0/0", "", "192.0.2.2", "192.0.2.1"}}) {
    runtime::NetworkSpec spec = network("auto");
    spec.subnet = each.subnet;
    spec.interface = each.interface;
    NetworkPlan plan(spec, {with_addresses(there("n1", "192.0.2.2", "192.0.2.1"))}, "/run/job", 77, kOwn);
    plan.add_node(1, "n1");
    const std::string driver = std::string("tcp://") + each.driver;
    EXPECT_THAT(plan.driver().binds, ElementsAre(driver)) << each.subnet;
    const auto parameters = plan.parameters(1, node("n1"), {at(driver + ":21000")});
    EXPECT_EQ(runtime::Endpoint::parse(parameters.network.binds.at(0), "").host, each.address);
  }
}

TEST(NetworkPlan, leaves_an_address_that_the_job_file_gives) {
  runtime::NetworkSpec spec = network("auto");
  spec.subnet = "198.51.100.0/24";
  launcher::HostInfo host = with_addresses(there("n1", "203.0.113.9", "192.0.2.1"));
  host.address_given = true;
  NetworkPlan plan(spec, {host}, "/run/job", 77, kOwn);
  plan.add_node(1, "n1");
  EXPECT_THAT(plan.parameters(1, node("n1"), {at("tcp://192.0.2.1:21000")}).network.binds,
              ElementsAre("tcp://203.0.113.9"));
}

TEST(NetworkPlan, names_a_host_that_is_not_in_the_network_and_what_it_has) {
  const auto refused = [](const char* subnet, const char* interface) {
    return test::error_of([&] {
      runtime::NetworkSpec spec = network("auto");
      spec.subnet = subnet;
      spec.interface = interface;
      NetworkPlan(spec, {with_addresses(there("n1", "192.0.2.2", "192.0.2.1"))}, "/run/job", 77, kOwn);
    });
  };
  const std::string has =
      "\n    it has 192.0.2.2/24 (eth0), 198.51.100.2/25 (eth1), 2001:db8::2/64 (eth1)"
      "\n    hosts.n1.address can name the one to use";
  const auto [fault, why] = refused("203.0.113.0/24", "");
  EXPECT_EQ(fault, Fault::kHost);
  EXPECT_EQ(why, "n1 has no address in network.subnet 203.0.113.0/24" + has);
  EXPECT_EQ(refused("", "eth2").second, "n1 has no address on network.interface eth2" + has);
  EXPECT_EQ(refused("192.0.2.0/24", "eth1").second,
            "n1 has no address in network.subnet 192.0.2.0/24 on network.interface eth1" + has);
}

runtime::NetworkSpec tunnel(std::uint16_t port_first = 21000) {
  runtime::NetworkSpec spec = network("auto");
  spec.tunnel = true;
  spec.port_first = port_first;
  return spec;
}
launcher::HostInfo far(const std::string& name, const std::string& address) {
  launcher::HostInfo host = there(name, address, "192.0.2.1");
  host.ssh_address = address;
  return host;
}

TEST(NetworkPlan, gives_every_node_of_a_tunnel_ports_of_its_own_on_loopback_and_keys) {
  NetworkPlan plan(tunnel(), {far("n1", "192.0.2.2"), far("n2", "192.0.2.3")}, "/run/job", 77);
  plan.add_node(1, "n1");
  plan.add_node(2, "n2");
  plan.add_node(3, "n2");
  const auto driver = plan.driver();
  EXPECT_TRUE(driver.keys.has_value());
  std::vector<std::string> endpoints = {driver.binds.at(0), driver.control_binds.at(0)};
  const auto address = runtime::Address(driver.binds.at(0), driver.keys->public_key);
  for (const runtime::NodeId id : {1u, 2u, 3u}) {
    const auto parameters = plan.parameters(id, node(id == 1 ? "n1" : "n2"), {address});
    EXPECT_EQ(parameters.driver.endpoint, address.endpoint);
    EXPECT_TRUE(parameters.network.keys.has_value());
    endpoints.push_back(parameters.network.binds.at(0));
    endpoints.push_back(parameters.network.control_binds.at(0));
  }
  EXPECT_THAT(endpoints, testing::Each(testing::StartsWith("tcp://127.0.0.1:21")));
  EXPECT_THAT(std::set<std::string>(endpoints.begin(), endpoints.end()), SizeIs(8));
}

std::uint16_t port_of(const std::string& endpoint) { return *runtime::Endpoint::parse(endpoint, "").port; }

// n3 is this machine: what leads there leads nowhere else.
TEST(NetworkPlan, leads_every_port_of_a_tunnel_to_where_it_is_wanted) {
  using Listens = launcher::Forward::Listens;
  launcher::HostInfo same = far("n3", "192.0.2.1");
  NetworkPlan plan(tunnel(), {far("n1", "192.0.2.2"), far("n2", "192.0.2.3"), same}, "/run/job", 77);
  const char* hosts[] = {"", "n1", "n2", "n2", "n3"};
  std::vector<std::uint16_t> data = {port_of(plan.driver().binds.at(0))};
  std::vector<std::uint16_t> control = {port_of(plan.driver().control_binds.at(0))};
  for (const runtime::NodeId id : {1u, 2u, 3u, 4u}) plan.add_node(id, hosts[id]);
  for (const runtime::NodeId id : {1u, 2u, 3u, 4u}) {
    const auto options = plan.parameters(id, node(hosts[id]), {at("tcp://127.0.0.1:1")}).network;
    data.push_back(port_of(options.binds.at(0)));
    control.push_back(port_of(options.control_binds.at(0)));
  }
  // Node 1 talks with all others, and they only with it.
  const auto forwards = plan.forwards([](auto a, auto b) { return a == 1 || b == 1; });
  const auto here = [](std::uint16_t port) { return launcher::Forward{Listens::kHere, port}; };
  const auto from_there = [](std::uint16_t port) { return launcher::Forward{Listens::kThere, port}; };
  ASSERT_EQ(forwards.size(), 2u);
  EXPECT_THAT(forwards.at("n1"),
              testing::UnorderedElementsAre(here(data[1]), here(control[1]), from_there(data[0]),
                                            from_there(control[0]), from_there(data[2]), from_there(data[3]),
                                            from_there(data[4])));
  EXPECT_THAT(forwards.at("n2"), testing::UnorderedElementsAre(here(data[2]), here(control[2]), here(data[3]),
                                                               here(control[3]), from_there(data[0]),
                                                               from_there(control[0]), from_there(data[1])));
}

TEST(NetworkPlan, needs_two_ports_a_node_in_a_tunnel) {
  NetworkPlan plan(tunnel(21996), {far("n1", "192.0.2.2")}, "/run/job", 77);
  plan.add_node(1, "n1");
  const auto [fault, why] = test::error_of([&] { plan.add_node(2, "n1"); });
  EXPECT_EQ(fault, Fault::kConfig);
  EXPECT_EQ(why, "network.ports: 21996-21999 are too few: in a tunnel each node, and the driver, takes two");
}

std::vector<std::uint16_t> ports_of(const NetworkPlan& plan, runtime::NodeId id, const std::string& host) {
  const auto options = plan.parameters(id, node(host), {at("tcp://127.0.0.1:1")}).network;
  return {port_of(options.binds.at(0)), port_of(options.control_binds.at(0))};
}

TEST(NetworkPlan, tells_a_node_that_joins_late_the_keys_of_those_that_are_there) {
  NetworkPlan plan(network("auto"),
                   {there("n1", "192.0.2.2", "192.0.2.1"), there("n2", "192.0.2.3", "192.0.2.1")}, "/run/job",
                   77);
  plan.add_node(1, "n1");
  plan.add_node(2, "n2");
  plan.add_node(3, "n2");
  const std::string lost = plan.public_key(2);
  plan.forget(3);
  plan.replace_node(2, 4, "n1");
  const auto late = plan.parameters(4, node("n1"), {at("tcp://192.0.2.1:2", plan.public_key(0))}).network;
  const std::map<runtime::NodeId, std::string> members = {
      {0, plan.public_key(0)}, {1, plan.public_key(1)}, {4, late.keys->public_key}};
  EXPECT_EQ(late.allowed, members);
  EXPECT_EQ(plan.driver().allowed, members);
  EXPECT_EQ(plan.public_key(4), late.keys->public_key);
  EXPECT_NE(plan.public_key(4), lost);
  EXPECT_THAT(late.binds, ElementsAre("tcp://192.0.2.2"));
  EXPECT_GE(late.peers_max, 3u + 32u);  // others will come
  plan.forget(4);
  plan.forget(4);  // said twice
}

TEST(NetworkPlan, has_no_keys_to_tell_in_plaintext) {
  NetworkPlan plan(network("tcp"), {here()}, "/run/job", 77);
  plan.add_node(1, "local");
  plan.replace_node(1, 2, "local");
  EXPECT_EQ(plan.public_key(2), "");
  EXPECT_THAT(plan.parameters(2, node("local"), {at("tcp://127.0.0.1:1")}).network.allowed, IsEmpty());
}

TEST(NetworkPlan, gives_the_next_node_on_a_host_the_ports_that_lead_there) {
  NetworkPlan plan(tunnel(), {far("n1", "192.0.2.2"), far("n2", "192.0.2.3")}, "/run/job", 77);
  const auto all = [](auto, auto) { return true; };
  plan.add_node(1, "n1");
  plan.add_node(2, "n2");
  const auto first = ports_of(plan, 1, "n1");
  EXPECT_THAT(plan.forwards(all), SizeIs(2));
  EXPECT_THAT(plan.forwards(all), IsEmpty());
  plan.replace_node(1, 3, "n1");
  EXPECT_EQ(ports_of(plan, 3, "n1"), first);
  EXPECT_THAT(plan.forwards(all), IsEmpty());
  plan.add_node(4, "n1");
  EXPECT_NE(ports_of(plan, 4, "n1"), first);
}

TEST(NetworkPlan, leads_only_what_is_new_when_a_node_goes_to_another_host) {
  using Listens = launcher::Forward::Listens;
  NetworkPlan plan(tunnel(), {far("n1", "192.0.2.2"), far("n2", "192.0.2.3"), far("n3", "192.0.2.4")},
                   "/run/job", 77);
  const auto with_1 = [](auto a, auto b) { return a == 1 || b == 1; };  // the master
  for (const runtime::NodeId id : {1u, 2u, 3u}) plan.add_node(id, "n" + std::to_string(id));
  plan.forwards(with_1);
  const auto old = ports_of(plan, 2, "n2");
  plan.replace_node(2, 4, "n3");
  const auto ports = ports_of(plan, 4, "n3");
  EXPECT_NE(ports, old);  // those still lead to n2
  auto forwards = plan.forwards(with_1);
  EXPECT_THAT(forwards, SizeIs(2));
  EXPECT_THAT(forwards["n1"], ElementsAre(launcher::Forward{Listens::kThere, ports[0]}));
  EXPECT_THAT(forwards["n3"], testing::UnorderedElementsAre(launcher::Forward{Listens::kHere, ports[0]},
                                                            launcher::Forward{Listens::kHere, ports[1]}));
  plan.replace_node(4, 5, "n2");  // back
  EXPECT_EQ(ports_of(plan, 5, "n2"), old);
  EXPECT_THAT(plan.forwards(with_1), IsEmpty());
}

TEST(NetworkPlan, leads_all_ports_anew_to_a_host_whose_connection_ended) {
  NetworkPlan plan(tunnel(), {far("n1", "192.0.2.2"), far("n2", "192.0.2.3")}, "/run/job", 77);
  const auto all = [](auto, auto) { return true; };
  plan.add_node(1, "n1");
  plan.add_node(2, "n2");
  const auto before = plan.forwards(all);
  plan.lose_forwards("n2");
  plan.replace_node(2, 3, "n2");
  const auto again = plan.forwards(all);
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(again.at("n2"), before.at("n2"));
}

TEST(NetworkPlan, has_ports_for_any_number_of_replacements) {
  NetworkPlan plan(tunnel(21990), {far("n1", "192.0.2.2"), far("n2", "192.0.2.3")}, "/run/job", 77);
  plan.add_node(1, "n1");
  plan.add_node(2, "n2");
  runtime::NodeId last = 2;
  for (runtime::NodeId id = 3; id < 300; ++id) {
    plan.replace_node(last, id, id % 3 == 0 ? "n1" : "n2");
    last = id;
  }
  EXPECT_EQ(plan.driver().allowed.size(), 3u);
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
