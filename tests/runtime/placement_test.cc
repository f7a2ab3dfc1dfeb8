#include "runtime/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace wisp::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

PlacementSpec spec(std::string kind, std::vector<std::string> hosts = {}, bool oversubscribe = false) {
  PlacementSpec spec;
  spec.kind = std::move(kind);
  spec.hosts = std::move(hosts);
  spec.oversubscribe = oversubscribe;
  return spec;
}

std::vector<HostSlots> three() { return {HostSlots("a", 2), HostSlots("b", 4), HostSlots("c", 2)}; }

std::string why_not(const PlacementSpec& wanted, std::uint32_t replicas, std::vector<HostSlots> hosts) {
  try {
    place(wanted, replicas, hosts);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kConfig);
    return error.what();
  }
  return "";
}

TEST(Placement, spread_fills_shares_evenly) {
  auto hosts = three();
  EXPECT_THAT(place(spec("spread"), 8, hosts), ElementsAre("a", "b", "c", "b", "a", "b", "c", "b"));
  EXPECT_EQ(hosts[1].used, 4u);
}

TEST(Placement, pack_fills_a_host_before_the_next) {
  auto hosts = three();
  EXPECT_THAT(place(spec("pack"), 5, hosts), ElementsAre("a", "a", "b", "b", "b"));
  EXPECT_THAT(place(spec("pack"), 2, hosts), ElementsAre("b", "c"));  // groups follow one another
}

TEST(Placement, keeps_to_the_hosts_that_are_named) {
  auto hosts = three();
  EXPECT_THAT(place(spec("pack", {"c", "a"}), 3, hosts), ElementsAre("c", "c", "a"));
  EXPECT_EQ(hosts[1].used, 0u);
  EXPECT_THAT(why_not(spec("pack", {"d"}), 1, three()), HasSubstr("the host d, which is not among hosts"));
}

TEST(Placement, a_host_named_twice_has_its_slots_once) {
  EXPECT_THAT(why_not(spec("pack", {"a", "a"}), 3, three()), HasSubstr("offer 2"));
  auto hosts = three();
  EXPECT_THAT(place(spec("spread", {"a", "a"}), 2, hosts), ElementsAre("a", "a"));
}

TEST(Placement, says_what_is_missing) {
  EXPECT_THAT(why_not(spec("spread"), 9, three()),
              HasSubstr("9 actors need 9 slots, but the hosts offer 8; raise slots, lower replicas, or set "
                        "placement.oversubscribe: true"));
  EXPECT_THAT(why_not(spec("spread", {}, true), 1, {}), HasSubstr("no host"));
}

TEST(Placement, oversubscribes_when_told_to) {
  for (const char* kind : {"spread", "pack"}) {
    std::vector<HostSlots> hosts = {HostSlots("a", 1), HostSlots("b", 2)};
    const auto placed = place(spec(kind, {}, true), 9, hosts);
    EXPECT_EQ(placed.size(), 9u);
    EXPECT_EQ(hosts[0].used, 3u) << kind;
    EXPECT_EQ(hosts[1].used, 6u) << kind;
  }
}

TEST(Placement, by_label_is_spread_over_the_hosts_that_bear_it) {
  std::vector<HostSlots> hosts = {HostSlots("a", 2, {{"disk", "ssd"}, {"gpu", "no"}}), HostSlots("b", 4),
                                  HostSlots("c", 2, {{"disk", "ssd"}}), HostSlots("d", 2, {{"disk", "hdd"}})};
  PlacementSpec wanted = spec("label");
  wanted.match = {{"disk", "ssd"}};
  EXPECT_THAT(place(wanted, 3, hosts), ElementsAre("a", "c", "a"));
  EXPECT_THAT(why_not(wanted, 2, hosts), HasSubstr("2 actors need 2 slots, but the hosts offer 1"));
  wanted.match["gpu"] = "no";
  wanted.hosts = {"c", "d"};
  EXPECT_EQ(why_not(wanted, 1, hosts), "no host has label disk: ssd, gpu: no");
}

TEST(Placement, an_actor_of_several_cpus_takes_slots_of_one_host) {
  auto hosts = three();
  EXPECT_THAT(place(spec("pack"), 3, hosts, 2), ElementsAre("a", "b", "b"));
  EXPECT_EQ(hosts[1].used, 4u);
  std::vector<HostSlots> odd = {HostSlots("a", 3), HostSlots("b", 3)};
  try {
    place(spec("spread"), 3, odd, 2);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "3 actors of 2 cpus need 6 slots, but the hosts offer 6, and an actor's slots are of one host; "
        "raise slots, lower replicas, or set placement.oversubscribe: true");
  }
  EXPECT_THAT(place(spec("spread", {}, true), 3, odd, 2), ElementsAre("a", "b", "a"));
}

TEST(Placement, of_nobody_is_nobody) {
  auto hosts = three();
  EXPECT_THAT(place(spec("spread"), 0, hosts), ElementsAre());
}

}  // namespace
}  // namespace wisp::runtime
