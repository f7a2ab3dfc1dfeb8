#include "config/hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::config {
namespace {

using testing::ElementsAre;
using testing::Optional;

TEST(Hosts, a_name_stands_for_itself) {
  EXPECT_THAT(expand_hosts("node1.lab"), Optional(ElementsAre("node1.lab")));
}

TEST(Hosts, patterns_expand_as_in_slurm) {
  EXPECT_THAT(expand_hosts("n[08-11]"), Optional(ElementsAre("n08", "n09", "n10", "n11")));
  EXPECT_THAT(expand_hosts("n[1,3-4]x"), Optional(ElementsAre("n1x", "n3x", "n4x")));
  EXPECT_THAT(expand_hosts("r[1-2]n[1-2]"), Optional(ElementsAre("r1n1", "r1n2", "r2n1", "r2n2")));
  EXPECT_THAT(expand_hosts("[7]"), Optional(ElementsAre("7")));
}

TEST(Hosts, what_is_no_pattern_expands_to_nothing) {
  for (const char* bad : {"", "n[", "n[]", "n[2-1]", "n[a-b]", "n[1-]", "n[-1]", "n]", "n[1]]", "n[[1]]",
                          "n[1-99999]", "a[1-1000]b[1-1000]", "n[1-9999999999999999999]", "-oProxyCommand=x",
                          "-n[1-2]", "a b", "a;b", "n[1,,2]"}) {
    EXPECT_EQ(expand_hosts(bad), std::nullopt) << bad;
  }
}

TEST(Hosts, jumps_name_users_hosts_and_ports) {
  for (const char* good : {"a", "me@a", "me@a.lab:22", "a,b:2222,me@c"}) EXPECT_TRUE(is_jump(good)) << good;
  for (const char* bad : {"", "-x", "a;b", "a:0", "a:99999", "@a", "a@", "a,,b", "a:b", "-l@a", "a b"}) {
    EXPECT_FALSE(is_jump(bad)) << bad;
  }
}

TEST(Hosts, targets_are_names_or_addresses) {
  for (const char* good : {"a", "192.0.2.1", "fe80::1%2", "::1"}) EXPECT_TRUE(is_ssh_target(good)) << good;
  for (const char* bad : {"", "-x", "a b", "a:b", "a/b"}) EXPECT_FALSE(is_ssh_target(bad)) << bad;
}

}  // namespace
}  // namespace wisp::config
