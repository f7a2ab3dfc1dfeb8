#include "base/ip.h"

#include <gtest/gtest.h>

namespace wisp {
namespace {

TEST(Ip, addresses) {
  EXPECT_EQ(parse_ip("192.0.2.1"), (std::vector<std::uint8_t>{192, 0, 2, 1}));
  EXPECT_EQ(parse_ip("fd00::12")->size(), 16u);
  EXPECT_EQ(parse_ip("fd00::12")->back(), 0x12);
  for (const char* bad : {"", "node1", "192.0.2", "192.0.2.256", "192.0.2.1/24", "1", "0x7f.1",
                          "fe80::1%eth0", "[::1]", " 192.0.2.1", "-1"}) {
    EXPECT_FALSE(parse_ip(bad)) << bad;
  }
  EXPECT_FALSE(parse_ip(std::string("192.0.2.1\0x", 11)));
}

TEST(Ip, subnets) {
  struct Case {
    const char* subnet;
    const char* address;
    bool inside;
  };
  for (const Case& each :
       {Case{"192.0.2.0/24", "192.0.2.255", true}, Case{"192.0.2.0/24", "192.0.3.0", false},
        Case{"192.0.2.77/24", "192.0.2.1", true}, Case{"192.0.2.128/25", "192.0.2.127", false},
        Case{"192.0.2.128/25", "192.0.2.128", true}, Case{"10.64.0.0/10", "10.127.255.255", true},
        Case{"10.64.0.0/10", "10.128.0.0", false}, Case{"0.0.0.0/0", "203.0.113.9", true},
        Case{"192.0.2.1/32", "192.0.2.1", true}, Case{"192.0.2.1/32", "192.0.2.2", false},
        Case{"fd00:1::/32", "fd00:1:2::3", true}, Case{"fd00:1::/32", "fd00:2::3", false},
        Case{"fd00::/127", "fd00::2", false}, Case{"0.0.0.0/0", "::1", false},
        Case{"::/0", "192.0.2.1", false}, Case{"192.0.2.0/24", "node1", false}}) {
    const auto subnet = Subnet::parse(each.subnet);
    ASSERT_TRUE(subnet) << each.subnet;
    EXPECT_EQ(subnet->contains(each.address), each.inside) << each.subnet << ' ' << each.address;
  }
}

TEST(Ip, what_is_no_subnet) {
  for (const char* bad : {"", "192.0.2.0", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/24 ",
                          "/24", "node/24", "fd00::/129", "192.0.2.0/24/8", "192.0.2.0/2x"}) {
    EXPECT_FALSE(Subnet::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace wisp
