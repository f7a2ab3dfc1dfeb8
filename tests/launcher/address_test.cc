#include "launcher/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace wisp::launcher {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

HostInfo host_of(const std::string& name, const std::string& address = "") {
  HostInfo host;
  host.name = name;
  host.address = address;
  return host;
}

TEST(Address, of_a_number_is_the_number) {
  EXPECT_EQ(resolve_address("127.0.0.7"), "127.0.0.7");
  EXPECT_EQ(own_address_toward("127.0.0.7"), "127.0.0.1");
  EXPECT_THROW(own_address_toward("localhost"), Error);
}

TEST(SettleAddresses, the_name_is_looked_up_unless_there_is_an_address) {
  std::vector<HostInfo> hosts{host_of("127.0.0.8"), host_of("unknown", "127.0.0.9")};
  EXPECT_THAT(settle_addresses(hosts, {{"eth0", "192.0.2.1", 24}}), IsEmpty());
  EXPECT_EQ(hosts[0].address, "127.0.0.8");
  EXPECT_EQ(hosts[1].address, "127.0.0.9");
  EXPECT_EQ(hosts[1].ssh_address, "127.0.0.9");
  EXPECT_EQ(hosts[1].driver_address, "127.0.0.1");
}

TEST(SettleAddresses, what_ssh_has_said_and_this_machine_are_left_alone) {
  HostInfo local = host_of("local");
  local.local = true;
  HostInfo by_ssh = host_of("n1", "192.0.2.7");
  by_ssh.driver_address = "192.0.2.1";
  std::vector<HostInfo> hosts{local, by_ssh};
  EXPECT_THAT(settle_addresses(hosts, {{"eth0", "192.0.2.1", 24}}), IsEmpty());
  EXPECT_EQ(hosts[0].address, "");
  EXPECT_EQ(hosts[1].address, "192.0.2.7");
  EXPECT_EQ(hosts[1].driver_address, "192.0.2.1");
}

TEST(SettleAddresses, a_jump_host_is_not_taken_for_the_driver) {
  HostInfo behind = host_of("n1", "127.0.0.7");
  behind.driver_address = "192.0.2.9";
  std::vector<HostInfo> hosts{behind};
  EXPECT_THAT(settle_addresses(hosts, {{"eth0", "192.0.2.1", 24}}), IsEmpty());
  EXPECT_EQ(hosts[0].driver_address, "127.0.0.1");
}

TEST(SettleAddresses, a_host_that_calls_itself_by_loopback_gets_what_the_others_see) {
  HostInfo outside = host_of("n1", "192.0.2.7");
  outside.driver_address = "192.0.2.1";
  std::vector<HostInfo> hosts{outside, host_of("here", "127.0.1.1")};
  EXPECT_THAT(settle_addresses(hosts, {{"eth0", "192.0.2.1", 24}}), IsEmpty());
  EXPECT_EQ(hosts[1].address, "192.0.2.1");
  EXPECT_EQ(hosts[1].driver_address, "192.0.2.1");
}

TEST(SettleAddresses, a_host_without_an_address_is_named_with_the_key) {
  std::vector<HostInfo> hosts{host_of("pod-1", "no.numbers.here.invalid"), host_of("127.0.0.8")};
  EXPECT_THAT(settle_addresses(hosts, {{"eth0", "192.0.2.1", 24}}),
              ElementsAre(testing::AllOf(StartsWith("pod-1: it has no address that is known here\n"),
                                         testing::EndsWith("\n    set hosts.pod-1.address"))));
  EXPECT_EQ(hosts[1].driver_address, "127.0.0.1");
}

}  // namespace
}  // namespace wisp::launcher
