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

std::vector<HostSlots> used(std::vector<HostSlots> hosts, const std::vector<std::uint32_t>& counts) {
  for (std::size_t i = 0; i < hosts.size(); ++i) hosts[i].used = counts[i];
  return hosts;
}

TEST(Replacement, goes_where_the_smallest_share_is_in_use_then) {
  EXPECT_EQ(replacement(three())->host, "b");                   // 1 of 4
  EXPECT_EQ(replacement(used(three(), {0, 1, 0}))->host, "a");  // halves: the first
  EXPECT_EQ(replacement(used(three(), {1, 2, 1}))->host, "b");
  EXPECT_EQ(replacement(used(three(), {1, 3, 0}))->host, "c");
  EXPECT_FALSE(replacement(used(three(), {1, 3, 0}))->oversubscribed);
}

TEST(Replacement, goes_to_free_slots_first_and_says_when_there_are_none) {
  const auto fits = replacement({HostSlots("small", 1), used({HostSlots("large", 100)}, {100})[0]});
  EXPECT_EQ(fits->host, "small");  // though it is all of its slots
  EXPECT_FALSE(fits->oversubscribed);
  const auto full = replacement(used(three(), {2, 4, 2}));
  EXPECT_EQ(full->host, "b");
  EXPECT_TRUE(full->oversubscribed);
  EXPECT_EQ(replacement(used(three(), {3, 7, 2}))->host, "c");
}

TEST(Replacement, takes_all_its_slots_of_one_host) {
  const auto two = replacement(used(three(), {1, 2, 0}), 2);
  EXPECT_EQ(two->host, "b");
  EXPECT_FALSE(two->oversubscribed);
  const auto three_cpus = replacement(used(three(), {0, 2, 0}), 3);
  EXPECT_EQ(three_cpus->host, "b");  // 5 of 4, where the others would have 3 of 2
  EXPECT_TRUE(three_cpus->oversubscribed);
}

TEST(Replacement, needs_a_host) {
  EXPECT_FALSE(replacement({}).has_value());
  EXPECT_EQ(replacement({HostSlots("none", 0), HostSlots("one", 1)})->host, "one");
  EXPECT_TRUE(replacement({HostSlots("none", 0)})->oversubscribed);
}

TEST(Placement, of_nobody_is_nobody) {
  auto hosts = three();
  EXPECT_THAT(place(spec("spread"), 0, hosts), ElementsAre());
}

}  // namespace
}  // namespace wisp::runtime
